// One of a few words: a button for each. It is pressed in when the device has said so.
import { el } from "../dom.js";
import { inWords, label } from "../words.js";

export function choiceControl(capability, device, act) {
  const options = capability.options ?? [];
  const buttons = options.map((option) =>
    el(
      "button",
      {
        type: "button",
        class: "choice",
        onclick: async () => {
          try {
            await act(option);
          } catch {
            // The card says why.
          }
        },
      },
      inWords(capability, option),
    ),
  );
  const node = el(
    "div",
    { class: "choices", role: "group", "aria-label": `${device.name}: ${label(capability.name)}` },
    ...buttons,
  );
  const show = (value) =>
    buttons.forEach((button, index) =>
      button.setAttribute("aria-pressed", String(options[index] === value)),
    );
  return { capability: capability.name, place: "below", node, show };
}
