// Locking is one press. Unlocking is two, so that nobody opens the door with an elbow; a lock that
// asks first has its second press in the question.
import { el, setText } from "../dom.js";

const SURE_MS = 4000;

export function lockControl(capability, device, act) {
  let locked = null;
  let asksFirst = device.confirm;
  let asked = false;
  let timer = 0;

  const words = () => {
    if (asked) {
      return "Really unlock?";
    }
    return locked === false ? "Lock" : "Unlock";
  };
  const draw = () => {
    setText(node, words());
    node.classList.toggle("asks", asked);
    node.setAttribute("aria-label", `${words()} ${asked ? "" : device.name}`.trim());
  };
  const ask = (value) => {
    clearTimeout(timer);
    asked = value;
    if (asked) {
      timer = setTimeout(() => ask(false), SURE_MS);
    }
    draw();
  };
  const press = async () => {
    if (locked !== false && !asked && !asksFirst) {
      ask(true);
      return;
    }
    ask(false);
    node.disabled = true;
    try {
      await act(locked === false);
    } catch {
      // The card says why.
    } finally {
      node.disabled = false;
    }
  };
  const node = el("button", { type: "button", class: "button", onclick: press });
  const show = (value, { confirm }) => {
    asksFirst = confirm;
    locked = typeof value === "boolean" ? value : null;
    draw();
  };
  return { capability: capability.name, place: "head", node, show };
}
