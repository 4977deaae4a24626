// What a lamp's light looks like on a screen.

const WARM = [255, 172, 84];
const WHITE = [255, 240, 220];
const COLD = [196, 220, 255];

function mix(from, to, part) {
  return from.map((value, index) => Math.round(value + (to[index] - value) * part));
}

/** An rgb() for a colour temperature in kelvin. */
export function kelvinToCss(kelvin) {
  const part = Math.min(Math.max((kelvin - 2000) / 4500, 0), 1);
  const rgb = part < 0.5 ? mix(WARM, WHITE, part * 2) : mix(WHITE, COLD, part * 2 - 1);
  return `rgb(${rgb.join(" ")})`;
}

export function hueToCss(hue, saturation = 100) {
  return `hsl(${hue} ${Math.max(saturation, 15)}% 60%)`;
}

/** The light of a lamp that is on, or null for one without colours. */
export function lampColour({ colour, colour_temperature: kelvin }) {
  if (colour && typeof colour === "object") {
    return hueToCss(colour.hue_deg, colour.saturation_percent);
  }
  return typeof kelvin === "number" ? kelvinToCss(kelvin) : null;
}
