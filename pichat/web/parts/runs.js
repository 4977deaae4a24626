// The last spoken runs, newest first; asked for while they are in sight.
import { el, setText } from "../dom.js";
import { RunView } from "./run.js";

const SETTLED_MS = 400;
// What may have changed a run. Near misses are seen with the next of these.
const NEWS = ["voice_heard", "transcript", "turn_finished", "answer_heard"];

export function defineRuns(link) {
  class Runs extends HTMLElement {
    #views = new Map();
    #urls = new Map();
    #timer = 0;

    connectedCallback() {
      this.empty = el("p", { class: "runs-empty" });
      this.list = el("ol", { class: "run-list" });
      this.append(this.empty, this.list);
      for (const kind of NEWS) {
        link.addEventListener(kind, () => this.soon());
      }
      link.addEventListener("state", () => this.soon(0));
      document.addEventListener("view", () => this.soon(0));
    }

    get inSight() {
      return document.body.dataset.view === "runs" && link.state === "open";
    }

    soon(pauseMs = SETTLED_MS) {
      clearTimeout(this.#timer);
      if (this.inSight) {
        this.#timer = setTimeout(() => this.load(), pauseMs);
      }
    }

    async load() {
      try {
        const { runs } = await link.ask("get_runs");
        this.show(runs);
      } catch (error) {
        this.empty.hidden = false;
        setText(this.empty, error.message);
      }
    }

    show(runs) {
      const before = this.#views;
      this.#views = new Map(runs.map((run) => [run.turn_id, this.view(before, run)]));
      const nodes = [...this.#views.values()].map(({ node }) => node.parentElement);
      const same =
        nodes.length === this.list.children.length &&
        nodes.every((node, at) => node === this.list.children[at]);
      if (!same) {
        this.list.replaceChildren(...nodes); // not else: it would take the focus
      }
      for (const id of this.#urls.keys()) {
        if (!this.#views.has(id)) {
          URL.revokeObjectURL(this.#urls.get(id));
          this.#urls.delete(id);
        }
      }
      this.empty.hidden = runs.length > 0;
      setText(this.empty, "Nothing was spoken since PiChat started.");
    }

    view(before, run) {
      const known = before.get(run.turn_id);
      if (known) {
        known.show(run);
        return known;
      }
      const view = new RunView(run, (id) => this.sound(id));
      el("li", {}, view.node);
      return view;
    }

    async sound(id) {
      if (!this.#urls.has(id)) {
        const { data } = await link.ask("get_run_audio", { turn_id: id });
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        this.#urls.set(id, URL.createObjectURL(new Blob([bytes], { type: "audio/wav" })));
      }
      return this.#urls.get(id);
    }
  }
  customElements.define("pi-runs", Runs);
}
