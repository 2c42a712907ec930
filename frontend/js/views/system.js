// The system view: the map, how large the whole shop is, and one card per service.

import { html, useEffect, useRef } from "../../vendor/htm-preact-standalone.js";
import { systemActs } from "../acts/system.js";
import { tryActs } from "../acts/tries.js";
import { SERVICES } from "../trace.js";
import { formatBytes, isTag, wholeShop } from "../vitals.js";
import { Map } from "./map.js";
import { Service } from "./service.js";
import { Closed } from "./parts.js";

const TIMES = { 30: "30 seconds", 120: "2 minutes", 600: "10 minutes" };
const DELAYS = { 1000: "1 second", 3000: "3 seconds", 8000: "8 seconds" };
const NUMBERS = ["None", "One", "Two", "Three", "All four"];

export function connect(page) {
  const { state } = page;
  const acts = { ...systemActs(page), remember: page.acts.remember };
  const tries = tryActs(page);
  return {
    draw: () => html`
      <${System} system=${state.system} actions=${state.actions.list} lab=${state.lab} tag=${state.settings.tag}
        isBuying=${state.tries.isBuying} ...${{ acts, tries }} />`,
    load: acts.start,
    leave: acts.stop,
  };
}

function System({ system, actions, lab, tag, isBuying, acts, tries }) {
  useTravels(actions, acts);
  const { services, pulses } = system;
  const isShut = lab.isReached === false;
  return html`
    <div class="system">
      <h1 id="view-title" tabindex="-1">System</h1>
      ${lab.isOpen === false
        ? html`<${Closed} what="Looking inside the services, and breaking them, is possible" />`
        : html`
          <div class="overview">
            <${Map} ...${{ services, pulses, tag, isShut }} />
            <div class="overview-side">
              <${Whole} ...${{ services, isShut }} />
              <${Tries} ...${{ tries, isBuying }} />
              <${Scope} ...${{ system, tag, acts }} />
            </div>
          </div>
          <div class="service-cards">
            ${SERVICES.map((name) => html`<${Service} key=${name} ...${{ name, system, tag, isShut, acts }} service=${services[name]} />`)}
          </div>`}
    </div>`;
}

/** Every request that is sent while the map is in view travels over it, once there and once on. */
function useTravels(actions, { depart, arrive }) {
  const before = useRef(actions[0]?.id ?? 0);
  const left = useRef(new Set());
  const arrived = useRef(new Set());
  useEffect(() => {
    for (const action of actions.filter(({ id }) => id > before.current)) {
      once(left.current, action, depart);
      if (action.status !== null) once(arrived.current, action, arrive);
    }
  }, [actions]);
}

function once(done, action, act) {
  if (done.has(action.id)) return;
  done.add(action.id);
  act(action);
}

function Whole({ services, isShut }) {
  const { bytes, count } = wholeShop(services);
  return html`
    <div class="whole">
      <p class="whole-title">This whole shop:</p>
      <p class="whole-number">${count === 0 ? "..." : formatBytes(bytes)}</p>
      <p class="quiet">${sayWhole(count, isShut)}</p>
    </div>`;
}

function sayWhole(count, isShut) {
  if (isShut) return "nginx, the door of the shop, does not answer";
  if (count === 4) return "of memory for four services with their databases; what they share counts once";
  return `${NUMBERS[count]} of the four services ${count === 1 ? "answers" : "answer"}`;
}

/** The second click of a double click buys nothing, even when the first one is through already. */
function Tries({ tries, isBuying }) {
  const buy = ({ detail: clicks }) => clicks < 2 && tries.buy();
  return html`
    <div class="tries" role="group" aria-label="Send a request">
      <h2>Send something through</h2>
      <div class="buttons">
        <button type="button" class="primary" aria-busy=${isBuying} onClick=${buy}>Buy a mouse</button>
        <button type="button" onClick=${tries.add}>Add a mouse to the cart</button>
      </div>
    </div>`;
}

/** Whom the switches below are for. The tag is the one of the settings: it has to travel, too. */
function Scope({ system, tag, acts }) {
  const { isMine, ttl, slowMs } = system;
  return html`
    <fieldset class="scope">
      <legend>What is broken below is broken</legend>
      <label class="switch"><input type="radio" name="scope" checked=${!isMine} onChange=${() => acts.arrange({ isMine: false })} />for everybody</label>
      <label class="switch"><input type="radio" name="scope" checked=${isMine} onChange=${() => acts.arrange({ isMine: true })} />only for requests with my tag</label>
      <label class="tag-field">My tag
        <input value=${tag} maxlength="64" spellcheck=${false} autocapitalize="off" placeholder="such as ann" aria-describedby="tag-hint"
          aria-invalid=${tag !== "" && !isTag(tag) ? "true" : null}
          onChange=${(event) => acts.remember({ tag: event.currentTarget.value.trim().replace(/[^\x20-\x7e]/g, "?") })} /></label>
      <small id="tag-hint">${tag !== "" && !isTag(tag) ? "Only A-Z a-z 0-9 . _ - can travel in a tag." : "Sent with every request of this page as baggage."}</small>
      <${Choice} title="for" value=${ttl} choices=${TIMES} onChange=${(value) => acts.arrange({ ttl: value })} />
      <${Choice} title="Slow means" value=${slowMs} choices=${DELAYS} onChange=${(value) => acts.arrange({ slowMs: value })} />
      <button type="button" onClick=${acts.endAll}>${isMine ? "End all of mine" : "End all faults"}</button>
    </fieldset>`;
}

function Choice({ title, value, choices, onChange }) {
  return html`
    <label class="choice">${title}
      <select value=${String(value)} onChange=${(event) => onChange(Number(event.currentTarget.value))}>
        ${Object.entries(choices).map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}
      </select></label>`;
}
