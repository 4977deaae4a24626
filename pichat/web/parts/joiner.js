// One device that joins: its steps, a way out when it is stuck, and its name and room at the end.
import { el, icon, setText } from "../dom.js";

const DOING = {
  joined: "It is here.",
  interviewing: "It is asked what it is",
  setting_up: "It is set up",
};
const KNOWN_SHOWN_MS = 8000;

function inWords({ step, detail, reason }) {
  return reason ?? (detail ? `${DOING[step]}: ${detail}.` : DOING[step]);
}

export class Joiner {
  ready = false;
  #link;
  #store;
  #end;

  /** `end()` takes the row away. */
  constructor(progress, link, store, end) {
    this.#link = link;
    this.#store = store;
    this.#end = end;
    this.name = el("h3", {}, `Device ${progress.device_id}`);
    this.text = el("p", { class: "joiner-text", role: "status" });
    this.problem = el("p", { class: "join-problem", role: "alert" });
    this.rest = el("div", { class: "joiner-rest" });
    this.mark = el("span", { class: "joiner-mark" });
    const body = el("div", { class: "joiner-body" }, this.name, this.text, this.problem, this.rest);
    this.node = el("li", { class: "joiner" }, this.mark, body);
  }

  show(progress) {
    const { step } = progress;
    this.node.dataset.step = step;
    setText(this.problem, "");
    if (step === "ready") {
      this.#named(progress);
      return;
    }
    this.ready = false;
    setText(this.text, inWords(progress));
    this.mark.replaceChildren(...(step === "failed" || step === "gone" ? [icon("warning")] : []));
    if (step === "failed") {
      this.rest.replaceChildren(
        this.#button("Try again", () => this.#ask("retry_join", progress)),
        this.#button("Forget it", () => this.#ask("forget_join", progress)),
      );
    } else if (step === "gone") {
      this.rest.replaceChildren(this.#button("Close", this.#end));
    } else {
      this.rest.replaceChildren();
    }
  }

  #named({ device, known }) {
    this.ready = true;
    setText(this.name, device.name);
    this.mark.replaceChildren(icon("check"));
    if (known) {
      setText(this.text, "It is back, as it was.");
      this.rest.replaceChildren();
      setTimeout(this.#end, KNOWN_SHOWN_MS);
      return;
    }
    const what = device.capabilities.length ? `A ${device.kind}, ready.` : "It has joined, but PiChat does not know what can be done with it.";
    setText(this.text, what);
    this.rest.replaceChildren(this.#form(device));
  }

  #form(device) {
    const id = device.id.replaceAll(/[^0-9a-z]/gi, "-");
    const areas = [...this.#store.devices.values()].map(({ area }) => area);
    const rooms = [...new Set(areas)].filter(Boolean).sort((a, b) => a.localeCompare(b));
    const name = el("input", { id: `name-${id}`, value: device.name, maxlength: 64, autocomplete: "off" });
    const area = el("input", { id: `area-${id}`, value: device.area ?? "", list: `areas-${id}`, maxlength: 64, autocomplete: "off" });
    const save = el("button", { class: "button joiner-save" }, "Done");
    return el(
      "form",
      { class: "joiner-form", onsubmit: (event) => this.#save(event, device, name, area, save) },
      el("label", { for: name.id }, "What is it called?"),
      name,
      el("label", { for: area.id }, "Which room is it in?"),
      area,
      el("datalist", { id: `areas-${id}` }, ...rooms.map((room) => el("option", { value: room }))),
      save,
    );
  }

  async #save(event, device, name, area, save) {
    event.preventDefault();
    save.disabled = true;
    try {
      const payload = { device_id: device.id, name: name.value.trim() || device.name, area: area.value.trim() || null };
      await this.#link.ask("update_device", payload);
      this.#end();
    } catch (error) {
      setText(this.problem, error.message);
      save.disabled = false;
    }
  }

  #button(words, onclick) {
    return el("button", { type: "button", class: "button", onclick }, words);
  }

  async #ask(action, { device_id: deviceId }) {
    setText(this.problem, "");
    try {
      await this.#link.ask(action, { device_id: deviceId });
      if (action === "forget_join") {
        this.#end();
      }
    } catch (error) {
      setText(this.problem, error.message);
    }
  }
}
