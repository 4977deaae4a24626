// Which control fits a capability. A control is { capability, place, node, show(value, device) }.
import { kelvinToCss } from "../colours.js";
import { choiceControl } from "./choice.js";
import { colourControl } from "./colour.js";
import { lockControl } from "./lock.js";
import { sliderControl } from "./slider.js";
import { stepperControl } from "./stepper.js";
import { switchControl } from "./switch.js";

const CONTROLS = {
  on_off: switchControl,
  brightness: sliderControl,
  cover_position: sliderControl,
  colour_temperature: (capability, device, act) => {
    const control = sliderControl(capability, device, act, { step: 50 });
    const { minimum = 2000, maximum = 6500 } = capability;
    const stops = [0, 0.25, 0.5, 0.75, 1].map((part) =>
      kelvinToCss(minimum + (maximum - minimum) * part),
    );
    control.node.classList.add("painted");
    control.node.style.setProperty("--paint", `linear-gradient(to right, ${stops.join(", ")})`);
    return control;
  },
  colour: colourControl,
  lock: lockControl,
  target_temperature: stepperControl,
  tilt: sliderControl,
  fan_speed: sliderControl,
  fan_mode: choiceControl,
  thermostat_mode: choiceControl,
  cover_motion: choiceControl,
  siren: switchControl,
};

/** The control, or null for a capability that none is known for. `act(value)` asks the device. */
export function controlFor(capability, device, act) {
  return CONTROLS[capability.name]?.(capability, device, act) ?? null;
}
