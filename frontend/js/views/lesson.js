// One lesson: why, a prediction, the steps, what to look at, and the check.

import { html, useEffect, useRef } from "../../vendor/htm-preact-standalone.js";
import { curlText } from "../curl.js";
import { fill, unknownNames } from "../lessons/paths.js";
import { isForTerminal, needs, requestsOf } from "../lessons/runner.js";
import { hashFor } from "../route.js";
import { Icon } from "./icons.js";
import { Act } from "./parts.js";

/** Requests of one step that are shown in full; ten times the same teaches nothing. */
const SHOWN = 3;

/** Where a service listens if the shop was opened without a word about it. The page cannot know. */
const USUAL_PORTS = { cart: 8001, catalog: 8002, order: 8003, payment: 8004 };

const SIGNS = { done: "check", shown: "caret", unexpected: "bang", late: "clock", blocked: "dash" };

export function Lesson({ lesson, count, memory, outcomes, running, checked, isStarted, progress, takesFocus, apiKey, acts }) {
  const title = useRef(null);
  useEffect(() => {
    if (takesFocus) readFrom(title.current);
  }, []); // once: another lesson is another component
  const steps = [...lesson.setup, ...lesson.steps];
  const prediction = progress.predictions[lesson.number] ?? null;
  const isBusy = running !== null;
  const next = steps.findIndex((step, index) => !outcomes[index] && !isForTerminal(step));
  const given = { memory, apiKey, acts, locked: prediction === null || isBusy || Boolean(checked?.passed) };
  return html`
    <a class="back" href=${hashFor("lessons")}><${Icon} name="left" />All lessons</a>
    <div class="lesson">
      <h2 tabindex="-1" ref=${title}>Lesson ${lesson.number}: ${lesson.title}</h2>
      <p class="why">${lesson.why}</p>
      ${lesson.care && html`<p class="caution">${lesson.care}</p>`}
      <${Prediction} question=${lesson.question} ...${{ prediction, checked }} frozen=${isStarted || checked !== null} onPredict=${acts.predict} />
      <h3>Steps</h3>
      <p class="quiet">Faults and policies meet only requests with your tag, <code>${memory.tag}</code>.
        In this lesson you are <code>${memory.user}</code>.</p>
      ${prediction === null && html`<p class="caution">Predict first: choose an answer above.</p>`}
      <ol class="lesson-steps">
        ${steps.map((step, index) => html`
          <${Step} key=${index} ...${{ step, index, ...given }} result=${outcomes[index]} isNext=${index === next} isRunning=${running === index} />`)}
      </ol>
      <div class="buttons">
        <${Act} off=${given.locked || next < 0} onClick=${acts.runRest}>Run all that is left<//>
        <${Act} class="bare" off=${isBusy || (!isStarted && !checked)} onClick=${acts.startOver}>Clean up and start over<//>
      </div>
      <${Looks} look=${lesson.look} memory=${memory} />
      <${Check} ...${{ checked, isStarted, running }} onCheck=${acts.check} locked=${given.locked} />
      ${checked?.passed && lesson.number < count && html`
        <p><a class="button" href=${hashFor("lessons", { id: String(lesson.number + 1) })}>On to lesson ${lesson.number + 1}</a></p>`}
    </div>`;
}

/** The link that led here is gone, and the page may still be scrolled to where it was. */
function readFrom(heading) {
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ block: "start" });
}

function Prediction({ question, prediction, checked, frozen, onPredict }) {
  const isRight = prediction === question.answer;
  return html`
    <fieldset class="prediction">
      <legend>Predict: ${question.text}</legend>
      ${question.choices.map((choice, index) => html`
        <label key=${index}>
          <input type="radio" name="prediction" checked=${prediction === index} disabled=${frozen}
            onChange=${() => onPredict(index)} />
          <span>${choice}${checked && index === question.answer && html` <b class="right">This is what happened.</b>`}</span>
        </label>`)}
      ${checked && prediction !== null && html`
        <p class="verdict" data-right=${isRight}>${isRight ? "You predicted it." : "You predicted something else."} ${question.because}</p>`}
    </fieldset>`;
}

