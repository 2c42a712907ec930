// The sequence diagram: one lane per part, one row per step, drawn from rows of trace.js.
//
// It is a list box: one stop for the Tab key, arrow keys from step to step, and each step says
// in words what it shows.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/htm-preact-standalone.js";
import { FILES, formatMicros, sayRow } from "../trace.js";

const OWNERS = Object.fromEntries(Object.entries(FILES).map(([service, file]) => [file, service]));
const HEIGHTS = { call: 32, reply: 32, file: 28, step: 24, later: 40 };
/** From the middle of a lane to that of the next; a file stands close to its service. */
const GAPS = { lane: 104, file: 88 };
const MARGIN = 48;
/** Room at the right for how long things took, and before it for what the last lane did. */
const TIMES = 66;
const WORDS = 236;
/** A letter of the diagram's font is some 6.6 units wide. */
const LETTER = 6.6;

export function Diagram({ story, start, chosen, onChoose }) {
  const frame = useRef(null);
  const width = useWidth(frame);
  const { lanes, rows, bars } = story;
  const stop = rows.some(({ id }) => id === chosen) ? chosen : rows[0]?.id;
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const plan = layOut(lanes, rows, width / unit);
  useStart(frame, start, plan.tops[rows.findIndex(({ action }) => action === start)] * unit);
  const box = { width: plan.width * unit, class: "diagram" };
  function onKeyDown(event) {
    const next = nextRow(event.key, rows, chosen);
    if (next === null) return;
    event.preventDefault();
    onChoose(next);
    goTo(frame.current, frame.current.querySelector(`[data-row="${next}"]`));
  }
  return html`
    <div class="diagram-frame" ref=${frame}>
      <svg ...${box} height=${34 * unit} viewBox=${`0 0 ${plan.width} 34`} data-part="heads" aria-hidden="true">
        ${lanes.map((lane) => html`<${Head} key=${lane} lane=${lane} x=${plan.x[lane]} />`)}
        <text class="times" x=${plan.width - 10} y="22" text-anchor="end">took</text>
      </svg>
      <svg ...${box} height=${plan.height * unit} viewBox=${`0 0 ${plan.width} ${plan.height}`} role="listbox"
        aria-label="What happened, step by step" onKeyDown=${onKeyDown}>
        <g aria-hidden="true">
          ${lanes.map((lane) => html`<line key=${lane} class="lifeline" x1=${plan.x[lane]} x2=${plan.x[lane]} y1="0" y2=${plan.height} />`)}
          ${bars.map((bar, index) => html`<${Bar} key=${index} ...${{ bar, plan }} />`)}
        </g>
        ${rows.map((row, index) => html`
          <${Row} key=${row.id} ...${{ row, plan }} top=${plan.tops[index]} isChosen=${row.id === chosen}
            isStop=${row.id === stop} onChoose=${onChoose} />`)}
      </svg>
    </div>`;
}

/** Scrolls the frame alone: a browser's own way would move the page behind the panel as well. */
function goTo(frame, row) {
  row.focus({ preventScroll: true });
  const [{ top, bottom }, view] = [row.getBoundingClientRect(), frame.getBoundingClientRect()];
  const start = frame.firstElementChild.getBoundingClientRect().bottom; // below the lanes' heads
  if (top < start) frame.scrollTop -= start - top;
  else if (bottom > view.bottom) frame.scrollTop += bottom - view.bottom;
}

