// How values and states are put into words.

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function quantity(value, unit) {
  return unit ? `${number.format(value)} ${unit}` : number.format(value);
}

const YES_NO = {
  on_off: ["On", "Off"],
  lock: ["Locked", "Unlocked"],
  contact: ["Open", "Closed"],
  occupancy: ["Somebody", "Nobody"],
  siren: ["Sounding", "Silent"],
  water_leak: ["Leak", "Dry"],
  smoke: ["Smoke", "None"],
  gas: ["Gas", "None"],
  vibration: ["Vibrating", "Still"],
  tamper: ["Tampered with", "Untouched"],
  battery_low: ["Low", "Fine"],
  jammed: ["Jammed", "Free"],
};

export const LABELS = {
  on_off: "Power",
  brightness: "Brightness",
  hue: "Hue",
  saturation: "Strength",
  colour: "Colour",
  colour_temperature: "Warmth",
  cover_position: "Position",
  lock: "Lock",
  target_temperature: "Set to",
  temperature: "Temperature",
  humidity: "Humidity",
  contact: "Contact",
  occupancy: "Motion",
  power: "Power",
  energy: "Energy",
  voltage: "Voltage",
  battery: "Battery",
  illuminance: "Light",
  tilt: "Tilt",
  fan_mode: "Fan",
  fan_speed: "Speed",
  thermostat_mode: "Mode",
  running_state: "Now",
  siren: "Siren",
  water_leak: "Water",
  smoke: "Smoke",
  gas: "Gas",
  vibration: "Vibration",
  battery_low: "Battery",
  pressure: "Pressure",
  co2: "CO₂",
  pm25: "Fine dust",
  formaldehyde: "Formaldehyde",
  carbon_monoxide: "Carbon monoxide",
  current: "Current",
  last_operation: "Last",
};

export function label(capability) {
  return LABELS[capability] ?? capability.replaceAll("_", " ");
}

export function inWords(capability, value) {
  if (value === undefined || value === null) {
    return "–";
  }
  if (typeof value === "boolean") {
    const [yes, no] = YES_NO[capability.name] ?? ["Yes", "No"];
    return value ? yes : no;
  }
  if (typeof value === "number") {
    return quantity(value, capability.unit);
  }
  if (typeof value === "object") {
    return colourInWords(value);
  }
  const words = String(value).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const HUES = ["red", "orange", "yellow", "lime", "green", "mint", "cyan", "sky blue", "blue",
  "purple", "magenta", "pink"];

function colourInWords({ hue_deg: hue, saturation_percent: saturation }) {
  return saturation < 10 ? "white" : HUES[Math.round(hue / 30) % 12];
}

function lightInWords({ on_off: on, brightness }) {
  if (!on) {
    return "Off";
  }
  return typeof brightness === "number" ? `On, ${number.format(brightness)} %` : "On";
}

function coverInWords({ cover_position: open }) {
  if (typeof open !== "number") {
    return "";
  }
  return open <= 0 ? "Closed" : open >= 100 ? "Open" : `${number.format(open)} % open`;
}

/** Since when a device has not been heard from, where that is a while ago. */
function missing({ sleepy, last_seen_s: lastSeenS }) {
  const seen = new Date((lastSeenS ?? 0) * 1000);
  const hours = (Date.now() - seen) / 3600000;
  if (!lastSeenS || (hours < 1 && !sleepy)) {
    return "Does not answer";
  }
  const time = seen.toLocaleTimeString("en-GB", { hour: "numeric", minute: "2-digit" });
  const today = seen.toDateString() === new Date().toDateString();
  const day = seen.toLocaleDateString("en", { weekday: hours < 144 ? "long" : undefined,
    ...(hours < 144 ? {} : { day: "numeric", month: "long" }) });
  return `Not heard from since ${today ? time : day}`;
}

/** What a sleeping device will be told; "" for nothing. */
export function waitingInWords({ capabilities, waiting }) {
  const told = Object.entries(waiting ?? {}).map(([name, value]) => {
    const capability = capabilities.find((each) => each.name === name) ?? { name };
    return `${label(name).toLowerCase()} ${inWords(capability, value).toLowerCase()}`;
  });
  return told.length ? `When it wakes: ${told.join(", ")}` : "";
}

/** The line under a device's name. */
export function summary(device) {
  const { state, kind } = device;
  if (!device.available) {
    return missing(device);
  }
  if (kind === "light") {
    return lightInWords(state);
  }
  if (kind === "cover") {
    return coverInWords(state);
  }
  if (kind === "siren") {
    return state.siren ? "Sounding" : "Silent";
  }
  if (kind === "lock" && state.jammed && state.lock === undefined) {
    return "Neither locked nor unlocked";
  }
  const first = device.capabilities.find(({ name }) =>
    ["on_off", "lock", "temperature"].includes(name),
  );
  const words = first ? inWords(first, state[first.name]) : "";
  if (typeof state.power === "number") {
    return `${words}, ${quantity(state.power, "W")}`;
  }
  return kind === "thermostat" ? `Now ${words}` : words;
}

function actValue(outcome) {
  const { capability, state } = outcome;
  const units = {
    brightness: "%", colour_temperature: "K", cover_position: "%", target_temperature: "°C",
    temperature: "°C", humidity: "%", power: "W", battery: "%", energy: "kWh", voltage: "V",
    illuminance: "lx", tilt: "%", fan_speed: "%", pressure: "hPa", co2: "ppm", pm25: "µg/m³",
    heating_setpoint: "°C", cooling_setpoint: "°C", current: "A",
  };
  const words = inWords({ name: capability, unit: units[capability] }, state);
  return typeof state === "number" ? words : words.toLowerCase();
}

const FAILURES = {
  device_silent: "no answer",
  not_confirmed: "not confirmed",
  unsupported: "not possible",
  unavailable: "not reachable",
  waiting: "asleep; done when it wakes",
};

/** What a tool did, a line for each device: { ok, text }. */
export function outcomesInWords(tool) {
  const acts = tool.name === "set_device_state";
  return (tool.outcomes ?? []).map((outcome) => {
    if (outcome.error_code) {
      const failure = FAILURES[outcome.error_code] ?? "not done";
      return { ok: false, text: `${outcome.device_name} → ${failure}` };
    }
    const time = acts
      ? `confirmed in ${milliseconds(tool.durationMs)}`
      : `read in ${milliseconds(tool.durationMs)}`;
    return { ok: true, text: `${outcome.device_name} → ${actValue(outcome)}`, time };
  });
}

export function milliseconds(ms) {
  if (ms < 1) {
    return "under 1 ms";
  }
  return ms < 1000 ? `${Math.round(ms)} ms` : `${number.format(ms / 1000)} s`;
}

export const SOURCES = {
  voice: "By voice",
  screen: "On another screen",
  shell: "In a shell",
  agent: "By an agent",
  model: "By the model",
};

/** What the voice loop is doing. */
export const VOICE = {
  listening: "Say the wake word",
  hearing: "Listening…",
  following_up: "Go on…",
  thinking: "Thinking…",
  speaking: "Speaking…",
  muted: "Muted",
  deaf: "Not listening",
};

const PARTS = { stt: "Recognition", tts: "Speech output", llm: "Language model", zigbee: "Zigbee" };

export function partInWords(part) {
  const words = PARTS[part] ?? part.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
