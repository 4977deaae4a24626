// A number between two ends. It asks the device when it is let go.
import { el, setText } from "../dom.js";
import { label, quantity } from "../words.js";

export function sliderControl(capability, device, act, { step = 1 } = {}) {
  const minimum = capability.minimum ?? 0;
  const maximum = capability.maximum ?? 100;
  let held = false;
  let confirmed = minimum;

  // No <output>: a reader would speak up at every report of every lamp.
  const value = el("span", { class: "slider-value", "aria-hidden": "true" });
  const range = el("input", {
    type: "range",
    min: String(minimum),
    max: String(maximum),
    step: String(step),
    "aria-label": `${device.name}: ${label(capability.name)}`,
  });
  const node = el(
    "div",
    { class: "slider" },
    el("span", { class: "slider-label", "aria-hidden": "true" }, label(capability.name)),
    value,
    range,
  );

  const paint = (number, known = true) => {
    const part = (number - minimum) / (maximum - minimum || 1);
    range.style.setProperty("--fill", `${Math.min(Math.max(part, 0), 1) * 100}%`);
    setText(value, known ? quantity(number, capability.unit) : "–");
    range.setAttribute("aria-valuetext", value.textContent);
  };

  range.addEventListener("input", () => {
    held = true;
    paint(Number(range.value));
  });
  range.addEventListener("change", async () => {
    try {
      await act(Number(range.value));
      held = false;
    } catch {
      held = false;
      show(confirmed);
    }
  });

  const show = (number) => {
    const known = typeof number === "number";
    confirmed = known ? number : minimum;
    if (!held) {
      range.value = String(confirmed);
      paint(confirmed, known);
    }
  };
  return { capability: capability.name, place: "below", node, show };
}
