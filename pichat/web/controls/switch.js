// On or off. It turns when the device has said so, not when it was pressed.
import { el } from "../dom.js";

export function switchControl(capability, device, act) {
  let on = false;
  const node = el("button", {
    type: "button",
    role: "switch",
    class: "switch",
    "aria-label": device.name,
    onclick: async () => {
      if (node.classList.contains("busy")) {
        return;
      }
      node.classList.add("busy");
      try {
        await act(!on);
      } catch {
        // The card says why.
      } finally {
        node.classList.remove("busy");
      }
    },
  });
  const show = (value) => {
    on = value === true;
    node.setAttribute("aria-checked", String(on));
  };
  return { capability: capability.name, place: "head", node, show };
}
