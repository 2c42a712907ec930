// One service on the system view: how it is, and the switches that break it.

import { html } from "../../vendor/htm-preact-standalone.js";
import { plural, shortId } from "../format.js";
import { formatMicros } from "../trace.js";
import { conditionOf, formatBytes, formatRate, formatUptime, hitRatio, paceOf, plotLines, remaining, spanOf, splitByTag } from "../vitals.js";
import { Icon } from "./icons.js";
import { Act, ServiceDot } from "./parts.js";

const CONDITIONS = {
  unknown: ["question", "asking"], hidden: ["question", "not known"], away: ["cross", "no answer"], faulty: ["bolt", "broken"],
  up: ["check", "up"], ill: ["bang", "file not well"],
};
const FAULTS = { down: "Down", slow: "Slow", error: "Error", hang: "Hang" };
const SPANS = { 60_000: "minute", 120_000: "2 minutes", 300_000: "5 minutes" };
const UNKNOWN = "\u2013";
const PLOT = { width: 120, height: 34 };

export function Service({ name, service, system, tag, isShut, acts }) {
  const { health, points, letters } = service;
  const sinceMs = system.now - service.labAt;
  const span = spanOf(service.history, system.now);
  const condition = conditionOf(service, tag, isShut);
  const given = { name, service, sinceMs, tag, scope: system.isMine ? tag : null, acts };
  const [sign, word] = CONDITIONS[condition];
  return html`
    <section class="service-card" data-service=${name} aria-labelledby=${`service-${name}`}>
      <div class="service-head">
        <h2 id=${`service-${name}`} tabindex="-1"><${ServiceDot} service=${name} />${name}</h2>
        <p class="condition" data-condition=${condition}><${Icon} name=${sign} />${word}</p>
        <small>${health ? `version ${health.version}, running for ${formatUptime(health.uptime_s)}` : "\u00a0"}</small>
      </div>
      <${Vitals} health=${health} />
      <div class="plots">
        <p class="plots-span">the last ${SPANS[span]}</p>
        <${Plot} title="requests/s" name="rate" say=${formatRate} ...${{ service, system, span }} />
        <${Plot} title="p99" name="p99" say=${formatMicros} ...${{ service, system, span }} />
        <${Plot} title="memory" name="bytes" say=${formatBytes} ...${{ service, system, span }} />
      </div>
      <${Faults} ...${given} />
      ${Object.entries(service.policies).map(([policy, view]) => html`
        <${Policy} key=${policy} ...${given} ...${{ policy, view }} />`)}
      ${points.length > 0 && html`<${CrashPoints} ...${given} />`}
      ${letters.length > 0 && html`<${Letters} ...${{ name, letters, acts }} replaying=${system.replaying} />`}
    </section>`;
}

function Vitals({ health }) {
  const { rate, p50, p99 } = paceOf(health);
  const timed = (us) => us && formatMicros(us);
  const facts = [
    ["Memory", health && formatBytes(health.resident_bytes)],
    ["Requests", rate === null ? null : `${formatRate(rate)}/s`],
    ["p50", timed(p50)],
    ["p99", timed(p99)],
    ...Object.entries(health?.breakers ?? {}).map(([peer, state]) => [`Breaker to ${peer}`, state, state === "closed" ? null : "care", true]),
    ...(health?.cache ? [["Cache hits", hitRatio(health.cache) ?? "not asked yet", null, true]] : []),
    ...(health?.outbox ? [
      ["Outbox", `${health.outbox.pending}`, health.outbox.pending > 0 ? "care" : null],
      ["Dead letters", String(health.outbox.dead), health.outbox.dead > 0 ? "bad" : null],
    ] : []),
  ];
  return html`
    <dl class="vitals">
      ${facts.map(([title, value, tone, isWide]) => html`<div key=${title} class=${isWide ? "wide" : null}><dt>${title}</dt><dd data-tone=${tone}>${value ?? UNKNOWN}</dd></div>`)}
    </dl>`;
}

/** The floor of the plot is zero, its right edge is now. */
function Plot({ title, name, say, service, system, span }) {
  const { lines, areas, top } = plotLines(service.history, name, system.now, { ...PLOT, span });
  const now = service.history.at(-1)?.[name] ?? null;
  const told = top === null ? "not known" : `now ${now === null ? "not known" : say(now)}, highest ${say(top)}`;
  return html`
    <figure class="plot">
      <svg viewBox=${`0 0 ${PLOT.width} ${PLOT.height}`} preserveAspectRatio="none" role="img"
        aria-label=${`${title} in the last ${SPANS[span]}: ${told}`}>
        ${areas.map((points, index) => html`<polygon key=${index} points=${points} />`)}
        <line x1="0" x2=${PLOT.width} y1=${PLOT.height - 0.5} y2=${PLOT.height - 0.5} />
        ${lines.map((points, index) => html`<polyline key=${index} points=${points} />`)}
      </svg>
      <figcaption>${title} <span>max ${top === null ? UNKNOWN : say(top)}</span></figcaption>
    </figure>`;
}

