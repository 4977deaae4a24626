// Which view is shown: on a phone one of them; else the conversation, and the house or the runs.
import { el, icon } from "../dom.js";

const VIEWS = [
  ["talk", "talk", "Talk"],
  ["house", "home", "House"],
  ["runs", "runs", "Runs"],
];

/** Shows a view, and tells it as the event "view" of the document. */
function choose(view) {
  document.body.dataset.view = view;
  document.dispatchEvent(new CustomEvent("view", { detail: view }));
}

export function defineTabs() {
  class Tabs extends HTMLElement {
    connectedCallback() {
      this.buttons = VIEWS.map(([view, drawing, words]) =>
        el(
          "button",
          { type: "button", class: "tab", "data-view": view, onclick: () => choose(view) },
          icon(drawing),
          words,
        ),
      );
      this.append(el("nav", { class: "tabs", "aria-label": "Views" }, ...this.buttons));
      document.addEventListener("view", () => this.show());
      this.show();
    }

    show() {
      for (const button of this.buttons) {
        const chosen = button.dataset.view === document.body.dataset.view;
        button.setAttribute("aria-pressed", String(chosen));
      }
    }
  }
  customElements.define("pi-tabs", Tabs);

  // Where there is room, the house stays in sight until the runs are asked for.
  class RunsSwitch extends HTMLElement {
    connectedCallback() {
      this.button = el(
        "button",
        { type: "button", class: "runs-switch", onclick: () => choose(this.shown ? "house" : "runs") },
        icon("runs"),
        "Runs",
      );
      this.append(this.button);
      document.addEventListener("view", () => this.show());
      this.show();
    }

    get shown() {
      return document.body.dataset.view === "runs";
    }

    show() {
      this.button.setAttribute("aria-pressed", String(this.shown));
    }
  }
  customElements.define("pi-runs-switch", RunsSwitch);
}
