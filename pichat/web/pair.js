// A code becomes this screen's own token, and the page of the house is opened.
import { keepToken } from "./token.js";

const CODE = /^#code=([0-9 ]+)$/;

const form = document.getElementById("pair");
const code = document.getElementById("code");
const name = document.getElementById("name");
const problem = document.getElementById("problem");
const button = form.querySelector("button");

/** The code of a QR picture stands behind the #, where no server sees it, and does not stay. */
function takeCode() {
  const found = CODE.exec(decodeURIComponent(location.hash));
  if (found) {
    code.value = found[1];
    history.replaceState(null, "", location.pathname);
  }
  (found ? name : code).focus();
}

async function pair() {
  const wanted = { code: code.value };
  if (name.value.trim()) {
    wanted.name = name.value.trim();
  }
  const response = await fetch("/api/pair", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wanted),
  });
  const reply = await response.json();
  if (!response.ok) {
    throw new Error(reply.error);
  }
  keepToken(reply.token);
  location.replace("/");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  button.disabled = true;
  try {
    await pair();
  } catch (error) {
    const unreachable = error instanceof TypeError || error instanceof SyntaxError;
    problem.textContent = unreachable ? "PiChat does not answer. Try again." : error.message;
    button.disabled = false;
    code.select();
  }
});
addEventListener("hashchange", takeCode);
takeCode();
