// The devices, room by room.
import { el, setText } from "../dom.js";
import { DeviceCard } from "./device.js";

const KINDS = ["light", "switch", "plug", "fan", "cover", "thermostat", "lock", "siren", "sensor", "remote"];
const NO_ROOM = "Elsewhere";

function byKindAndName(a, b) {
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.name.localeCompare(b.name);
}

function roomsOf(devices) {
  const rooms = new Map();
  for (const device of [...devices].sort(byKindAndName)) {
    const area = device.area ?? NO_ROOM;
    rooms.set(area, [...(rooms.get(area) ?? []), device]);
  }
  return [...rooms].sort(([a], [b]) => (a === NO_ROOM) - (b === NO_ROOM) || a.localeCompare(b));
}

export function defineHouse(store, link) {
  class House extends HTMLElement {
    #cards = new Map();

    connectedCallback() {
      this.rooms = el("div", { class: "rooms" });
      this.empty = el("p", { class: "house-empty" }, "Looking for devices…");
      this.append(this.empty, this.rooms);
      store.addEventListener("devices", () => this.build());
      store.addEventListener("device", ({ detail }) => this.#cards.get(detail.id)?.show(detail));
    }

    build() {
      for (const [id, card] of this.#cards) {
        const device = store.devices.get(id);
        if (!device || !card.fits(device)) {
          this.#cards.delete(id);
        }
      }
      const focused = document.activeElement;
      this.rooms.replaceChildren(...roomsOf(store.devices.values()).map((room) => this.room(room)));
      if (focused instanceof HTMLElement && this.contains(focused)) {
        focused.focus();
      }
      this.empty.hidden = store.devices.size > 0;
      setText(this.empty, "No devices yet. Once a device has joined the house, it appears here.");
    }

    room([area, devices]) {
      const id = `room-${area.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-")}`;
      const cards = devices.map((device) => this.card(device).node);
      return el(
        "section",
        { class: "room", "aria-labelledby": id },
        el("h2", { id }, area),
        el("div", { class: "cards" }, ...cards),
      );
    }

    card(device) {
      let card = this.#cards.get(device.id);
      if (!card) {
        card = new DeviceCard(device, (capability, value) =>
          link.ask("control_device", { device_id: device.id, capability, value }),
        );
        this.#cards.set(device.id, card);
      }
      card.show(device);
      return card;
    }
  }
  customElements.define("pi-house", House);
}
