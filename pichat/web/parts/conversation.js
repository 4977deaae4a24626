// What was said, what was done about it, and what is being heard right now.
import { el, setText } from "../dom.js";
import { Turn } from "./turn.js";

const NEAR_END_PX = 120;

/** Sentences to try, made of what is in this house. */
function suggestions(devices) {
  const all = [...devices.values()];
  const light = all.find(({ kind }) => kind === "light");
  const thermometer = all.find(({ kind, state, area }) =>
    kind === "sensor" && area && typeof state.temperature === "number");
  return [
    light && `Turn ${light.state.on_off ? "off" : "on"} the ${light.name.toLowerCase()}`,
    thermometer && `What is the temperature in the ${thermometer.area.toLowerCase()}?`,
    light && "Turn off everything",
    "What time is it?",
  ].filter(Boolean);
}

export function defineConversation(turns, store) {
  class Conversation extends HTMLElement {
    #shown = new Map();

    connectedCallback() {
      this.hint = el("p", { class: "welcome-hint" });
      this.chips = el("div", { class: "chips" });
      this.welcome = el(
        "div",
        { class: "welcome" },
        el("p", { class: "welcome-title" }, greeting()),
        this.hint,
        this.chips,
      );
      this.log = el("div", { class: "log", role: "log", "aria-label": "What was said" });
      this.hearing = el("p", { class: "said hearing", hidden: true, "aria-hidden": "true" });
      this.scroller = el("div", { class: "scroller", tabindex: "0" }, this.welcome, this.log,
        this.hearing);
      this.append(this.scroller);
      turns.addEventListener("added", ({ detail }) => this.added(detail));
      turns.addEventListener("changed", ({ detail }) => this.changed(detail));
      turns.addEventListener("removed", ({ detail }) => this.removed(detail));
      turns.addEventListener("hearing", ({ detail }) => this.heard(detail));
      for (const kind of ["devices", "voice"]) {
        store.addEventListener(kind, () => this.suggest());
      }
      this.suggest();
    }

    suggest() {
      if (!this.welcome.isConnected) {
        return;
      }
      const deaf = !store.voice || store.voice.state === "deaf";
      setText(this.hint, deaf ? "Type what you want." : "Say it after the wake word, or type it.");
      this.chips.replaceChildren(
        ...suggestions(store.devices).map((text) =>
          el("button", { type: "button", class: "chip", onclick: () => turns.say(text) }, text),
        ),
      );
    }

    added(turn) {
      this.welcome.remove();
      const shown = new Turn(turn);
      this.#shown.set(turn.key, shown);
      this.log.append(shown.node);
      this.toEnd(true);
    }

    changed(turn) {
      const near = this.nearEnd();
      this.#shown.get(turn.key)?.show(turn);
      this.toEnd(near);
    }

    removed(key) {
      this.#shown.get(key)?.node.remove();
      this.#shown.delete(key);
    }

    heard(text) {
      this.hearing.hidden = text === "";
      setText(this.hearing, text);
      this.toEnd(this.nearEnd());
    }

    nearEnd() {
      const { scrollHeight, scrollTop, clientHeight } = this.scroller;
      return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    }

    toEnd(wanted) {
      if (wanted) {
        this.scroller.scrollTop = this.scroller.scrollHeight;
      }
    }
  }
  customElements.define("pi-conversation", Conversation);
}

function greeting() {
  const hour = new Date().getHours();
  if (hour < 5) {
    return "Good night.";
  }
  return hour < 12 ? "Good morning." : hour < 18 ? "Good afternoon." : "Good evening.";
}
