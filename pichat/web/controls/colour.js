// Hue and saturation, folded away until they are wanted.
import { hueToCss } from "../colours.js";
import { el } from "../dom.js";
import { sliderControl } from "./slider.js";

export function colourControl(capability, device, act) {
  let colour = { hue_deg: 30, saturation_percent: 80 };

  const hue = sliderControl(
    { name: "hue", minimum: 0, maximum: 360, unit: "°" },
    device,
    (degrees) => act({ ...colour, hue_deg: degrees }),
    { step: 2 },
  );
  const saturation = sliderControl(
    { name: "saturation", minimum: 0, maximum: 100, unit: "%" },
    device,
    (percent) => act({ ...colour, saturation_percent: percent }),
  );
  const rainbow = [0, 60, 120, 180, 240, 300, 360].map((degrees) => hueToCss(degrees)).join(", ");
  hue.node.classList.add("painted");
  hue.node.style.setProperty("--paint", `linear-gradient(to right, ${rainbow})`);
  saturation.node.classList.add("painted");

  const node = el(
    "details",
    { class: "colour" },
    el("summary", {}, "Colour"),
    hue.node,
    saturation.node,
  );
  const show = (value) => {
    if (value && typeof value === "object") {
      colour = value;
    }
    hue.show(colour.hue_deg);
    saturation.show(colour.saturation_percent);
    saturation.node.style.setProperty(
      "--paint",
      `linear-gradient(to right, #fff4e6, ${hueToCss(colour.hue_deg)})`,
    );
  };
  return { capability: capability.name, place: "below", node, show };
}
