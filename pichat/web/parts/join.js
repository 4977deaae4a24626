// "Add a device": the house is opened for a while, each newcomer's steps are told, and it is named.
import { el, icon, setText } from "../dom.js";
import { Joiner } from "./joiner.js";

const OPEN_S = 120;
const LONGEST_S = 254;
const TICK_MS = 1000;

/** How long it stays open. Clocks differ: never longer than is possible at all. */
function remainingS({ open_until_s: until }) {
  return Math.min(Math.max(Math.ceil(until - Date.now() / 1000), 0), LONGEST_S);
}

export function defineJoin(store, link) {
  class Join extends HTMLElement {
    #rows = new Map();
    #timer = 0;

    connectedCallback() {
      this.build();
      store.addEventListener("joining", () => this.show());
      store.addEventListener("devices", () => this.routers());
      store.addEventListener("joiner", ({ detail }) => this.step(detail));
      link.addEventListener("state", () => link.state === "open" && this.startOver());
      this.show();
    }

    build() {
      const add = () => this.permit({ duration_s: OPEN_S });
      this.add = el("button", { type: "button", class: "button join-add", onclick: add }, icon("plus"), "Add a device");
      this.left = el("p", { class: "join-left", role: "timer" });
      this.how = el("p", { class: "join-how" });
      const stop = () => this.permit({ duration_s: 0 });
      this.open = el(
        "div",
        { class: "join-open", hidden: true },
        el("div", { class: "join-head" }, el("h2", {}, "Add a device"), this.left),
        this.how,
        this.ways(),
        el("button", { type: "button", class: "button", onclick: stop }, "Stop"),
      );
      this.problem = el("p", { class: "join-problem", role: "alert" });
      this.list = el("ul", { class: "joiners", "aria-label": "Devices that join" });
      this.append(el("section", { class: "join", "aria-label": "Adding devices" }, this.add, this.open, this.problem, this.list));
    }

    /** For those who stand far away, or that have a code. */
    ways() {
      this.via = el("select", { id: "join-via", onchange: () => this.permit({ duration_s: OPEN_S, via: this.via.value || null }) });
      this.code = el("input", { id: "join-code", autocomplete: "off", spellcheck: "false" });
      this.address = el("input", { id: "join-address", autocomplete: "off", spellcheck: "false" });
      this.routers();
      return el(
        "details",
        { class: "join-ways" },
        el("summary", {}, "It is far away, or has a code"),
        el("label", { for: "join-via" }, "Only through"),
        this.via,
        el(
          "form",
          { class: "join-code", onsubmit: (event) => this.withCode(event) },
          el("label", { for: "join-code" }, "Install code, or the text of its QR code"),
          this.code,
          el("label", { for: "join-address" }, "Its address, if you typed the code"),
          this.address,
          el("button", { class: "button" }, "Let it in"),
        ),
      );
    }

    routers() {
      const chosen = store.joining?.via ?? "";
      const awake = [...store.devices.values()].filter(({ sleepy }) => !sleepy);
      awake.sort((a, b) => a.name.localeCompare(b.name));
      this.via.replaceChildren(
        el("option", { value: "" }, "whatever is nearest"),
        ...awake.map(({ id, name }) => el("option", { value: id }, name)),
      );
      this.via.value = chosen;
    }

    withCode(event) {
      event.preventDefault();
      const code = this.code.value.trim();
      const address = this.address.value.trim();
      const secret = address ? { install_code: code, device_id: address } : { qr: code };
      this.permit({ duration_s: OPEN_S, ...secret });
    }

    async permit(wanted) {
      setText(this.problem, "");
      this.add.disabled = true;
      try {
        await link.ask("permit_join", wanted);
      } catch (error) {
        setText(this.problem, error.message);
        this.via.value = store.joining?.via ?? "";
      } finally {
        this.add.disabled = false;
      }
    }

    show() {
      const { joining } = store;
      const isOpen = joining?.open_until_s != null;
      clearInterval(this.#timer);
      this.add.hidden = isOpen;
      this.open.hidden = !isOpen;
      if (!isOpen) {
        return;
      }
      const via = joining.via && store.devices.get(joining.via)?.name;
      const who = joining.device_id ? `the device ${joining.device_id}` : "the new device";
      const where = via ? `near the ${via}` : "close by";
      setText(this.how, `Put ${who} into pairing mode, ${where}: usually by holding its button, or as its leaflet says.`);
      this.via.value = joining.via ?? "";
      const tick = () => setText(this.left, `${remainingS(joining)} s left`);
      tick();
      this.#timer = setInterval(tick, TICK_MS);
    }

    step(progress) {
      const id = progress.device_id;
      let row = this.#rows.get(id);
      if (!row) {
        if (progress.step === "gone" || (progress.step === "ready" && progress.known)) {
          return;
        }
        row = new Joiner(progress, link, store, () => this.end(id));
        this.#rows.set(id, row);
        this.list.append(row.node);
      }
      row.show(progress);
    }

    end(id) {
      this.#rows.get(id)?.node.remove();
      this.#rows.delete(id);
    }

    /** After a break the snapshot tells who is on the way; whoever is to be named stays. */
    startOver() {
      for (const [id, row] of this.#rows) {
        if (!row.ready) {
          this.end(id);
        }
      }
    }
  }
  customElements.define("pi-join", Join);
}
