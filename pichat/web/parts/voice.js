// What the voice loop is doing, and why it is deaf if it is.
import { el, setText } from "../dom.js";

const WORDS = {
  listening: "Say the wake word",
  hearing: "Listening…",
  thinking: "Thinking…",
  speaking: "Speaking…",
  deaf: "Not listening",
};

export function defineVoice(store) {
  class Voice extends HTMLElement {
    connectedCallback() {
      this.words = el("span", { class: "voice-words" });
      const bars = el("span", { class: "voice-bars", "aria-hidden": "true" });
      bars.append(...[1, 2, 3, 4].map(() => el("i")));
      this.pill = el("span", { class: "voice-pill" }, bars, this.words);
      this.reason = el("span", { class: "voice-reason" });
      const status = el("div", { class: "voice", role: "status" }, this.pill, this.reason);
      this.append(status);
      for (const kind of ["voice", "health"]) {
        store.addEventListener(kind, () => this.show());
      }
      this.show();
    }

    show() {
      const { state, reason } = store.voice ?? {};
      this.dataset.state = state ?? "unknown";
      setText(this.words, WORDS[state] ?? "");
      setText(this.reason, state === "deaf" && !this.isToldBelow(reason) ? (reason ?? "") : "");
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
