// What does not work, and why. Nothing at all while everything does.
import { el, icon } from "../dom.js";
import { partInWords } from "../words.js";

export function defineHealth(store) {
  class Health extends HTMLElement {
    connectedCallback() {
      this.list = el("ul", { class: "problems", "aria-label": "Problems" });
      this.append(el("div", { role: "status" }, this.list));
      store.addEventListener("health", () => this.show());
      this.show();
    }

    show() {
      const troubled = [...store.health.values()].filter(
        ({ status }) => status === "degraded" || status === "failed",
      );
      this.list.replaceChildren(
        ...troubled.map(({ part, status, reason }) =>
          el(
            "li",
            { class: `problem ${status}` },
            icon("warning"),
            el("strong", {}, partInWords(part)),
            el("span", {}, reason ?? "It does not work."),
          ),
        ),
      );
      this.hidden = troubled.length === 0;
    }
  }
  customElements.define("pi-health", Health);
}
