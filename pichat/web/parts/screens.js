// For admins: which screens and programs were let in, letting another in, and taking that back.
import { el, setText } from "../dom.js";

const TICK_MS = 1000;
const MAY = [
  ["screen", "A screen of the house"],
  ["guest", "A visitor's"],
  ["agent", "A program"],
  ["admin", "An admin's"],
];
const ENDS = {
  expired: "Nobody came within the time.",
  wrong_codes: "Too many wrong codes were tried, so that one does not count any more.",
  stopped: "",
};

function lastUsed({ connected, last_used_s: at }) {
  if (connected) {
    return "connected";
  }
  return at === null ? "never used" : `last used ${new Date(at * 1000).toLocaleString()}`;
}

export function defineScreens(link) {
  class Screens extends HTMLElement {
    #pairing = null;
    #timer = 0;

    connectedCallback() {
      this.list = el("ul", { class: "screens-list", "aria-label": "Screens and programs" });
      this.problem = el("p", { class: "screens-problem", role: "status" });
      this.details = el(
        "details",
        { class: "screens", ontoggle: () => this.details.open && this.load() },
        el("summary", {}, "Screens and programs"),
        this.list,
        this.pairing(),
        this.problem,
      );
      this.append(this.details);
      link.addEventListener("state", () => this.changed());
      link.addEventListener("pairing_changed", ({ detail }) => this.told(detail));
      this.changed();
    }

    pairing() {
      const options = MAY.map(([scope, words]) => el("option", { value: scope }, words));
      this.scope = el("select", { "aria-label": "What it may do" }, ...options);
      const start = () => this.start();
      this.add = el("div", { class: "screens-add" }, this.scope, el("button", { type: "button", class: "button screens-pair", onclick: start }, "Pair another"));
      this.code = el("p", { class: "screens-code" });
      this.left = el("p", { role: "timer" });
      this.how = el("p", { class: "screens-how" });
      this.picture = el("img", { class: "screens-qr", alt: "QR code of the page that pairs" });
      const stop = () => link.ask("stop_pairing").catch((error) => this.tell(error.message));
      this.open = el("div", { class: "screens-open", hidden: true }, this.code, this.left, this.how, this.picture, el("button", { type: "button", class: "button", onclick: stop }, "Stop"));
      return el("div", {}, this.add, this.open);
    }

    changed() {
      this.hidden = link.me?.scope !== "admin";
      if (!this.hidden && this.details.open && link.state === "open") {
        this.load();
      }
    }

    tell(words) {
      setText(this.problem, words);
    }

    async load() {
      try {
        const { tokens } = await link.ask("get_tokens");
        this.list.replaceChildren(...tokens.map((token) => this.row(token)));
      } catch (error) {
        this.tell(error.message);
      }
    }

    row(token) {
      const about = [token.scope, token.area, token.own ? "this screen" : lastUsed(token)];
      const revoke = el("button", { type: "button", class: "button screens-revoke" }, "Revoke");
      revoke.addEventListener("click", () => this.revoke(revoke, token));
      return el(
        "li",
        { "data-id": token.id },
        el("span", {}, el("b", {}, token.name), el("small", {}, about.filter(Boolean).join(", "))),
        revoke,
      );
    }

    /** The second press does it: a screen that is revoked has to be paired again. */
    async revoke(button, token) {
      if (!button.dataset.sure) {
        button.dataset.sure = "yes";
        setText(button, "Really revoke?");
        return;
      }
      try {
        await link.ask("revoke_token", { token_id: token.id });
        this.tell(`“${token.name}” is not let in any more.`);
      } catch (error) {
        this.tell(error.message);
      }
      this.load();
    }

    async start() {
      this.tell("");
      try {
        this.show(await link.ask("start_pairing", { scope: this.scope.value }));
      } catch (error) {
        this.tell(error.message);
      }
    }

    show({ pairing, urls, qr_svg: picture, problem }) {
      this.#pairing = pairing;
      const { code } = pairing;
      setText(this.code, `${code.slice(0, 3)} ${code.slice(3)}`);
      const page = urls[0]?.split("#")[0];
      setText(this.how, problem ?? `On the new screen, open ${page} or point its camera here.`);
      this.picture.hidden = picture === null;
      this.picture.src = picture === null ? "" : `data:image/svg+xml,${encodeURIComponent(picture)}`;
      this.add.hidden = true;
      this.open.hidden = false;
      const tick = () => setText(this.left, `${Math.max(0, Math.ceil(pairing.expires_s - Date.now() / 1000))} s left`);
      clearInterval(this.#timer);
      this.#timer = setInterval(tick, TICK_MS);
      tick();
    }

    told(change) {
      if (change.state === "paired") {
        this.tell(`“${change.name}” was let in.`);
        if (this.details.open) {
          this.load();
        }
      }
      if (this.#pairing?.id === change.id && change.state !== "open") {
        this.#pairing = null;
        clearInterval(this.#timer);
        this.add.hidden = false;
        this.open.hidden = true;
        this.tell(change.state === "paired" ? this.problem.textContent : ENDS[change.state]);
      }
    }
  }
  customElements.define("pi-screens", Screens);
}
