// How things are: a snapshot when connected, then deltas. Elements listen and show.

const AGAIN_MS = 2000;
export const LOCAL_STATION = "local";

/** Dispatches "devices" (the set changed), "device" (detail: one device), "voice", "health",
 * "joining", and "joiner" (detail: one step of a device that joins; `known`: it was here before). */
export class Store extends EventTarget {
  devices = new Map();
  voice = null;
  health = new Map();
  joining = null;
  joiners = new Map();

  #link;
  #version = null;

  constructor(link) {
    super();
    this.#link = link;
    link.addEventListener("state", () => link.state === "open" && this.#load());
    link.addEventListener("device_added", ({ detail }) => this.#put(detail.device));
    link.addEventListener("device_changed", ({ detail }) => this.#put(detail.device));
    link.addEventListener("device_removed", ({ detail }) => {
      this.devices.delete(detail.device_id);
      this.#tell("devices");
    });
    link.addEventListener("voice_changed", ({ detail }) => {
      // What a screen elsewhere is listening to is not what the house's own microphone does.
      if (detail.station === LOCAL_STATION) {
        this.voice = detail;
        this.#tell("voice");
      }
    });
    link.addEventListener("joining_changed", ({ detail }) => {
      this.joining = detail;
      this.#tell("joining");
    });
    link.addEventListener("join_progress", ({ detail }) => this.#joins(detail));
    link.addEventListener("health_changed", ({ detail }) => {
      this.health.set(detail.part, detail);
      this.#tell("health");
    });
  }

  async #load() {
    try {
      const snapshot = await this.#link.ask("subscribe", {});
      if (this.#version !== null && this.#version !== snapshot.version) {
        location.reload(); // the daemon was updated: this page is an old one
      }
      this.#version = snapshot.version;
      this.devices = new Map(snapshot.devices.map((device) => [device.id, device]));
      this.voice = snapshot.voice;
      this.health = new Map(
        Object.entries(snapshot.health.parts).map(([part, report]) => [part, { part, ...report }]),
      );
      this.joining = snapshot.joining?.joining ?? null; // not every screen may hear of it
      this.joiners.clear();
      for (const kind of ["devices", "voice", "health", "joining"]) {
        this.#tell(kind);
      }
      snapshot.joining?.devices.forEach((progress) => this.#joins(progress));
    } catch (error) {
      if (error.code !== "lost") {
        setTimeout(() => this.#link.state === "open" && this.#load(), AGAIN_MS);
      }
    }
  }

  #joins(progress) {
    const id = progress.device_id;
    const known = this.joiners.get(id)?.known ?? this.devices.has(id);
    if (progress.step === "ready" || progress.step === "gone") {
      this.joiners.delete(id);
    } else {
      this.joiners.set(id, { ...progress, known });
    }
    this.dispatchEvent(new CustomEvent("joiner", { detail: { ...progress, known } }));
  }

  #put(device) {
    const before = this.devices.get(device.id);
    this.devices.set(device.id, device);
    const moved =
      !before ||
      before.name !== device.name ||
      before.area !== device.area ||
      before.kind !== device.kind ||
      before.capabilities.length !== device.capabilities.length;
    if (moved) {
      this.#tell("devices");
    } else {
      this.dispatchEvent(new CustomEvent("device", { detail: device }));
    }
  }

  #tell(kind) {
    this.dispatchEvent(new Event(kind));
  }
}
