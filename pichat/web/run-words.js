// How a spoken run is put into words.
import { milliseconds } from "./words.js";

const WOKEN = {
  follow_up: "Follow-up",
  button: "Button",
  interruption: "Spoken into an answer",
};

/** A wake word such as hey_jarvis as it is said. */
function word(name) {
  return `“${name.replaceAll("_", " ")}”`;
}

export function wokenInWords({ kind, woken_by: by, station }) {
  if (kind === "stood_down") {
    return "Another station was first";
  }
  const words = WOKEN[by] ?? word(by);
  return kind === "near_miss" ? `Nearly ${words}` : station === "local" ? words : `${words}, a screen`;
}

const ENDED = {
  complete: "The command was complete.",
  silence: "Silence.",
  open: "A long silence: it seemed to go on.",
  stopped: "It was stopped.",
  capped: "It went on for too long and was cut off.",
  gave_up: "Nobody spoke, or nobody to PiChat.",
};

export function endedInWords(why) {
  return ENDED[why] ?? why;
}

const STAGES = {
  wait: "Waits for speech",
  speech: "Speech",
  recognition: "End of speech, text",
  thought: "Understands",
  voicing: "Makes speech",
  answer: "Speaks",
};

export function stageInWords({ name, detail }) {
  return name === "tool" ? detail.replaceAll("_", " ") : (STAGES[name] ?? name);
}

const EVENTS = {
  wake: "Woken by",
  near_miss: "Nearly woken by",
  stood_down: "Another station was first",
  speech_start: "Speech begins",
  speech_end: "Speech ends:",
  capped: "Speech is cut off",
  gave_up: "Gives up",
  transcribed: "A second engine is asked:",
  partial: "Hears so far:",
  transcript: "Heard:",
  understood: "Takes it as:",
  tool: "Calls",
  said: "Begins to answer:",
  finished: "The answer stands:",
  first_audio: "First sound of the answer",
  paused: "Pauses: somebody speaks",
  resumed: "Goes on: it was nothing",
  interrupted: "Interrupted by",
  spoken: "Has said it all",
  heard: "Was heard:",
  lost: "Events were lost here",
};

export function eventInWords({ what, text }) {
  return `${EVENTS[what] ?? what} ${text.replaceAll("_", " ")}`.trim();
}

export function scoresInWords(scores) {
  return Object.entries(scores)
    .map(([engine, score]) => `${engine} ${score.toFixed(2)}`)
    .join(", ");
}

/** What was heard, or why there is nothing. */
export function heardInWords({ kind, heard, ended_by: why }) {
  if (heard || kind !== "spoken") {
    return heard;
  }
  return ["", "gave_up", "stopped"].includes(why) ? "Nothing was said" : "Nothing was understood";
}

/** How long a person waited. */
export function waitInWords({ radio_ms: radio, first_audio_ms: sound }) {
  const parts = [
    typeof radio === "number" ? `radio ${milliseconds(radio)}` : null,
    typeof sound === "number" ? `sound ${milliseconds(sound)}` : null,
  ].filter(Boolean);
  return parts.length ? `After speech: ${parts.join(", ")}` : "";
}