function whom(tag) {
  return tag === null ? "everybody" : `tag ${tag}`;
}

/** What is in force, and folded up what is so only for other tags: a class has thirty. */
function InForce({ entries, tag, ...given }) {
  const { own, others } = splitByTag(entries, tag);
  const rows = (list) => list.map((entry) => html`<${Row} key=${entry.only_for ?? ""} ...${{ entry, ...given }} />`);
  return html`
    <ul class="active">${rows(own)}</ul>
    ${others.length > 0 && html`
      <details class="others"><summary>${others.length} for other tags</summary><ul class="active">${rows(others)}</ul></details>`}`;
}

function Row({ entry, what, title, sinceMs, onEnd }) {
  const { only_for: whose, remaining_s: seconds } = entry;
  return html`
    <li>
      <span><b>${what(entry)}</b> for ${whom(whose)}, <span class="left">${remaining(seconds, sinceMs)} s left</span></span>
      <button type="button" aria-label=${`End: ${title(entry)} for ${whom(whose)}`} onClick=${(event) => leave(event, () => onEnd(entry))}>End</button>
    </li>`;
}

/** The row goes away with its button, so the focus moves to the service it is of. */
function leave(event, act) {
  event.currentTarget.closest(".service-card").querySelector("h2").focus({ preventScroll: true });
  act();
}

function Faults({ name, service, sinceMs, tag, scope, acts }) {
  const mine = service.faults.find(({ only_for: whose }) => whose === scope)?.kind;
  return html`
    <div class="switches" role="group" aria-label=${`Break the ${name} service`}>
      <h3>Break it</h3>
      <div class="buttons">
        ${Object.entries(FAULTS).map(([kind, title]) => html`
          <${Act} key=${kind} off=${!service.isUp} data-set=${kind === mine} aria-label=${`${title}: ${name}`}
            onClick=${() => acts.setFault(name, kind)}>${title}<//>`)}
      </div>
      <${InForce} entries=${service.faults} ...${{ tag, sinceMs }} title=${({ kind }) => `${name} ${kind}`}
        what=${({ kind, latency_ms: ms }) => (kind === "slow" ? `slow by ${ms} ms` : kind)} onEnd=${(fault) => acts.end(name, "faults", fault)} />
    </div>`;
}

/** The choice that holds for whoever is chosen above: a tag's own goes before everybody's. */
function choiceFor(view, tag) {
  const find = (whose) => view.overrides.find((override) => override.only_for === whose);
  return (find(tag) ?? find(null))?.choice ?? view.choice;
}

function Policy({ name, policy, view, service, sinceMs, tag, scope, acts }) {
  const now = choiceFor(view, scope);
  return html`
    <div class="switches" role="group" aria-label=${`Policy ${policy} of ${name}`}>
      <h3>${policy.replaceAll("_", " ")}</h3>
      <div class="choices">
        ${view.choices.map((choice) => html`
          <${Act} key=${choice} aria-pressed=${choice === now} off=${!service.isUp}
            onClick=${() => acts.setPolicy(name, policy, choice)}>${choice}<//>`)}
      </div>
      <${InForce} entries=${view.overrides} ...${{ tag, sinceMs }} title=${({ choice }) => `${policy} ${choice}`}
        what=${({ choice }) => choice} onEnd=${(override) => acts.end(name, "policy", override)} />
    </div>`;
}

/** What is armed stays in sight when the list of points is folded up again. */
function CrashPoints({ name, service, sinceMs, tag, acts }) {
  const short = (point) => point.replace(`${name}.`, "");
  return html`
    <div class="switches" role="group" aria-label=${`Crash points of ${name}`}>
      <details class="plug">
        <summary>Pull the plug</summary>
        <p>The process dies (abort, as sudden as kill -9) the next time a request passes one of these points. It is started again at once.</p>
        ${service.points.map((point) => html`
          <${Act} key=${point} off=${!service.isUp} onClick=${() => acts.armCrash(name, point)}>${short(point)}<//>`)}
      </details>
      <${InForce} entries=${service.armed} ...${{ tag, sinceMs }} title=${() => `crash of ${name}`}
        what=${({ at }) => `dies ${short(at)}`} onEnd=${(armed) => acts.end(name, "crash", armed)} />
    </div>`;
}

function Letters({ name, letters, replaying, acts }) {
  return html`
    <div class="letters">
      <h3>${plural(letters.length, "dead letter")}</h3>
      <ul class="active">
        ${letters.map((letter) => html`
          <li key=${letter.id}>
            <span><b>${letter.kind}</b> to ${letter.peer}, about <code>...${shortId(letter.subject)}</code></span>
            <button type="button" aria-label=${`Send again: ${letter.kind} about ${shortId(letter.subject)}`}
              aria-busy=${replaying.includes(letter.id)} onClick=${() => acts.replay(name, letter.id)}>Send again</button>
          </li>`)}
      </ul>
    </div>`;
}
