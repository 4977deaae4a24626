// The conversation: what was typed here, and what was said elsewhere in the house.

import { LOCAL_STATION } from "./store.js";

const KEPT = 200;
const KEPT_ELSEWHERE = 20;
const TAKING_IN = new Set(["hearing", "following_up", "thinking"]);

/** One thing said and what came of it. `state`: "running" | "done" | "failed" (not carried out or
 * cancelled). `error` is a sentence when there was no answer at all. `heard`: what of the answer was
 * heard aloud, when that was not all of it. */
function newTurn(text, source) {
  return {
    key: crypto.randomUUID?.() ?? String(Math.random()),
    id: null,
    requestId: null,
    mine: false,
    source,
    text,
    tools: [],
    answer: "",
    heard: null,
    state: "running",
    code: null,
    error: null,
    provider: null,
    totalMs: null,
  };
}

/** Dispatches "added" and "changed" with the turn as `detail`, "removed" with its key, and
 * "hearing" with the words so far. */
export class Turns extends EventTarget {
  #link;
  #turns = [];
  #elsewhereHeard = new Set(); // turns that the house's own microphone does not hear

  constructor(link) {
    super();
    this.#link = link;
    link.addEventListener("turn_started", ({ detail }) => this.#started(detail));
    link.addEventListener("turn_tool", ({ detail }) => this.#tool(detail));
    link.addEventListener("turn_text", ({ detail }) => this.#text(detail));
    link.addEventListener("turn_finished", ({ detail }) => this.#finished(detail));
    link.addEventListener("answer_heard", ({ detail }) => this.#answerHeard(detail));
    link.addEventListener("transcript", ({ detail }) => this.#heard(detail));
    link.addEventListener("voice_heard", ({ detail }) => this.#milestone(detail));
    link.addEventListener("voice_changed", ({ detail }) => this.#voice(detail));
    link.addEventListener("state", () => link.state === "lost" && this.#lost());
  }

  /** The turn of this page that still runs, if any. */
  get running() {
    return this.#turns.find((turn) => turn.mine && turn.state === "running") ?? null;
  }

  async say(text) {
    const turn = newTurn(text, "screen");
    turn.mine = true;
    this.#add(turn);
    try {
      const done = await this.#link.request(
        "chat",
        { text },
        {
          onId: (id) => (turn.requestId = id),
          onFrame: (frame) => this.#frame(turn, frame),
        },
      );
      this.#end(turn, done);
    } catch (error) {
      turn.state = "failed";
      turn.code = error.code;
      turn.error = error.code === "cancelled" ? "Stopped." : error.message;
      this.#changed(turn);
    }
  }

  stop() {
    const turn = this.running;
    if (turn) {
      this.#link.ask("cancel", { request_id: turn.requestId }).catch(() => {});
    }
  }

  #frame(turn, frame) {
    const { chunk } = frame;
    if (frame.status === "processing") {
      turn.id = chunk.metadata.turn_id;
      turn.provider = chunk.metadata.provider;
    } else if (chunk?.type === "text") {
      turn.answer += chunk.data;
    } else if (chunk?.type === "tool" && !chunk.data.progress) {
      turn.tools.push({ ...chunk.data, durationMs: chunk.metadata.duration_ms });
    } else {
      return;
    }
    this.#changed(turn);
  }

  // Events tell of every turn, so those of this page come twice: as replies and as events.
  #elsewhere(turnId) {
    const turn = this.#turns.find((each) => each.id === turnId);
    return turn && !turn.mine ? turn : null;
  }

  #started(event) {
    const unnamed = this.#turns.find(
      (turn) =>
        turn.mine && turn.id === null && turn.state === "running" && turn.text === event.text &&
        event.source === "screen",
    );
    if (unnamed) {
      unnamed.id = event.turn_id;
    }
    if (this.#turns.some((turn) => turn.id === event.turn_id)) {
      return;
    }
    const turn = newTurn(event.text, event.source);
    turn.id = event.turn_id;
    turn.provider = event.provider;
    this.#hearing("");
    this.#add(turn);
  }

  #tool({ turn_id: id, call, result, duration_ms: durationMs }) {
    const turn = this.#elsewhere(id);
    if (turn) {
      turn.tools.push({ ...call, ...result, durationMs });
      this.#changed(turn);
    }
  }

  #text({ turn_id: id, text }) {
    const turn = this.#elsewhere(id);
    if (turn) {
      turn.answer += text;
      this.#changed(turn);
    }
  }

  #finished(event) {
    const turn = this.#elsewhere(event.turn_id);
    if (turn) {
      this.#end(turn, event);
    }
  }

  #end(turn, done) {
    turn.answer = done.text || turn.answer; // a turn that was cancelled ends without a text
    turn.code = done.code;
    turn.provider = done.provider;
    turn.totalMs = done.timings_ms?.total ?? null;
    turn.state = done.code && done.code !== "waiting" ? "failed" : "done";
    this.#changed(turn);
  }

  #answerHeard({ turn_id: id, text, whole }) {
    const turn = this.#elsewhere(id);
    if (turn && !whole) {
      turn.heard = text;
      this.#changed(turn);
    }
  }

  #milestone({ turn_id: id, what, station }) {
    if (station !== LOCAL_STATION) {
      this.#elsewhereHeard.add(id);
      if (this.#elsewhereHeard.size > KEPT_ELSEWHERE) {
        this.#elsewhereHeard.delete(this.#elsewhereHeard.values().next().value);
      }
    }
  }

  #voice({ station, state }) {
    if (station === LOCAL_STATION && !TAKING_IN.has(state)) {
      this.#hearing(""); // no more words will follow
    }
  }

  #heard({ turn_id: id, text, final }) {
    if (!this.#elsewhereHeard.has(id)) {
      this.#hearing(final ? "" : text);
    }
  }

  #hearing(text) {
    this.dispatchEvent(new CustomEvent("hearing", { detail: text }));
  }

  // What was said elsewhere goes on without us; its end will not be heard of.
  #lost() {
    this.#hearing("");
    for (const turn of this.#turns) {
      if (!turn.mine && turn.state === "running") {
        turn.state = "failed";
        turn.error = "The connection was lost before the answer came.";
        this.#changed(turn);
      }
    }
  }

  #add(turn) {
    this.#turns.push(turn);
    this.dispatchEvent(new CustomEvent("added", { detail: turn }));
    if (this.#turns.length > KEPT) {
      const [old] = this.#turns.splice(0, 1);
      this.dispatchEvent(new CustomEvent("removed", { detail: old.key }));
    }
  }

  #changed(turn) {
    this.dispatchEvent(new CustomEvent("changed", { detail: turn }));
  }
}
