// What the voice loop is doing, why it is deaf if it is, and its two buttons.
import { el, icon, setText } from "../dom.js";
import { VOICE } from "../words.js";

const PROBLEM_SHOWN_MS = 8000;

export function defineVoice(store, link) {
  class Voice extends HTMLElement {
    #timer = 0;

    connectedCallback() {
      this.words = el("span", { class: "voice-words" });
      const bars = el("span", { class: "voice-bars", "aria-hidden": "true" });
      bars.append(...[1, 2, 3, 4].map(() => el("i")));
      this.pill = el("span", { class: "voice-pill" }, bars, this.words);
      this.reason = el("span", { class: "voice-reason" });
      const status = el("div", { class: "voice", role: "status" }, this.pill, this.reason);
      this.stop = this.button("Stop speaking", () => link.ask("stop_speaking"));
      this.stop.append(icon("stop"));
      this.mute = this.button("Mute the microphone", () =>
        link.ask("set_mute", { muted: !this.muted }),
      );
      this.mute.classList.add("mute");
      this.append(status, this.stop, this.mute);
      for (const kind of ["voice", "health"]) {
        store.addEventListener(kind, () => this.show());
      }
      this.show();
    }

    get muted() {
      return store.voice?.state === "muted";
    }

    button(label, act) {
      const press = () => act().catch((error) => this.problem(error.message));
      return el("button", { type: "button", class: "round", "aria-label": label, onclick: press });
    }

    problem(sentence) {
      clearTimeout(this.#timer);
      setText(this.reason, sentence);
      this.#timer = setTimeout(() => this.show(), PROBLEM_SHOWN_MS);
    }

    show() {
      const { state, reason } = store.voice ?? {};
      this.dataset.state = state ?? "unknown";
      setText(this.words, VOICE[state] ?? "");
      setText(this.reason, state === "deaf" && !this.isToldBelow(reason) ? (reason ?? "") : "");
      this.stop.hidden = state !== "speaking";
      this.mute.hidden = !state || state === "deaf";
      if (this.mute.getAttribute("aria-pressed") !== String(this.muted)) {
        this.mute.setAttribute("aria-pressed", String(this.muted));
        this.mute.replaceChildren(icon(this.muted ? "microphone-off" : "microphone"));
      }
    }

    // The same sentence often stands among the problems already.
    isToldBelow(reason) {
      return [...store.health.values()].some(
        (part) => ["degraded", "failed"].includes(part.status) && part.reason?.includes(reason),
      );
    }
  }
  customElements.define("pi-voice", Voice);
}
