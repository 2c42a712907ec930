// The map: who talks to whom, with requests that travel along the arrows.

import { html, useEffect, useRef, useState } from "../../vendor/htm-preact-standalone.js";
import { formatBytes, formatRate, splitByTag } from "../vitals.js";
import { FILES } from "../trace.js";

/** Everybody's place: the middle and the size of a box. */
const ROWS = { wide: [52, 158, 264, 370], tall: [48, 152, 256, 360] };
const WIDE = placesFor(ROWS.wide, { browser: [62, 211], nginx: [228, 211], size: [100, 56], service: [445, 156], file: [664, 116], height: 62 });
const TALL = placesFor(ROWS.tall, { browser: [40, 96], nginx: [40, 256], size: [68, 50], service: [164, 116], file: [291, 88], height: 58 });
const BOX = { wide: "0 0 730 422", tall: "0 0 340 408" };

/** Who asks whom; between two that ask each other, the arrows run side by side. */
const EDGES = [
  ["browser", "nginx"], ["nginx", "cart"], ["nginx", "catalog"], ["nginx", "order"], ["nginx", "payment"],
  ["cart", "catalog"], ["catalog", "cart"], ["order", "catalog"], ["payment", "order"], ["order", "payment"],
  ...Object.entries(FILES),
];
const LANES = { "cart catalog": 4, "catalog cart": 40, "order catalog": 22, "payment order": 4, "order payment": 40 };
/** Reasons that stand to the left of their arrow, because another arrow is at its right. */
const LEFT = ["cart catalog", "payment order"];
const REASONS = {
  "cart catalog": "does it exist?", "catalog cart": "it has changed", "order catalog": "reserve, sell, give back",
  "payment order": "the money is here", "order payment": "give it back",
};

function placesFor(rows, { browser, nginx, size, service, file, height }) {
  const places = { browser: { at: browser, size }, nginx: { at: nginx, size } };
  Object.entries(FILES).forEach(([name, fileName], index) => {
    places[name] = { at: [service[0], rows[index]], size: [service[1], height] };
    places[fileName] = { at: [file[0], rows[index]], size: [file[1], height - 26] };
  });
  return places;
}

/** The door, drawn as a service is drawn that is away. */
const SHUT = { isUp: false, health: null, faults: [] };

export function Map({ services, pulses, tag, isShut }) {
  const isTall = useMedia("(max-width: 40rem)");
  const isCalm = useMedia("(prefers-reduced-motion: reduce)");
  const places = isTall ? TALL : WIDE;
  const breakerOf = (from, to) => services[from]?.health?.breakers?.[to] ?? null;
  return html`
    <svg class="map" viewBox=${isTall ? BOX.tall : BOX.wide} role="img" aria-label=${sayMap(services, isShut)}>
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
          <path d="M0 0.6L7.4 4L0 7.4z" />
        </marker>
      </defs>
      ${EDGES.map(([from, to]) => html`
        <${Edge} key=${`${from} ${to}`} ...${{ from, to, places, isTall }} breaker=${breakerOf(from, to)} isFile=${FILES[from] === to}
          isLit=${isCalm && pulses.some((pulse) => pulse.from === from && pulse.to === to)} />`)}
      ${Object.keys(places).map((name) => html`<${Place} key=${name} name=${name} place=${places[name]} tag=${tag}
        service=${name === "nginx" && isShut ? SHUT : services[name]} isShut=${isShut} />`)}
      ${!isCalm && pulses.map((pulse) => html`<${Pulse} key=${pulse.id} pulse=${pulse} places=${places} />`)}
    </svg>`;
}

