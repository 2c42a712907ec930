// The lessons view: the list with what is passed, and the lesson that is open beside it.

import { html } from "../../vendor/htm-preact-standalone.js";
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
function showTrace({ state, acts }, traceId) {
  const action = state.actions.list.find((entry) => entry.traceId === traceId);
  if (!action) return;
  acts.remember({ panelOpen: true });
  if (state.panel.chosen !== action.id) acts.choose(action);
  document.querySelector(".panel").scrollIntoView({ block: "nearest" });
}

export function Lessons({ list, problem, route, progress, ...given }) {
  return html`
    <div class="lessons" data-open=${route.id !== null}>
      <h1 id="view-title" tabindex="-1">Lessons</h1>
      <section class="lesson-list" aria-label="All lessons">
        ${problem && html`<${Problem} text=${problem} />`}
        ${list ? html`<${List} ...${{ list, progress, route }} />` : html`<p class="reserved" role="status">Loading the lessons</p>`}
      </section>
      <section class="lesson-open" aria-label="The open lesson">
        ${route.id && given.lesson?.number === Number(route.id)
          ? html`<${Lesson} key=${given.lesson.number} ...${given} progress=${progress} count=${list.length} />`
          : html`<${Nothing} ...${{ route, list, loading: given.loading, running: given.running }} />`}
      </section>
    </div>`;
}

function Nothing({ route, list, loading, running }) {
  const exists = list?.some(({ number }) => number === Number(route.id));
  if (route.id && (loading || running === "cleanup" || exists)) return html`<p class="reserved" role="status">Loading the lesson</p>`;
  return html`
    <${Empty} title=${route.id ? "There is no such lesson." : "No lesson is open."}>
      Choose one: predict what will happen, let it happen, and see whether you were right.
    <//>`;
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
