// One turn of the conversation.
import { el, icon, setText } from "../dom.js";
import { milliseconds, outcomesInWords, SOURCES } from "../words.js";

// The daemon's own intents need no name; a model's provider does.
const HERE = "intents";

export class Turn {
  #tools = 0;

  constructor(turn) {
    this.source = el("p", { class: "said-source" });
    this.said = el("p", { class: "said" }, turn.text);
    this.done = el("ul", { class: "deeds", "aria-label": "What was done" });
    this.answer = el("p", { class: "answer" });
    this.foot = el("p", { class: "answer-foot" });
    this.node = el("article", { class: "turn" }, this.source, this.said, this.done, this.answer,
      this.foot);
    setText(this.source, turn.mine ? "" : (SOURCES[turn.source] ?? ""));
    this.show(turn);
  }

  show(turn) {
    for (; this.#tools < turn.tools.length; this.#tools++) {
      this.done.append(...outcomesInWords(turn.tools[this.#tools]).map(deed));
    }
    this.node.dataset.state = turn.state;
    this.node.dataset.code = turn.code ?? "";
    this.answered(turn);
    this.answer.classList.toggle("waits", turn.state === "running" && !turn.answer);
    setText(this.foot, foot(turn));
  }

  answered({ error, answer, heard }) {
    if (error || heard === null) {
      setText(this.answer, error ?? answer);
      return;
    }
    const [first, rest] = splitHeard(answer, heard);
    const unheard = rest ? el("s", { class: "unheard", title: "Nobody heard this" }, rest) : null;
    this.answer.replaceChildren(first, ...[unheard].filter(Boolean));
  }
}

/** An answer as what was heard of it, and the rest. Spaces may differ between the two. */
export function splitHeard(answer, heard) {
  const letters = heard.replaceAll(/\s+/g, "");
  let at = 0;
  let end = 0;
  while (end < answer.length && (at < letters.length || /\s/.test(answer[end]))) {
    if (!/\s/.test(answer[end]) && answer[end] !== letters[at++]) {
      break;
    }
    end++;
  }
  return [answer.slice(0, end), answer.slice(end)];
}

function deed({ ok, text, time }) {
  return el(
    "li",
    { class: ok ? "deed" : "deed failed" },
    icon(ok ? "check" : "warning"),
    el("span", {}, text),
    time ? el("span", { class: "deed-time" }, time) : null,
  );
}

function foot({ state, provider, totalMs, heard }) {
  if (state === "running" || totalMs === null) {
    return "";
  }
  if (heard !== null) {
    return "Interrupted";
  }
  const who = provider && provider !== HERE ? ` by ${provider}` : "";
  return `Answered${who} in ${milliseconds(totalMs)}`;
}
