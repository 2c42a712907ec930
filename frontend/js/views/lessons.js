// The lessons view: the list with what is passed, and the lesson that is open beside it.

import { html, useRef } from "../../vendor/htm-preact-standalone.js";
import { lessonActs } from "../acts/lessons.js";
import { hashFor } from "../route.js";
import { Icon } from "./icons.js";
import { Lesson } from "./lesson.js";
import { Empty, Problem } from "./parts.js";

/** Called once, when the view is first opened. */
export function connect(page) {
  const lessons = lessonActs(page);
  const acts = { ...lessons, copy: page.acts.copy, showTrace: (traceId) => showTrace(page, traceId) };
  const draw = () => {
    const { state } = page;
    return html`<${Lessons} ...${state.lessons} route=${state.route} apiKey=${state.settings.key} acts=${acts} />`;
  };
  return { draw, load: lessons.load };
}

/** Opens a request behind the scenes, where its diagram is drawn. */
function showTrace({ state, acts, say }, traceId) {
  const action = state.actions.list.find((entry) => entry.traceId === traceId);
  if (!action) return say("The page keeps only its latest requests, and this one is not among them. Run the step again to see it.", "caution");
  acts.remember({ panelOpen: true });
  if (state.panel.chosen !== action.id) acts.choose(action);
  document.querySelector(".panel").scrollIntoView({ block: "nearest" });
}

export function Lessons({ list, problem, route, progress, ...given }) {
  const isWithin = useIsWithin(route.id);
  return html`
    <div class="lessons" data-open=${route.id !== null}>
      <h1 id="view-title" tabindex="-1">Lessons</h1>
      <section class="lesson-list" aria-label="All lessons">
        ${problem && html`<${Problem} text=${problem} />`}
        ${list ? html`<${List} ...${{ list, progress, route }} />` : html`<p class="reserved" role="status">Loading the lessons</p>`}
      </section>
      <section class="lesson-open" aria-label="The open lesson">
        ${route.id && given.lesson?.number === Number(route.id)
          ? html`<${Lesson} key=${given.lesson.number} ...${given} progress=${progress} takesFocus=${isWithin} count=${list.length} />`
          : html`<${Nothing} ...${{ route, list, progress, loading: given.loading, running: given.running }} />`}
      </section>
    </div>`;
}

/**
 * Whether something was opened within the view. What came together with the view leaves the
 * focus alone: main.js puts it on the view's title.
 */
function useIsWithin(id) {
  const first = useRef(id);
  if (id !== first.current) first.current = undefined;
  return first.current === undefined;
}

function Nothing({ route, list, progress, loading, running }) {
  const exists = list?.some(({ number }) => number === Number(route.id));
  if (route.id && (loading || running === "cleanup" || exists)) return html`<p class="reserved" role="status">Loading the lesson</p>`;
  if (route.id) return html`<${Empty} title="There is no such lesson.">Choose one from the list.<//>`;
  return list && html`<${Welcome} list=${list} passed=${progress.passed} />`;
}

const PARTS = [
  ["question", "Predict", "Say what you think will happen, before anything does."],
  ["bolt", "Let it happen", "Run the steps one by one, or copy them as curl into a terminal."],
  ["disc", "Look", "Follow each request behind the scenes, down to the statements."],
  ["check", "Check", "Computed from the shop itself: passed, or what is missing."],
];

/** How a lesson goes, and the way to the next one. */
function Welcome({ list, passed }) {
  const next = list.find(({ number }) => !passed.includes(number));
  return html`
    <div class="welcome">
      <h2>Break it, and see what holds</h2>
      <p>Each lesson takes about five minutes. What it breaks, it breaks for your requests only, and in the end it puts everything back.</p>
      <ol>
        ${PARTS.map(([sign, title, text]) => html`
          <li key=${title}><span class="step-sign"><${Icon} name=${sign} /></span><h3>${title}</h3><p>${text}</p></li>`)}
      </ol>
      ${next
        ? html`<a class="button" href=${hashFor("lessons", { id: String(next.number) })}>${passed.length === 0 ? "Start with" : "Go on with"} lesson ${next.number}: ${next.title}</a>`
        : html`<p><b>All ${list.length} are passed.</b> Choose any of them to see it again.</p>`}
    </div>`;
}

function List({ list, progress, route }) {
  const { passed } = progress;
  return html`
    <p class="quiet" role="status">${passed.length} of ${list.length} passed</p>
    <progress max=${list.length} value=${passed.length} aria-label="Lessons passed"></progress>
    <ol>
      ${list.map(({ number, title }) => html`
        <li key=${number}>
          <a href=${hashFor("lessons", { id: String(number) })} aria-current=${Number(route.id) === number ? "true" : null}>
            <span class="lesson-number" aria-hidden="true">${number}</span>
            <span>${title}</span>
            ${passed.includes(number) && html`<span class="passed"><${Icon} name="check" /><span class="unseen">, passed</span></span>`}
          </a>
        </li>`)}
    </ol>`;
}
