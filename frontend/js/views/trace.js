// One request with everything it caused, as a sequence diagram or as the same in a list.

import { html, useEffect, useMemo, useRef, useState } from "../../vendor/htm-preact-standalone.js";
import { plural } from "../format.js";
import { formatMicros, readTrace, sayRow, withoutSql } from "../trace.js";
import { Diagram } from "./diagram.js";
import { Icon } from "./icons.js";
import { ServiceDot } from "./parts.js";

export function Trace({ action, actions, trace, asList, onLook }) {
  const spans = trace.id === action.traceId ? trace.spans : [];
  const inOrder = [...actions].sort((a, b) => a.id - b.id);
  const story = useMemo(() => readTrace(inOrder, spans), [spans, actions.map(({ id, status }) => `${id}:${status}`).join()]);
  const [chosen, setChosen] = useState(null);
  const [hasSql, setHasSql] = useState(true);
  const shown = useMemo(() => (hasSql ? story : withoutSql(story)), [story, hasSql]);
  useEffect(() => setChosen(null), [action.traceId]);
  const row = shown.rows.find(({ id }) => id === chosen);
  return html`
    <div class="trace">
      <${News} ...${{ trace, onLook, hasSql }} steps=${story.rows.length} onSql=${() => setHasSql(!hasSql)} />
      ${asList
        ? html`<${List} rows=${shown.rows} start=${trace.isKnown ? action.id : null} />`
        : html`
          <${Diagram} story=${shown} start=${trace.isKnown ? action.id : null} chosen=${chosen} onChoose=${setChosen} />
          <${Dock} row=${row} />`}
    </div>`;
}

/** What is still to come, and what is missing. */
function News({ trace, steps, hasSql, onSql, onLook }) {
  const { isLooking, isKnown, silent, messages } = trace;
  const waiting = messages.filter((message) => !message.dead_at);
  const dead = messages.filter((message) => message.dead_at);
  return html`
    <div class="trace-news">
      <p role="status">
        ${isKnown ? plural(steps, "step") : "Asking the services what they did"}.
        ${silent.length > 0 && html` <b>${silent.join(" and ")} did not say what ${silent.length > 1 ? "they" : "it"} did.</b>`}
        ${waiting.length > 0 && html` ${waiting.map(({ kind, peer }) => `${kind} to ${peer}`).join(", ")} still ${waiting.length > 1 ? "wait" : "waits"} in the outbox.`}
        ${dead.length > 0 && html` <b>${dead.map(({ kind, peer }) => `${kind} to ${peer}`).join(", ")} ${dead.length > 1 ? "were given up: dead letters" : "was given up: a dead letter"}.</b>`}
      </p>
      <button type="button" class="bare" aria-pressed=${hasSql} onClick=${onSql}>
        <${Icon} name=${hasSql ? "check" : "plus"} />SQL<span class="unseen"> statements are ${hasSql ? "shown" : "hidden"}</span>
      </button>
      <button type="button" class="bare" aria-busy=${isLooking} aria-disabled=${isLooking} onClick=${() => isLooking || onLook()}>
        <${Icon} name="again" />${isLooking ? "Looking" : "Look again"}
      </button>
    </div>`;
}

/** Of a fixed height, so that nothing moves while one step after the other is looked at. */
function Dock({ row }) {
  if (!row) {
    return html`<div class="dock"><p class="quiet">Point at a step, or walk through them with the arrow keys, to see what it did and which file does it.</p></div>`;
  }
  const { full, text, rowCount, us, afterUs, source, detail } = row;
  return html`
    <div class="dock">
      <p class="dock-text">${row.step === "sql" ? html`<code>${full}</code>` : html`<b>${full && full !== text ? full : sayRow(row)}</b>`}
        ${detail && html` ${detail}`}</p>
      <p class="dock-facts">
        ${source && html`<span>done by <code>${source}</code></span>`}
        ${rowCount !== null && rowCount !== undefined && html`<span>${plural(rowCount, "row")}</span>`}
        ${us ? html`<span>took ${formatMicros(us)}</span>` : null}
        ${afterUs !== null && html`<span>${formatMicros(afterUs)} after the start</span>`}
      </p>
    </div>`;
}

/** A story of several requests opens at the one that was chosen. */
function List({ rows, start }) {
  const list = useRef(null);
  useEffect(() => {
    const first = rows.findIndex(({ action }) => action === start);
    if (start !== null && first > 0) list.current.scrollTop = list.current.children[first].offsetTop - list.current.offsetTop;
  }, [start]);
  return html`
    <ol class="trace-list" tabindex="0" ref=${list} aria-label="What happened, step by step">
      ${rows.map((row) => html`
        <li key=${row.id} data-kind=${row.kind} data-tone=${row.tone}>
          <${ServiceDot} service=${ownerOf(row)} />
          <span class="said">${sayRow(row)}
            ${row.step === "sql" && row.full !== row.text && html`<code class="sql">${row.full}</code>`}</span>
          <code class="source">${row.source}</code>
        </li>`)}
    </ol>`;
}

/** Whose color a row has. A file has that of its service, which its name does not tell. */
function ownerOf({ kind, lane, from, to }) {
  const place = lane ?? (kind === "reply" ? from : to);
  return { "carts.db": "cart", "products.db": "catalog", "orders.db": "order", "payments.db": "payment" }[place] ?? place;
}
