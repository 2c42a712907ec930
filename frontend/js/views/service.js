// One service on the system view: how it is, and the switches that break it.

import { html } from "../../vendor/htm-preact-standalone.js";
import { plural, shortId } from "../format.js";
import { formatMicros } from "../trace.js";
import { SPAN_MS, conditionOf, formatBytes, formatRate, formatUptime, hitRatio, plotLines, remaining } from "../vitals.js";
import { Icon } from "./icons.js";
import { ServiceDot } from "./parts.js";

const CONDITIONS = {
  unknown: ["question", "asking"], away: ["cross", "no answer"], faulty: ["bolt", "broken on purpose"],
  up: ["check", "up"], ill: ["bang", "its file is not well"],
};
const FAULTS = { down: "Down", slow: "Slow", error: "Error", hang: "Hang" };
const PLOT = { width: 120, height: 34 };

export function Service({ name, service, system, tag, acts }) {
  const { health, points, letters } = service;
  const condition = conditionOf(service);
  const [sign, word] = CONDITIONS[condition];
  return html`
    <section class="service-card" data-service=${name} aria-labelledby=${`service-${name}`}>
      <div class="service-head">
        <h2 id=${`service-${name}`}><${ServiceDot} service=${name} />${name}</h2>
        <p class="condition" data-condition=${condition}><${Icon} name=${sign} />${word}</p>
        <small>${health ? `version ${health.version}, for ${formatUptime(health.uptime_s)}` : "\u00a0"}</small>
      </div>
      <${Vitals} health=${health} />
      <div class="plots">
        <${Plot} title="requests/s" name="rate" say=${formatRate} ...${{ service, system }} />
        <${Plot} title="p99" name="p99" say=${formatMicros} ...${{ service, system }} />
        <${Plot} title="memory" name="bytes" say=${formatBytes} ...${{ service, system }} />
      </div>
      <${Faults} ...${{ name, service, system, acts }} />
      ${Object.entries(service.policies).map(([policy, view]) => html`
        <${Policy} key=${policy} ...${{ name, policy, view, service, system, tag, acts }} />`)}
      ${points.length > 0 && html`<${CrashPoints} ...${{ name, points, acts }} />`}
      ${letters.length > 0 && html`<${Letters} ...${{ name, letters, acts }} />`}
    </section>`;
}

function Vitals({ health }) {
  const requests = health?.requests;
  const unknown = "\u2013";
  const facts = [
    ["Memory", health && formatBytes(health.resident_bytes)],
    ["Requests", requests && `${formatRate(requests.per_second)}/s`],
    ["p50", requests && formatMicros(requests.p50_us)],
    ["p99", requests && formatMicros(requests.p99_us)],
    ...Object.entries(health?.breakers ?? {}).map(([peer, state]) => [`Breaker to ${peer}`, state, state === "closed" ? null : "care", true]),
    ...(health?.cache ? [["Cache hits", hitRatio(health.cache) ?? "not asked yet", null, true]] : []),
    ...(health?.outbox ? [
      ["Outbox", `${health.outbox.pending}`, health.outbox.pending > 0 ? "care" : null],
      ["Dead letters", String(health.outbox.dead), health.outbox.dead > 0 ? "bad" : null],
    ] : []),
  ];
  return html`
    <dl class="vitals">
      ${facts.map(([title, value, tone, isWide]) => html`<div key=${title} class=${isWide ? "wide" : null}><dt>${title}</dt><dd data-tone=${tone}>${value ?? unknown}</dd></div>`)}
    </dl>`;
}

