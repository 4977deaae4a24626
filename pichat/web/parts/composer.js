// The text box.
import { el, icon } from "../dom.js";

const LONGEST_TEXT = 4000;

export function defineComposer(turns, link) {
  class Composer extends HTMLElement {
    connectedCallback() {
      this.field = el("textarea", {
        id: "say",
        class: "composer-field",
        rows: "1",
        maxlength: String(LONGEST_TEXT),
        autocomplete: "off",
        enterkeyhint: "send",
        "aria-label": "Say something to PiChat",
        oninput: () => this.show(),
        onkeydown: (event) => this.key(event),
      });
      this.button = el("button", { class: "composer-button", type: "submit" });
      this.append(
        el(
          "form",
          { class: "composer", onsubmit: (event) => this.submit(event) },
          this.field,
          this.button,
        ),
      );
      for (const kind of ["added", "changed"]) {
        turns.addEventListener(kind, () => this.show());
      }
      link.addEventListener("state", () => this.show());
      this.show();
    }

    key(event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      } else if (event.key === "Escape" && turns.running) {
        turns.stop();
      }
    }

    submit(event) {
      event.preventDefault();
      if (this.stops()) {
        turns.stop();
      } else {
        this.send();
      }
    }

    send() {
      const text = this.field.value.trim();
      if (text && link.state === "open") {
        this.field.value = "";
        turns.say(text);
        this.show();
      }
    }

    stops() {
      return Boolean(turns.running) && this.field.value.trim() === "";
    }

    show() {
      const connected = link.state === "open";
      const stops = this.stops();
      const empty = this.field.value.trim() === "";
      this.field.placeholder = connected ? "Tell the house what to do" : "Not connected";
      this.field.style.height = "auto";
      if (!empty) {
        this.field.style.height = `${this.field.scrollHeight}px`;
      }
      this.button.disabled = !connected || (empty && !stops);
      if (this.dataset.button !== String(stops)) {
        this.dataset.button = String(stops);
        this.button.setAttribute("aria-label", stops ? "Stop" : "Send");
        this.button.replaceChildren(icon(stops ? "stop" : "send"));
      }
    }
  }
  customElements.define("pi-composer", Composer);
}