function useMedia(query) {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const follow = () => setMatches(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  return matches;
}

function sayMap(services, isShut) {
  if (isShut) return "Map of the shop: nginx, its door, does not answer, so of the four services behind it nothing is known.";
  const told = Object.entries(services).map(([name, { isUp, health }]) => `${name} ${isUp === false ? "does not answer" : `has ${health ? formatBytes(health.resident_bytes) : "not answered yet"}`}`);
  return `Map of the shop: the browser asks nginx, nginx asks the four services, each with its own file. ${told.join(", ")}.`;
}

/** From the rim of one box to the rim of the other; both ends shifted by the arrow's lane. */
function ends(from, to, places) {
  const [x1, y1] = places[from].at;
  const [x2, y2] = places[to].at;
  if (Math.abs(x1 - x2) < 1) {
    const shift = LANES[`${from} ${to}`] ?? 0;
    const way = Math.sign(y2 - y1);
    return [x1 + shift, y1 + (way * places[from].size[1]) / 2, x2 + shift, y2 - way * (places[to].size[1] / 2 + 2)];
  }
  return [x1 + places[from].size[0] / 2, y1, x2 - places[to].size[0] / 2 - 2, y2];
}

function Edge({ from, to, places, isTall, breaker, isFile, isLit }) {
  const [x1, y1, x2, y2] = ends(from, to, places);
  const isOpen = breaker !== null && breaker !== "closed";
  const reason = isTall ? null : REASONS[`${from} ${to}`];
  const isLeft = LEFT.includes(`${from} ${to}`);
  return html`
    <g class="edge" data-open=${isOpen} data-file=${isFile} data-lit=${isLit} data-service=${from}>
      <line x1=${x1} y1=${y1} x2=${x2} y2=${y2} marker-end="url(#tip)" />
      ${reason && html`<text x=${x1 + (isLeft ? -8 : 8)} y=${(y1 + y2) / 2 + 4} text-anchor=${isLeft ? "end" : "start"}>${isOpen ? `breaker ${breaker}` : reason}</text>`}
    </g>`;
}

function Place({ name, place, service, tag, isShut }) {
  const { at: [x, y], size: [width, height] } = place;
  const isFile = name.endsWith(".db");
  const faults = splitByTag(service?.faults ?? [], tag).own;
  const owner = isFile ? Object.keys(FILES).find((key) => FILES[key] === name) : name;
  return html`
    <g class="place" data-service=${owner} data-file=${isFile} data-away=${service?.isUp === false} data-faulty=${Boolean(service?.isUp) && faults.length > 0}>
      <rect x=${x - width / 2} y=${y - height / 2} width=${width} height=${height} rx=${isFile ? height / 2 : 9} />
      <text class="name" x=${x} y=${service ? y - 5 : y + 5} text-anchor="middle">${name}</text>
      ${service && html`<text class="state" x=${x} y=${y + 16} text-anchor="middle">${stateOf(service, faults, isShut)}</text>`}
    </g>`;
}

function stateOf({ isUp, health }, faults, isShut) {
  if (isUp === null) return isShut ? "not known" : "asking";
  if (!isUp) return "no answer";
  if (faults.length > 0) return `${faults[0].kind} on purpose`;
  const rate = health.requests ? `, ${formatRate(health.requests.per_second)}/s` : "";
  return `${formatBytes(health.resident_bytes)}${rate}`;
}

/** One request under way. Moved by the Web Animations API: no style has to be written for it. */
function Pulse({ pulse, places }) {
  const dot = useRef(null);
  useEffect(() => {
    if (!places[pulse.from] || !places[pulse.to]) return;
    const [x1, y1, x2, y2] = ends(pulse.from, pulse.to, places);
    const at = (x, y, opacity) => ({ transform: `translate(${x}px, ${y}px)`, opacity });
    const frames = [at(x1, y1, 1), at(x2, y2, 1), at(x2, y2, 0)];
    frames[1].offset = 0.85;
    dot.current.animate(frames, { duration: 620, delay: pulse.delayMs, easing: "ease-in-out" });
  }, []);
  return html`<circle ref=${dot} class="pulse" r="6" data-way=${`${pulse.from} ${pulse.to}`} data-service=${FILES[pulse.from] || pulse.from === "nginx" ? (FILES[pulse.to] ? pulse.to : pulse.from) : "nginx"} />`;
}
