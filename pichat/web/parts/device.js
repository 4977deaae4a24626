// One device: its state as it last reported, and the controls that fit what it can do.
import { controlFor } from "../controls/all.js";
import { lampColour } from "../colours.js";
import { el, icon, setText } from "../dom.js";
import { inWords, label, summary, waitingInWords } from "../words.js";

const PROBLEM_SHOWN_MS = 10000;
const LOW_BATTERY_PERCENT = 20;
// Said by the summary under the name, or by a control.
const NOT_READINGS = new Set(["on_off", "lock", "power", "battery"]);
const ALARMS = ["water_leak", "smoke", "gas", "vibration", "tamper"];

function signature(device) {
  return JSON.stringify([device.name, device.kind, device.capabilities]);
}

function drawing({ kind, state }) {
  if (kind === "lock") {
    return state.lock ? "lock" : "unlocked";
  }
  if (kind === "sensor") {
    if ("contact" in state) {
      return state.contact ? "door-open" : "door";
    }
    return "occupancy" in state ? "motion" : "temperature" in state ? "climate" : "sensor";
  }
  return kind;
}

function isActive({ available, kind, state }) {
  if (!available) {
    return false;
  }
  if (kind === "sensor") {
    return Boolean(state.occupancy || state.contact || ALARMS.some((name) => state[name]));
  }
  if (kind === "siren") {
    return Boolean(state.siren);
  }
  return kind === "lock" ? state.lock === false : Boolean(state.on_off);
}

export class DeviceCard {
  #signature;
  #timer = 0;

  /** `act(capability, value)` resolves once the device has confirmed, or rejects with a sentence. */
  constructor(device, act) {
    this.#signature = signature(device);
    this.controls = device.capabilities
      .filter(({ writable }) => writable)
      .map((capability) => controlFor(capability, device, (value) => this.#act(act, capability, value)))
      .filter(Boolean);
    this.readings = device.capabilities.filter(
      ({ name, writable }) => !writable && !NOT_READINGS.has(name) && device.kind === "sensor",
    );
    this.node = this.#build(device);
  }

  fits(device) {
    return this.#signature === signature(device);
  }

  show(device) {
    const { node } = this;
    node.classList.toggle("active", isActive(device));
    node.classList.toggle("gone", !device.available);
    const glow = device.state.on_off ? lampColour(device.state) : null;
    node.style.setProperty("--glow", glow ?? "var(--lamp)");
    this.drawing.replaceChildren(icon(drawing(device)));
    setText(this.summary, this.readings.length && device.available ? "" : summary(device));
    this.readings.forEach((capability, index) =>
      setText(this.values[index], inWords(capability, device.state[capability.name])),
    );
    this.asks.hidden = !device.confirm;
    const waits = waitingInWords(device);
    this.waits.hidden = !waits;
    setText(this.waits, waits);
    this.#battery(device.state.battery);
    for (const control of this.controls) {
      control.show(device.state[control.capability], device);
    }
  }

  #battery(percent) {
    const low = typeof percent === "number" && percent < LOW_BATTERY_PERCENT;
    setText(this.battery, typeof percent === "number" ? `Battery ${Math.round(percent)} %` : "");
    this.battery.classList.toggle("low", low);
  }

  #build(device) {
    this.drawing = el("span", { class: "card-icon" });
    this.summary = el("p", { class: "card-summary" });
    this.battery = el("p", { class: "card-battery" });
    this.asks = el("p", { class: "card-asks", hidden: true }, icon("ask"), "Asks first");
    this.waits = el("p", { class: "card-waits", role: "status", hidden: true });
    this.problem = el("p", { class: "card-problem", role: "alert", hidden: true });
    this.values = this.readings.map(() => el("dd"));
    const readings = this.readings.map((capability, index) =>
      el("div", { class: "reading" }, el("dt", {}, label(capability.name)), this.values[index]),
    );
    const inHead = this.controls.filter(({ place }) => place === "head");
    const below = this.controls.filter(({ place }) => place !== "head");
    return el(
      "article",
      { class: `card ${device.kind}`, "data-device": device.id, "aria-label": device.name },
      el(
        "div",
        { class: "card-head" },
        this.drawing,
        el("div", { class: "card-names" }, el("h3", {}, device.name), this.summary),
        ...inHead.map(({ node }) => node),
      ),
      readings.length ? el("dl", { class: "readings" }, ...readings) : null,
      ...below.map(({ node }) => node),
      this.waits,
      this.asks,
      this.battery,
      this.problem,
    );
  }

  async #act(act, capability, value) {
    clearTimeout(this.#timer);
    this.problem.hidden = true;
    this.node.setAttribute("aria-busy", "true");
    try {
      await act(capability.name, value);
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, error.message);
      this.#timer = setTimeout(() => (this.problem.hidden = true), PROBLEM_SHOWN_MS);
      throw error;
    } finally {
      this.node.removeAttribute("aria-busy");
    }
  }
}