/** The width there is: lanes spread out where there is room, as in a lecture hall. */
function useWidth(frame) {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => setWidth(frame.current.clientWidth), []);
  useEffect(() => {
    const observer = new ResizeObserver(() => setWidth(frame.current?.clientWidth ?? 0));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** A story of several requests opens at the one that was chosen. */
function useStart(frame, start, top) {
  useEffect(() => {
    if (start !== null && top > 0) frame.current.scrollTop = top;
  }, [start]);
}

function layOut(lanes, rows, available) {
  const gapBefore = (lane) => (OWNERS[lane] ? GAPS.file : GAPS.lane);
  const around = MARGIN + WORDS + TIMES;
  const natural = lanes.slice(1).reduce((sum, lane) => sum + gapBefore(lane), 0);
  const stretch = Math.min(1.6, Math.max(1, (available - around) / natural));
  const x = {};
  let end = MARGIN;
  lanes.forEach((lane, index) => (x[lane] = end += index === 0 ? 0 : gapBefore(lane) * stretch));
  const tops = [];
  let height = 6;
  for (const { kind } of rows) {
    tops.push(height);
    height += HEIGHTS[kind];
  }
  return { x, tops, height: height + 10, width: Math.max(end + WORDS + TIMES, available - 2), rows };
}

function nextRow(key, rows, chosen) {
  const last = rows.length - 1;
  const here = rows.findIndex(({ id }) => id === chosen);
  const moves = { ArrowDown: Math.min(last, here + 1), ArrowUp: Math.max(0, here - 1), Home: 0, End: last };
  return rows[moves[key]]?.id ?? null;
}

function Head({ lane, x }) {
  const isFile = lane in OWNERS;
  return html`
    <g class="head" data-service=${OWNERS[lane] ?? lane} data-file=${isFile}>
      <rect x=${x - (isFile ? 40 : 42)} y="3" width=${isFile ? 80 : 84} height="26" rx=${isFile ? 13 : 5} />
      <text x=${x} y="20.5" text-anchor="middle">${lane}</text>
    </g>`;
}

function Bar({ bar, plan }) {
  const { lane, first, last } = bar;
  const top = plan.tops[first] + 18;
  const bottom = plan.tops[last] + (HEIGHTS[plan.rows[last].kind] - 8);
  return html`
    <rect class="work" data-service=${OWNERS[lane] ?? lane} x=${plan.x[lane] - 4} y=${top} width="8" height=${Math.max(6, bottom - top)} rx="3" />`;
}

/** What is drawn is cut short where room is short; what is spoken is the whole sentence. */
function Row({ row, plan, top, isChosen, isStop, onChoose }) {
  const { id, kind, tone, us } = row;
  const height = HEIGHTS[kind];
  const choose = () => onChoose(id);
  const Shape = kind === "step" ? Step : kind === "later" ? Later : Arrow;
  return html`
    <g class="moment" role="option" data-row=${id} data-kind=${kind} data-tone=${tone} data-step=${row.step} aria-selected=${isChosen}
      tabindex=${isStop ? "0" : "-1"}
      onMouseEnter=${choose} onFocus=${choose} onClick=${choose}>
      <rect class="hit" x="1" y=${top} width=${plan.width - 2} height=${height} rx="4" />
      <text class="spoken" x="8" y=${top + 12}>${sayRow(row)}. Done by ${row.source}.</text>
      <g aria-hidden="true">
        <${Shape} ...${{ row, plan }} y=${top + height - 10} />
        ${us ? html`<text class="times" x=${plan.width - 10} y=${top + height - 7} text-anchor="end">${formatMicros(us)}</text>` : null}
      </g>
    </g>`;
}

/** Text that fits between `x` and the column of times, or, near the right edge, before `x`. */
function Label({ text, x, y, plan, before }) {
  const edge = plan.width - TIMES;
  const fits = (room) => Math.floor(room / LETTER);
  const goesLeft = text.length > fits(edge - x) && before > edge - x;
  const room = fits(goesLeft ? before - 6 : edge - x);
  const shown = text.length > room ? `${text.slice(0, Math.max(3, room - 3))}...` : text;
  return html`<text class="label" x=${goesLeft ? before : x} y=${y} text-anchor=${goesLeft ? "end" : "start"}>${shown}</text>`;
}

function Step({ row, plan, y }) {
  const x = plan.x[row.lane];
  return html`
    <circle class="sign" cx=${x} cy=${y - 2} r="4.5" data-service=${OWNERS[row.lane] ?? row.lane} />
    <${Label} text=${row.text} x=${x + 12} before=${x - 12} y=${y + 2.5} plan=${plan} />`;
}

function Later({ row, plan, y }) {
  return html`
    <line class="fold" x1="8" x2=${plan.width - 8} y1=${y - 22} y2=${y - 22} />
    <${Label} text=${row.text} x=${12} before=${0} y=${y + 2} plan=${plan} />`;
}

/** A lost arrow ends in a cross on its way: it got there or not, nobody knows. */
function Arrow({ row, plan, y }) {
  const start = plan.x[row.from];
  const end = plan.x[row.to];
  const way = end > start ? 1 : -1;
  const tip = row.isLost ? start + (end - start) * 0.8 : end - way * 5;
  const head = row.isLost ? `M${tip - 5} ${y - 5}l10 10m0 -10l-10 10` : `M${tip - way * 8} ${y - 4.5}L${tip} ${y}l${-way * 8} 4.5`;
  const left = Math.min(start, end);
  return html`
    <path class="arrow" d=${`M${start + way * 5} ${y}H${tip}`} data-service=${OWNERS[row.to] ?? OWNERS[row.from]} />
    <path class="tip" d=${head} data-service=${OWNERS[row.to] ?? OWNERS[row.from]} />
    <${Label} text=${row.text} x=${left + 9} before=${Math.max(start, end) - 9} y=${y - 5} plan=${plan} />`;
}
