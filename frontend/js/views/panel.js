// Behind the scenes: the last requests, newest first, each with its ids and its curl.

import { html, useState } from "../../vendor/htm-preact-standalone.js";
import { formatPreciseTime, sentence } from "../format.js";
import { Icon } from "./icons.js";
import { ServiceDot } from "./parts.js";

export function Panel({ actions, open, onToggle, onCopy }) {
  const [chosen, setChosen] = useState(null);
  const latest = actions[0];
  return html`
    <section class="panel" aria-labelledby="panel-title" data-open=${open} data-detail=${open && chosen !== null}>
      <div class="panel-bar">
        <h2 id="panel-title">
          <button type="button" aria-expanded=${open} aria-controls="panel-body" onClick=${onToggle}>
            <${Icon} name="caret" />Behind the scenes
          </button>
        </h2>
        ${open && html`<p class="quiet panel-hint">What this page asks, and who answers. Choose a request for its curl.</p>`}
        ${!open && latest && html`<p class="ticker" aria-hidden="true"><${Summary} action=${latest} /></p>`}
      </div>
      <div id="panel-body" class="panel-body" hidden=${!open}>
        ${actions.length === 0
          ? html`<p class="quiet">Nothing yet. Every request this page sends will be listed here.</p>`
          : html`
            <ol class="actions">
              ${actions.map((action) => html`
                <${Action} key=${action.id} action=${action} open=${chosen === action.id} onCopy=${onCopy}
                  onToggle=${() => setChosen(chosen === action.id ? null : action.id)} />`)}
            </ol>`}
      </div>
    </section>`;
}

function Action({ action, open, onToggle, onCopy }) {
  return html`
    <li>
      <button type="button" class="action" aria-expanded=${open} onClick=${onToggle}><${Summary} action=${action} /></button>
      ${open && html`<${Details} action=${action} onCopy=${onCopy} />`}
    </li>`;
}

function Summary({ action }) {
  const { service, method, path, status, ms } = action;
  return html`
    <span class="service"><${ServiceDot} service=${service} />${service}</span>
    <b class="method">${method}</b>
    <span class="path">${path}</span>
    <span class="status" data-class=${classOf(status)}>${status === null ? "..." : status === 0 ? "no answer" : status}</span>
    <span class="ms">${ms === undefined ? "" : `${ms} ms`}</span>`;
}

function classOf(status) {
  if (status === null) return "running";
  return status === 0 ? "none" : `${String(status).charAt(0)}xx`;
}

function Details({ action, onCopy }) {
  const { about, startedAt, traceId, requestId, detail, degraded, replayed, curl } = action;
  return html`
    <div class="details">
      <p>${sentence(about)}${detail && html` <b>${sentence(detail)}</b>`}${degraded && html` <b>Degraded: ${degraded}.</b>`}
        ${replayed && html` <b>Replayed: this Idempotency-Key had been answered before.</b>`}</p>
      <dl class="facts">
        <div><dt>Started</dt><dd>${formatPreciseTime(startedAt)}</dd></div>
        <div><dt>Trace id</dt><dd><code>${traceId}</code></dd></div>
        <div><dt>Request id</dt><dd><code>${requestId ?? "none"}</code></dd></div>
      </dl>
      <div class="curl">
        <p>The same as curl</p>
        <button type="button" onClick=${() => onCopy(curl)}>Copy</button>
        <pre><code>${curl}</code></pre>
      </div>
    </div>`;
}
