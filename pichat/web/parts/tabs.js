// On a phone: the conversation or the house.
import { el, icon } from "../dom.js";

const VIEWS = [
  ["talk", "talk", "Talk"],
  ["house", "home", "House"],
];

export function defineTabs() {
  class Tabs extends HTMLElement {
    connectedCallback() {
      this.buttons = VIEWS.map(([view, drawing, words]) =>
        el(
          "button",
          { type: "button", class: "tab", "data-view": view, onclick: () => this.choose(view) },
          icon(drawing),
          words,
        ),
      );
      this.append(el("nav", { class: "tabs", "aria-label": "Views" }, ...this.buttons));
      this.choose(document.body.dataset.view);
    }

    choose(view) {
      document.body.dataset.view = view;
      for (const button of this.buttons) {
        button.setAttribute("aria-pressed", String(button.dataset.view === view));
      }
    }
  }
  customElements.define("pi-tabs", Tabs);
}
