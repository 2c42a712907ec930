// Behind the scenes: the last requests, newest first. One that is chosen opens as a sequence
// diagram, as the same in a list, or as curl.

import { html, useEffect, useRef } from "../../vendor/htm-preact-standalone.js";
import { formatPreciseTime, sentence } from "../format.js";
import { lazyPart } from "../lazy.js";
import { Icon } from "./icons.js";
import { ServiceDot } from "./parts.js";

const Trace = lazyPart(() => import("./trace.js").then((module) => module.Trace), "css/trace.css");
const MODES = { diagram: "Diagram", list: "List", curl: "curl" };

export function Panel({ actions, open, panel, trace, lab, acts }) {
  const chosen = actions.find(({ id }) => id === panel.chosen) ?? null;
  const hasDetail = open && chosen !== null;
  const latest = actions[0];
  return html`
    <section class="panel" aria-labelledby="panel-title" data-open=${open} data-detail=${hasDetail} data-tall=${hasDetail && panel.isTall}>
      <div class="panel-bar">
        <h2 id="panel-title">
          <button type="button" aria-expanded=${open} aria-controls="panel-body" onClick=${acts.togglePanel}>
            <${Icon} name="caret" /><span class="panel-name">Behind the scenes</span>
          </button>
        </h2>
        ${open && !chosen && html`<p class="quiet panel-hint">What this page asks, and who answers. Choose a request to see its way through the shop.</p>`}
        ${hasDetail && html`<${Tools} panel=${panel} acts=${acts} />`}
        ${!open && latest && html`<p class="ticker" aria-hidden="true"><${Summary} action=${latest} /></p>`}
      </div>
      <div id="panel-body" class="panel-body" hidden=${!open}>
        ${hasDetail
          ? html`<${Details} key=${chosen.id} action=${chosen} ...${{ actions, panel, trace, lab, acts }} />`
          : html`<${Actions} actions=${actions} onChoose=${acts.choose} />`}
      </div>
    </section>`;
}

function Tools({ panel, acts }) {
  return html`
    <div class="panel-tools">
      <div class="modes" role="group" aria-label="Show the request as">
        ${Object.entries(MODES).map(([mode, title]) => html`
          <button type="button" key=${mode} aria-pressed=${panel.mode === mode} onClick=${() => acts.arrangePanel({ mode })}>${title}</button>`)}
      </div>
      <button type="button" class="size" aria-pressed=${panel.isTall} onClick=${() => acts.arrangePanel({ isTall: !panel.isTall })}>
        <${Icon} name=${panel.isTall ? "shrink" : "grow"} /><span>${panel.isTall ? "Smaller" : "Larger"}</span>
      </button>
    </div>`;
}

function Actions({ actions, onChoose }) {
  if (actions.length === 0) return html`<p class="quiet">Nothing yet. Every request this page sends will be listed here.</p>`;
  return html`
    <ol class="actions">
      ${actions.map((action) => html`
        <li key=${action.id}>
          <button type="button" class="action" id=${`action-${action.id}`} onClick=${() => onChoose(action)}><${Summary} action=${action} /></button>
        </li>`)}
    </ol>`;
}

function Summary({ action }) {
  const { service, method, path, about, status, ms } = action;
  return html`
    <span class="service"><${ServiceDot} service=${service} />${service}</span>
    <b class="method">${method}</b>
    <span class="path"><span class="about">${about}</span> ${path}</span>
    <span class="status" data-class=${classOf(status)}>${status === null ? "..." : status === 0 ? "no answer" : status}</span>
    <span class="ms">${ms === undefined ? "" : `${ms} ms`}</span>`;
}

function classOf(status) {
  if (status === null) return "running";
  return status === 0 ? "none" : `${String(status).charAt(0)}xx`;
}

/** Takes the place of the list, so reading goes on at its title, and returns where it was. */
function Details({ action, actions, panel, trace, lab, acts }) {
  const title = useRef(null);
  useEffect(() => {
    title.current.focus({ preventScroll: true });
  }, []);
  function leave() {
    acts.choose(null);
    setTimeout(() => document.getElementById(`action-${action.id}`)?.focus());
  }
  const { about, detail, degraded, replayed } = action;
  return html`
    <div class="details">
      <div class="details-head">
        <button type="button" class="bare" onClick=${leave}><${Icon} name="left" />All requests</button>
        <h3 tabindex="-1" ref=${title}>${sentence(about)}</h3>
        <p>${detail && html`<b>${sentence(detail)}</b> `}${degraded && html`<b>Degraded: ${degraded}.</b> `}
          ${replayed && html`<b>Replayed: this Idempotency-Key had been answered before.</b>`}</p>
      </div>
      ${panel.mode === "curl" || lab.isOpen === false
        ? html`<${Curl} action=${action} isClosed=${lab.isOpen === false} onCopy=${acts.copy} />`
        : html`<${Trace} action=${action} actions=${actions.filter(({ traceId }) => traceId === action.traceId)}
            ...${{ trace }} asList=${panel.mode === "list"} onLook=${() => acts.lookAtTrace(action)} />`}
    </div>`;
}

function Curl({ action, isClosed, onCopy }) {
  const { startedAt, traceId, requestId, curl } = action;
  return html`
    <div class="by-hand">
      ${isClosed && html`
        <p class="caution">The lab of this shop is closed, so the services keep no traces. Start it with <code>LAB=1</code> to see inside.</p>`}
      <dl class="facts">
        <div><dt>Started</dt><dd>${formatPreciseTime(startedAt)}</dd></div>
        <div><dt>Trace id</dt><dd><code>${traceId}</code></dd></div>
        <div><dt>Request id</dt><dd><code>${requestId ?? "none"}</code></dd></div>
      </dl>
      <div class="curl">
        <p>The same as curl</p>
        <button type="button" onClick=${() => onCopy(curl)}>Copy</button>
        <pre tabindex="0" aria-label="The same as curl"><code>${curl}</code></pre>
      </div>
    </div>`;
}
