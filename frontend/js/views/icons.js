// The page's signs, drawn as strokes in the color of the text around them. Letters such as a
// check mark or a sun would look different, or like a picture, on every system.

import { html } from "../../vendor/htm-preact-standalone.js";

/** Paths in a square of 16 by 16. */
const STROKES = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4 4l8 8M12 4l-8 8",
  dash: "M3.5 8h9",
  plus: "M3.5 8h9M8 3.5v9",
  bang: "M8 3v6M8 12.2v.3",
  ring: "M8 3a5 5 0 1 0 .01 0z",
  disc: "M8 4.5a3.5 3.5 0 1 0 .01 0zM8 7a1 1 0 1 0 .01 0z",
  clock: "M8 2.5a5.5 5.5 0 1 0 .01 0zM8 5v3.2l2.2 1.6",
  back: "M13 6.5H5.5M8 3.5l-3 3 3 3M13 6.5v6",
  left: "M13 8H3.5M7.5 4l-4 4 4 4",
  down: "M8 3v9.5M4 8.5l4 4 4-4",
  caret: "M6 3.5l4.5 4.5L6 12.5",
  question: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.6M8 12.3v.2",
  sliders: "M2 5h6M12 5h2M10 3v4M2 11h2M8 11h6M6 9v4",
  sun: "M8 5.3a2.7 2.7 0 1 0 .01 0zM8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  moon: "M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6z",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  grow: "M9.5 2.5h4v4M13.5 2.5l-4.5 4.5M6.5 13.5h-4v-4M2.5 13.5l4.5-4.5",
  shrink: "M13 7H9V3M9 7l4.5-4.5M3 9h4v4M7 9l-4.5 4.5",
  bolt: "M9 1.8L3.8 9H8l-1 5.2L12.2 7H8z",
  half: "M8 2.5a5.5 5.5 0 1 0 .01 0zM8 2.5v11M9.5 4v8M11.2 5v6",
};

export function Icon({ name }) {
  return html`
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d=${STROKES[name]} />
    </svg>`;
}
