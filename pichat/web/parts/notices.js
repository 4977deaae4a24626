// What is to be shown on the screens: a notification for a moment, a page or a list until closed.
import { el, icon } from "../dom.js";

const SHOWN_MS = 8000;
const MOST = 4;

/** Returns `tell({ ok, text })`, which shows what became of something done here. */
export function defineNotices(link) {
  let notices = null;

  class Notices extends HTMLElement {
    connectedCallback() {
      notices = this;
      link.addEventListener("frontend_command", ({ detail }) => {
        if (detail.kind !== "other") {
          this.show(detail);
          this.took(detail.id);
        }
      });
    }

    /** Whoever told it may be waiting to hear that it is shown. */
    took(id) {
      if (id) {
        link.request("took_command", { id }).catch(() => {});
      }
    }

    show({ kind, title, text, items }) {
      this.put(
        el(
          "article",
          { class: `notice ${kind}`, role: kind === "notification" ? "status" : null },
          icon("bell", "icon notice-icon"),
          el(
            "div",
            { class: "notice-body" },
            el("h2", { class: "notice-title" }, title),
            text ? el("p", { class: "notice-text" }, text) : null,
            items.length ? el("ul", { class: "notice-items" }, ...items.map(item)) : null,
          ),
        ),
        kind === "notification",
      );
    }

    tell({ ok, text }) {
      this.put(
        el(
          "article",
          { class: ok ? "notice" : "notice failed", role: ok ? "status" : "alert" },
          icon(ok ? "check" : "warning", "icon notice-icon"),
          el("p", { class: "notice-body" }, text),
        ),
        true,
      );
    }

    put(notice, passes) {
      notice.append(
        el(
          "button",
          { type: "button", class: "notice-close", "aria-label": "Close", onclick: () => notice.remove() },
          icon("close"),
        ),
      );
      this.append(notice);
      while (this.children.length > MOST) {
        this.firstElementChild.remove();
      }
      if (passes) {
        setTimeout(() => notice.remove(), SHOWN_MS);
      }
    }
  }
  customElements.define("pi-notices", Notices);
  return (outcome) => notices?.tell(outcome);
}

function item(text) {
  return el("li", {}, text);
}
