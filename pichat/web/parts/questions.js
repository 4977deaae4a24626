// What waits for a yes: a card over everything, on every screen, until somebody has answered.
import { el, icon, setText } from "../dom.js";
import { outcomesInWords } from "../words.js";

const LIFE_S = 30;
const AGAIN_MS = 2000;

/** How much of its life a question still has. Clocks differ: never more than the whole. */
function remainingS({ expires_s: expires }) {
  return Math.min(Math.max(expires - Date.now() / 1000, 1), LIFE_S);
}

/** `tell({ ok, text })` shows what came of a yes. */
export function defineQuestions(link, tell) {
  class Questions extends HTMLElement {
    #cards = new Map();

    connectedCallback() {
      link.addEventListener("confirmation_asked", ({ detail }) => this.ask(detail));
      link.addEventListener("confirmation_ended", ({ detail }) => this.end(detail.id));
      link.addEventListener("state", () => (link.state === "open" ? this.load() : this.clear()));
    }

    async load() {
      try {
        const { questions } = await link.ask("get_questions");
        questions.forEach((question) => this.ask(question));
      } catch (error) {
        if (error.code !== "lost") {
          setTimeout(() => link.state === "open" && this.load(), AGAIN_MS);
        }
      }
    }

    ask(question) {
      if (this.#cards.has(question.id)) {
        return;
      }
      const card = this.card(question);
      this.#cards.set(question.id, card);
      this.append(card);
    }

    end(id) {
      this.#cards.get(id)?.remove();
      this.#cards.delete(id);
    }

    clear() {
      this.#cards.clear();
      this.replaceChildren();
    }

    card(question) {
      const id = `question-${question.id}`;
      const problem = el("p", { class: "question-problem", role: "alert" });
      const buttons = [
        ["No", false],
        ["Yes", true],
      ].map(([words, yes]) =>
        el(
          "button",
          {
            type: "button",
            class: yes ? "button question-yes" : "button",
            onclick: () => this.answer(question, yes, buttons, problem),
          },
          words,
        ),
      );
      const time = el("div", { class: "question-time", "aria-hidden": "true" });
      time.style.animationDuration = `${LIFE_S}s`;
      time.style.animationDelay = `${remainingS(question) - LIFE_S}s`;
      return el(
        "section",
        { class: "question", role: "alertdialog", "aria-labelledby": id },
        el(
          "div",
          { class: "question-head" },
          icon("ask", "icon question-icon"),
          el("p", { class: "question-text", id }, question.text),
        ),
        problem,
        el("div", { class: "question-buttons" }, ...buttons),
        time,
      );
    }

    async answer({ id, call }, yes, buttons, problem) {
      buttons.forEach((button) => (button.disabled = true));
      const begun = performance.now();
      try {
        const { outcomes } = await link.ask("confirm", { id, yes });
        this.end(id);
        const durationMs = performance.now() - begun;
        outcomesInWords({ name: call.name, outcomes, durationMs }).forEach(tell);
      } catch (error) {
        if (this.#cards.has(id) && error.code !== "not_found") {
          buttons.forEach((button) => (button.disabled = false));
          setText(problem, error.message);
          return;
        }
        // It was answered and could not be done, or somebody else was quicker, or it was too late.
        this.end(id);
        tell({ ok: false, text: error.message });
      }
    }
  }
  customElements.define("pi-questions", Questions);
}
