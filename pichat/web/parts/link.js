// Whether the page is connected. Silent while it is.
import { el, setText } from "../dom.js";

// A short gap, such as a restart, is not worth a word.
const PATIENCE_MS = 400;

export function defineLink(link) {
  class LinkState extends HTMLElement {
    #timer = 0;

    connectedCallback() {
      this.words = el("span");
      this.append(el("div", { class: "link", role: "status" }, this.words));
      link.addEventListener("state", () => this.changed());
      this.changed();
    }

    changed() {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.show(), link.state === "open" ? 0 : PATIENCE_MS);
    }

    show() {
      const words = { connecting: "Connecting…", lost: "Connection lost. Trying again…", open: "" };
      document.body.dataset.link = link.state;
      setText(this.words, words[link.state]);
    }
  }
  customElements.define("pi-link", LinkState);
}
