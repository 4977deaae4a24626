// A set-point: half a degree at a press, asked for once the presses have stopped.
import { el, icon, setText } from "../dom.js";
import { label, quantity } from "../words.js";

const STEP = 0.5;
const SETTLED_MS = 600;

export function stepperControl(capability, device, act) {
  const minimum = capability.minimum ?? 5;
  const maximum = capability.maximum ?? 30;
  let confirmed = null;
  let wanted = null;
  let timer = 0;

  const value = el("output", { class: "stepper-value" });
  const button = (drawing, words, change) =>
    el(
      "button",
      {
        type: "button",
        class: "round",
        "aria-label": `${device.name}: ${words}`,
        onclick: () => move(change),
      },
      icon(drawing),
    );
  const draw = () => {
    const number = wanted ?? confirmed;
    setText(value, typeof number === "number" ? quantity(number, capability.unit) : "–");
    value.classList.toggle("pending", wanted !== null);
  };
  const move = (change) => {
    const from = wanted ?? confirmed ?? 20;
    wanted = Math.min(Math.max(Math.round((from + change) / STEP) * STEP, minimum), maximum);
    clearTimeout(timer);
    timer = setTimeout(send, SETTLED_MS);
    draw();
  };
  const send = async () => {
    const asked = wanted;
    try {
      await act(asked);
    } catch {
      // The card says why, and the confirmed value comes back.
    }
    if (wanted === asked) {
      wanted = null;
      draw();
    }
  };
  const node = el(
    "div",
    { class: "stepper" },
    el("span", { class: "stepper-label" }, label(capability.name)),
    button("minus", "lower", -STEP),
    value,
    button("plus", "higher", STEP),
  );
  const show = (number) => {
    confirmed = typeof number === "number" ? number : null;
    draw();
  };
  return { capability: capability.name, place: "below", node, show };
}
