// The protocol, as it describes itself: every action, event, route and error, to be searched, copied
// and tried.
import { el, setText } from "./dom.js";
import { tryFrame } from "./docs-try.js";
import { credentials, keepToken, token } from "./token.js";

const entries = document.querySelector("#entries");
const contents = document.querySelector("#contents");
const search = document.querySelector("#search");
const letIn = document.querySelector("#let-in");

letIn.addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(document.querySelector("#token").value.trim());
  load();
});
load();

async function load() {
  let response = null;
  try {
    response = await fetch("/protocol.json", { headers: credentials() });
  } catch {
    refuse("PiChat does not answer. Is it running?");
    return;
  }
  if (response.status === 401) {
    refuse(token() === null ? "" : "That token does not count, or not any more.");
    keepToken(null);
  } else if (!response.ok) {
    refuse((await response.json()).error);
  } else {
    letIn.hidden = true;
    show(await response.json());
  }
}

function refuse(sentence) {
  letIn.hidden = false;
  setText(document.querySelector("#refused"), sentence);
}

// --- what there is -----------------------------------------------------------------------------

function show(told) {
  chapter("Envelopes", told.envelopes, envelope);
  chapter("Actions", told.actions, action);
  chapter("Events", told.events, event);
  chapter("HTTP", told.routes, route);
  chapter("Types", told.types, type);
  chapter("Errors", told.errors, error);
  search.addEventListener("input", filter);
  filter();
  document.querySelector(location.hash || "#none")?.scrollIntoView();
}

function chapter(title, items, draw) {
  const list = el("ul", {});
  const drawn = items.map((item) => {
    const { name, id, parts } = draw(item);
    const link = el("li", {}, el("a", { href: `#${id}` }, name));
    list.append(link);
    const article = el("article", { class: "entry", id }, el("h3", {}, name), ...parts);
    article.link = link;
    article.words = JSON.stringify(item).toLowerCase();
    article.named = name.toLowerCase();
    return article;
  });
  contents.append(el("details", { open: title === "Actions" }, el("summary", {}, title), list));
  entries.append(el("section", { class: "chapter" }, el("h2", {}, title), ...drawn));
}

function envelope(item) {
  const status = item.status ? ` (status “${item.status}”)` : "";
  return {
    name: item.name + status,
    id: `envelope-${item.name}`,
    parts: [text(item.description), table("Fields", item.fields, "", false)],
  };
}

function action(item) {
  return {
    name: item.name,
    id: `action-${item.name}`,
    parts: [
      text(item.description),
      facts({ scope: item.needs, "reply's action": item.reply, chunks: item.chunks.join(", ") }),
      table("Payload", item.fields, item.about_fields),
      table("Reply", item.result, item.about_result, false),
      facts({ errors: item.errors.join(", ") }),
      tryFrame(item.request_frames[0], () => token() ?? ""),
      code("An answer", item.reply_frames.map((frame) => JSON.stringify(frame, null, 1)).join("\n")),
    ],
  };
}

function event(item) {
  return {
    name: item.name,
    id: `event-${item.name}`,
    parts: [
      text(item.description),
      facts({ topic: item.topic }),
      table("Payload", item.fields, "", false),
      code("As it comes", JSON.stringify(item.frame, null, 1)),
    ],
  };
}

function route(item) {
  const name = `${item.method} ${item.path}`;
  return {
    name,
    id: `route-${name.replace(/\W+/g, "-")}`,
    parts: [
      text(item.description),
      facts({ scope: item.needs, replies: `${item.status} (${item.body.join(" or ")})` }),
      table("Takes", item.fields),
      table("Gives", item.result, "", false),
      facts({ errors: item.errors.join(", ") }),
      code("From a shell", shell(item)),
    ],
  };
}

function type(item) {
  return {
    name: item.name,
    id: `type-${item.name}`,
    parts: [text(item.description), table("Fields", item.fields, "", false)],
  };
}

function error(item) {
  return {
    name: item.code,
    id: `error-${item.code}`,
    parts: [
      text(item.description),
      facts({ HTTP: String(item.status), "may be tried again": item.retryable ? "yes" : "no" }),
    ],
  };
}

/** A command line that asks for it. */
function shell(item) {
  const rest = { ...item.example };
  const path = item.path.replace(/\{(\w+)[^}]*\}/g, (_, name) => {
    const value = rest[name] ?? name;
    delete rest[name];
    return encodeURIComponent(value);
  });
  const inBody = !["GET", "DELETE"].includes(item.method);
  const query = inBody ? "" : new URLSearchParams(rest).toString();
  const lines = [`curl -X ${item.method} '${location.origin}${path}${query ? `?${query}` : ""}'`];
  lines.push("  -H 'Authorization: Bearer TOKEN'");
  if (inBody && Object.keys(rest).length) {
    const body = JSON.stringify(rest).replaceAll("'", "'\\''");
    lines.push("  -H 'Content-Type: application/json'", `  -d '${body}'`);
  }
  return lines.join(" \\\n");
}

// --- its parts ---------------------------------------------------------------------------------

function text(sentence) {
  return sentence ? el("p", {}, ...prose(sentence)) : null;
}

/** Text whose parts in backquotes are code. */
function prose(sentence) {
  return sentence.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

function facts(named) {
  const rows = Object.entries(named).filter(([, value]) => value);
  const pairs = rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return pairs.length ? el("dl", { class: "facts" }, ...pairs) : null;
}

/** `given`: by whoever asks, who may leave out what has a default. */
function table(title, fields, about = "", given = true) {
  if (!fields.length) {
    return null;
  }
  const rows = fields.map((field) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, field.name)),
      el("td", {}, field.type),
      given ? el("td", {}, ...standard(field)) : null,
      el("td", {}, ...prose(field.meaning)),
    ),
  );
  const names = ["Field", "Type", ...(given ? ["Default"] : []), "Meaning"];
  const heads = names.map((name) => el("th", { scope: "col" }, name));
  const body = el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  return el("div", { class: "fields" }, el("h4", {}, title), text(about), body);
}

function standard(field) {
  return "default" in field ? [el("code", {}, JSON.stringify(field.default))] : ["needed"];
}

function code(title, content) {
  const block = el("pre", { tabindex: "0" }, el("code", {}, content));
  return el("details", {}, el("summary", {}, title), block, copier(() => content));
}

function copier(read) {
  const button = el("button", { type: "button", class: "button" }, "Copy");
  button.addEventListener("click", async () => {
    setText(button, (await copied(read())) ? "Copied" : "Select it to copy");
    setTimeout(() => setText(button, "Copy"), 2000);
  });
  return button;
}

/** Browsers give the clipboard only to pages that came over HTTPS or from this machine. */
async function copied(content) {
  try {
    await navigator.clipboard.writeText(content);
    return true;
  } catch {
    return false;
  }
}

// --- searching ---------------------------------------------------------------------------------

function filter() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const article of entries.querySelectorAll(".entry")) {
    const fits = wanted.every((word) => article.words.includes(word));
    article.hidden = article.link.hidden = !fits;
    count += fits;
  }
  for (const section of entries.querySelectorAll(".chapter")) {
    section.hidden = !section.querySelector(".entry:not([hidden])");
  }
  for (const part of contents.querySelectorAll("details")) {
    part.hidden = !part.querySelector("li:not([hidden])");
    part.open = part.open || (wanted.length > 0 && !part.hidden);
  }
  setText(document.querySelector("#found"), wanted.length ? `${count} found` : "");
}
