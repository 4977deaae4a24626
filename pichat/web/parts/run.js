// One spoken run: a line, and behind it the timeline from the wake to the last word.
import { el, setText } from "../dom.js";
import { milliseconds } from "../words.js";
import {
  endedInWords,
  eventInWords,
  heardInWords,
  scoresInWords,
  stageInWords,
  waitInWords,
  wokenInWords,
} from "../run-words.js";
import { splitHeard } from "./turn.js";

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** `listen(turnId)` resolves to the URL of the run's sound. */
export class RunView {
  #shown = "";

  constructor(run, listen) {
    this.listen = listen;
    this.time = el("time", { class: "run-time" });
    this.woken = el("span", { class: "run-woken" });
    this.heard = el("span", { class: "run-heard" });
    this.wait = el("span", { class: "run-wait" });
    this.body = el("div", { class: "run-body" });
    this.node = el(
      "details",
      { class: "run", "data-turn": run.turn_id },
      el("summary", { class: "run-line" }, this.time, this.woken, this.heard, this.wait),
      this.body,
    );
    this.node.addEventListener("toggle", () => this.fill());
    this.show(run);
  }

  show(run) {
    const version = JSON.stringify(run);
    if (version === this.#shown) {
      return;
    }
    this.#shown = version;
    this.run = run;
    this.filled = false;
    this.node.dataset.kind = run.kind;
    setText(this.time, clock.format(new Date(run.began_s * 1000)));
    setText(this.woken, wokenInWords(run));
    setText(this.heard, heardInWords(run));
    this.heard.classList.toggle("nothing", !run.heard);
    setText(this.wait, waitInWords(run));
    this.fill();
  }

  /** A closed run has no body yet: most are never opened. */
  fill() {
    if (!this.node.open || this.filled) {
      return;
    }
    this.filled = true;
    this.body.replaceChildren(
      ...[facts(this.run), stages(this.run), deeds(this.run), this.sound(), events(this.run)].filter(
        Boolean,
      ),
    );
  }

  sound() {
    if (!this.run.has_audio) {
      return null;
    }
    const { turn_id: id } = this.run;
    const node = el("div", { class: "run-sound" });
    const load = async () => {
      try {
        const src = await this.listen(id);
        const player = el("audio", { controls: true, src, "aria-label": "What was heard" });
        node.replaceChildren(player);
        player.play().catch(() => {}); // the person presses play then
      } catch (error) {
        node.replaceChildren(error.message);
      }
    };
    node.append(el("button", { type: "button", class: "button", onclick: load }, "Listen to it"));
    return node;
  }
}

function facts(run) {
  const rows = [
    ["Scores", scoresInWords(run.scores)],
    ["Heard", run.heard + (run.recognised_by ? ` (by ${run.recognised_by})` : "")],
    ["Ended by", run.ended_by ? endedInWords(run.ended_by) : ""],
    ["Answer", answer(run)],
    ["Failed with", run.code ?? ""],
    ["Interrupted by", run.interrupted_by],
  ].filter(([, value]) => value);
  if (rows.length === 0) {
    return null;
  }
  const pair = ([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  return el("dl", { class: "run-facts" }, ...rows.map(pair));
}

function answer({ answer: text, answer_heard: heard, whole }) {
  if (whole !== false || heard === null) {
    return text || heard || "";
  }
  const [first, rest] = splitHeard(text || heard, heard);
  return el("span", {}, first, rest ? el("s", { class: "unheard" }, rest) : null);
}

function stages(run) {
  if (run.stages.length === 0) {
    return null;
  }
  const whole = Math.max(...run.stages.map(({ end_ms: end }) => end));
  const row = (stage) => {
    const { start_ms: start, end_ms: end, name } = stage;
    const bar = el("i", { class: "stage-bar", "data-stage": name });
    bar.style.left = `${(start / whole) * 100}%`;
    bar.style.width = `${((end - start) / whole) * 100}%`;
    return el(
      "li",
      { class: "stage" },
      el("span", { class: "stage-name" }, stageInWords(stage)),
      el("span", { class: "track", "aria-hidden": "true" }, bar),
      el("span", { class: "stage-time" }, milliseconds(end - start)),
    );
  };
  return el("ol", { class: "stages", "aria-label": "Stages" }, ...run.stages.map(row));
}

function deeds(run) {
  if (run.tools.length === 0) {
    return null;
  }
  const one = (tool) =>
    el(
      "li",
      {},
      el("span", { class: "call" }, `${tool.name} ${tool.arguments}`),
      ...tool.outcomes.map(outcome),
      tool.more_outcomes ? el("span", {}, `and ${tool.more_outcomes} more`) : null,
      tool.value ? el("span", {}, tool.value) : null,
    );
  return el("ul", { class: "run-tools", "aria-label": "Tools" }, ...run.tools.map(one));
}

function outcome({ device_name: device, capability, state, error_code: code, error }) {
  return code
    ? el("span", { class: "failed" }, `${device}: ${error}`)
    : el("span", {}, `${device}: ${capability.replaceAll("_", " ")} ${JSON.stringify(state)}`);
}

function events(run) {
  const one = (event) =>
    el(
      "li",
      {},
      el("span", { class: "event-time" }, `${Math.round(event.at_ms)} ms`),
      el("span", {}, eventInWords(event)),
    );
  const more = run.dropped ? [el("li", {}, `${run.dropped} more were not kept`)] : [];
  return el(
    "details",
    { class: "run-events" },
    el("summary", {}, "Everything that happened"),
    el("ol", {}, ...run.events.map(one), ...more),
  );
}
