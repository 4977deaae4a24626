// A request frame that can be changed, copied and sent, with what comes back.
import { el, setText } from "./dom.js";

const MOST_FRAMES = 200;
const PATIENCE_MS = 30000;

/** `readToken` gives the token to connect with, or "". */
export function tryFrame(frame, readToken) {
  const content = JSON.stringify(frame, null, 1);
  const box = el("textarea", {
    rows: Math.min(content.split("\n").length, 16),
    spellcheck: "false",
    "aria-label": `A request for ${frame.action}`,
  });
  box.value = content;
  const answers = el("pre", { tabindex: "0", hidden: true, role: "log" });
  const send = el("button", { type: "button", class: "button" }, "Send it");
  send.addEventListener("click", () => ask(box.value, answers, readToken()));
  const copy = el("button", { type: "button", class: "button" }, "Copy");
  copy.addEventListener("click", () => copyFrom(box, copy));
  const buttons = el("div", { class: "docs-buttons" }, send, copy);
  return el("details", {}, el("summary", {}, "A request"), box, buttons, answers);
}

function ask(content, answers, token) {
  answers.hidden = false;
  setText(answers, "");
  let wanted = null;
  try {
    wanted = JSON.parse(content).request_id;
  } catch {
    // It is sent as it is: PiChat says what is wrong with it.
  }
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const protocols = token ? ["pichat", `pichat.token.${token}`] : [];
  const socket = new WebSocket(`${scheme}://${location.host}/ws/chat`, protocols);
  let count = 0;
  let last = "";
  const timer = setTimeout(() => socket.close(), PATIENCE_MS);
  socket.onopen = () => socket.send(content);
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string" || count >= MOST_FRAMES) {
      return;
    }
    count += 1;
    answers.append(`${data}\n`);
    const frame = JSON.parse(data);
    last = frame.status;
    const ends = frame.status === "complete" && frame.request_id === (wanted ?? frame.request_id);
    // What was subscribed to goes on; everything else is over with its last frame.
    if ((ends && frame.payload?.topics === undefined) || frame.status === "error") {
      socket.close();
    }
  };
  socket.onclose = ({ reason }) => {
    clearTimeout(timer);
    if (!["complete", "error", "event"].includes(last)) {
      answers.append(reason || "The connection was closed before an answer came.");
    }
  };
}

async function copyFrom(box, button) {
  try {
    await navigator.clipboard.writeText(box.value);
    setText(button, "Copied");
  } catch {
    // The clipboard is only for pages that came over HTTPS or from this machine.
    box.select();
    setText(button, "Press Ctrl+C");
  }
  setTimeout(() => setText(button, "Copy"), 2000);
}