/** The last five minutes; the number is the one right now, the floor of the plot is zero. */
function Plot({ title, name, say, service, system }) {
  const { lines, top } = plotLines(service.history, name, system.now, PLOT);
  const now = service.history.at(-1)?.[name] ?? null;
  const told = top === null ? "not known" : `now ${now === null ? "not known" : say(now)}, highest ${say(top)}`;
  return html`
    <figure class="plot">
      <svg viewBox=${`0 0 ${PLOT.width} ${PLOT.height}`} preserveAspectRatio="none" role="img"
        aria-label=${`${title} in the last ${SPAN_MS / 60_000} minutes: ${told}`}>
        <line x1="0" x2=${PLOT.width} y1=${PLOT.height - 0.5} y2=${PLOT.height - 0.5} />
        ${lines.map((points, index) => html`<polyline key=${index} points=${points} />`)}
      </svg>
      <figcaption>${title}${top !== null && html` <span>max ${say(top)}</span>`}</figcaption>
    </figure>`;
}

function whom(tag) {
  return tag === null ? "everybody" : `tag ${tag}`;
}

function Faults({ name, service, system, acts }) {
  const sinceMs = system.now - service.labAt;
  return html`
    <div class="switches" role="group" aria-label=${`Break the ${name} service`}>
      <h3>Break it</h3>
      <div class="buttons">
        ${Object.entries(FAULTS).map(([kind, title]) => html`
          <button type="button" key=${kind} disabled=${!service.isUp} aria-label=${`${title}: ${name}`}
            onClick=${() => acts.setFault(name, kind)}>${title}</button>`)}
      </div>
      <ul class="active">
        ${service.faults.map((fault) => html`
          <li key=${fault.only_for ?? ""}>
            <span><b>${fault.kind}${fault.kind === "slow" ? ` by ${fault.latency_ms} ms` : ""}</b> for ${whom(fault.only_for)}${", "}
              <span class="left">${remaining(fault.remaining_s, sinceMs)} s left</span></span>
            <button type="button" aria-label=${`End: ${name} ${fault.kind} for ${whom(fault.only_for)}`} onClick=${() => acts.endFault(name, fault)}>End</button>
          </li>`)}
      </ul>
    </div>`;
}

/** The choice that holds for whoever is chosen above: a tag's own goes before everybody's. */
function choiceFor(view, tag) {
  const find = (whose) => view.overrides.find((override) => override.only_for === whose);
  return (find(tag) ?? find(null))?.choice ?? view.choice;
}

function Policy({ name, policy, view, service, system, tag, acts }) {
  const sinceMs = system.now - service.labAt;
  const now = choiceFor(view, system.isMine ? tag : null);
  return html`
    <div class="switches" role="group" aria-label=${`Policy ${policy} of ${name}`}>
      <h3>${policy.replaceAll("_", " ")}</h3>
      <div class="choices">
        ${view.choices.map((choice) => html`
          <button type="button" key=${choice} aria-pressed=${choice === now} disabled=${!service.isUp}
            onClick=${() => acts.setPolicy(name, policy, choice)}>${choice}</button>`)}
      </div>
      <ul class="active">
        ${view.overrides.filter(({ choice, only_for: whose }) => choice !== view.choice || whose !== null).map((override) => html`
          <li key=${override.only_for ?? ""}><span><b>${override.choice}</b> for ${whom(override.only_for)}${", "}
            <span class="left">${remaining(override.remaining_s, sinceMs)} s left</span></span></li>`)}
      </ul>
    </div>`;
}

function CrashPoints({ name, points, acts }) {
  return html`
    <details class="plug">
      <summary>Pull the plug</summary>
      <p>The process dies (abort, as sudden as kill -9) the next time a request passes one of these points. It is started again at once.</p>
      ${points.map((point) => html`<button type="button" key=${point} onClick=${() => acts.armCrash(name, point)}>${point.replace(`${name}.`, "")}</button>`)}
    </details>`;
}

function Letters({ name, letters, acts }) {
  return html`
    <div class="letters">
      <h3>${plural(letters.length, "dead letter")}</h3>
      <ul class="active">
        ${letters.map((letter) => html`
          <li key=${letter.id}>
            <span><b>${letter.kind}</b> to ${letter.peer}, about <code>...${shortId(letter.subject)}</code></span>
            <button type="button" aria-label=${`Send again: ${letter.kind} about ${shortId(letter.subject)}`} onClick=${() => acts.replay(name, letter)}>Send again</button>
          </li>`)}
      </ul>
    </div>`;
}