function Step({ step, index, result, isNext, isRunning, locked, memory, apiKey, acts }) {
  const outcome = isRunning ? "running" : result?.outcome ?? (isForTerminal(step) ? "shown" : "open");
  const about = fill(step.do, memory);
  return html`
    <li data-outcome=${outcome}>
      <div class="step-head">
        <span class="step-sign">${SIGNS[outcome] ? html`<${Icon} name=${SIGNS[outcome]} />` : index + 1}</span>
        <p>${about}</p>
        ${isForTerminal(step)
          ? html`<small>in a terminal</small>`
          : html`<${Act} class=${isNext ? "primary" : null} off=${locked} aria-busy=${isRunning}
              onClick=${() => acts.run(index)}>${result ? "Again" : "Run"}<span class="unseen"> step ${index + 1}: ${about}</span><//>`}
      </div>
      <${Command} ...${{ step, memory, apiKey }} onCopy=${acts.copy} />
      <div role="status">${result && html`<${Result} ...${{ step, result, memory }} onTrace=${acts.showTrace} />`}</div>
    </li>`;
}

/** The step as a command to copy; what is not known yet stands in braces. */
function Command({ step, memory, apiKey, onCopy }) {
  const text = "sql" in step ? sqlText(step.sql, memory) : curlTexts(step, memory, apiKey);
  return html`
    <details class="command" open=${isForTerminal(step)}>
      <summary>${"sql" in step ? "The command" : "The same as curl"}</summary>
      <pre tabindex="0"><code>${text}</code></pre>
      ${step.direct && html`<p class="quiet">The port is ${USUAL_PORTS[step.direct]} unless the shop was opened with another.</p>`}
      <button type="button" onClick=${() => onCopy(text)}>Copy</button>
    </details>`;
}

function sqlText({ service, query }, memory) {
  return `target/release/${service} sql "${fill(query, memory)}"`;
}

function curlTexts(step, memory, apiKey) {
  const origin = step.direct ? `http://127.0.0.1:${USUAL_PORTS[step.direct]}` : location.origin;
  const all = requestsOf(step, memory, apiKey);
  const shown = all.slice(0, SHOWN).map(({ path, ...request }) => curlText({ ...request, url: origin + path }));
  if (all.length > SHOWN) shown.push(`# ... ${all.length} in all${step.at_once ? ", at once" : ""}`);
  return shown.join("\n\n");
}

function Result({ step, result, memory, onTrace }) {
  const { outcome, answers } = result;
  return html`
    ${outcome === "blocked" && html`<p class="caution">Not possible yet: it needs what an earlier step brings (${needs(step, memory).join(", ")}).</p>`}
    ${outcome === "unexpected" && html`<p class="caution">Expected ${[step.expect].flat().join(" or ")}.</p>`}
    ${outcome === "late" && html`<p class="caution">It did not happen within ${step.within_s} seconds.</p>`}
    ${answers.length > 0 && html`
      <ul class="answers">
        ${answers.map((answer, index) => html`<${Answer} key=${index} answer=${answer} onTrace=${onTrace} />`)}
      </ul>`}
    ${step.note && answers.length > 0 && html`<p class="note">${fill(step.note, memory)}</p>`}`;
}

function Answer({ answer, onTrace }) {
  const { status, ms, headers, body, trace } = answer;
  const hints = ["x-degraded", "idempotency-replayed"].filter((name) => name in headers);
  return html`
    <li>
      <b class="status" data-class=${status === 0 ? "none" : `${String(status).charAt(0)}xx`}>${status === 0 ? "no answer" : status}</b>
      <span class="ms">${ms} ms</span>
      ${hints.map((name) => html`<code key=${name}>${name}: ${headers[name]}</code>`)}
      <button type="button" class="linklike" onClick=${() => onTrace(trace)}>What happened</button>
      ${body !== null && html`<details><summary>Body</summary><pre tabindex="0"><code>${JSON.stringify(body, null, 2)}</code></pre></details>`}
    </li>`;
}

function Looks({ look, memory }) {
  return html`
    <h3>What to look at</h3>
    <ul class="looks">
      ${look.map(({ text, link }) => html`
        <li key=${text}>${text}${link && unknownNames(link, memory).length === 0 && html` <a href=${fill(link, memory)}>Look</a>`}</li>`)}
    </ul>`;
}

function Check({ checked, isStarted, running, locked, onCheck }) {
  const verdict = useRef(null);
  useEffect(() => {
    if (checked) verdict.current.scrollIntoView({ block: "nearest" }); // it may be below the fold
  }, [checked]);
  return html`
    <h3>Check</h3>
    <p class="quiet">Computed from the shop itself, and from what it answered.</p>
    <div class="buttons">
      <${Act} class="primary" off=${locked || !isStarted} aria-busy=${running === "check"} onClick=${onCheck}>Check<//>
    </div>
    <div role="status" ref=${verdict}>
      ${checked && html`
        <p class="verdict" data-right=${checked.passed}>${checked.passed
          ? "Passed. Your faults, cart and products are cleaned up."
          : "Not passed yet. What is missing is marked; run those steps, or start over."}</p>
        <ul class="points">
          ${checked.points.map(({ say, holds, missing }) => html`
            <li key=${say} data-holds=${String(holds)}><${Icon} name=${holds ? "check" : "cross"} />
              <span><span class="unseen">${holds ? "Reached: " : "Missing: "}</span>${say}${!holds && html` <small>(${missing})</small>`}</span></li>`)}
        </ul>`}
    </div>`;
}
