// What the reader does with lessons: open, predict, run, check, start over.
//
// One run at a time. It ends when its check is passed, when the reader starts over or opens
// another lesson; then it cleans up behind itself. A run that was left behind by closing or
// reloading the page is cleaned up at the next visit.

import { randomHex } from "../ids.js";
import { essence, loadProgress, saveProgress, together } from "../lessons/progress.js";
import { begin, cleanUp, runCheck, runStep } from "../lessons/runner.js";

/**
 * A page that goes away says that its run is left; one that crashes cannot. A run that nobody
 * has touched for so long was left behind, and is not going on in another tab.
 */
const LEFT_MS = 15 * 60_000;

const FRESH = { memory: null, outcomes: {}, running: null, checked: null, isStarted: false };

export function lessonActs({ state, update, fill, guarded, request }) {
  update("lessons", { list: null, lesson: null, loading: true, problem: null, progress: loadProgress(), ...FRESH });
  const now = () => state.lessons;

  const tools = (quiet) => ({
    send: (asked, about, isRepeat) => send(asked, about, quiet || isRepeat),
    key: state.settings.key,
    now: () => Date.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });

  /** Whatever comes back is an answer: a lesson often wants to be refused. */
  async function send({ method, path, headers, body }, about, quiet) {
    const trace = randomHex(16);
    const started = performance.now();
    const answer = await request(method, path, { body, about, quiet, traceId: trace, asked: { headers } });
    const ms = Math.round(performance.now() - started);
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: answer.body ?? null, ms, trace };
  }

  /** `change` makes the news out of all that is known: another tab may have stored something. */
  function remember(change) {
    const known = together(now().progress, loadProgress());
    const progress = { ...known, ...change(known) };
    update("lessons", { progress });
    saveProgress(progress);
  }

  async function read(path) {
    return (await request("GET", path, { quiet: true })).body;
  }

  async function load() {
    await fill("lessons", async () => ({ list: now().list ?? (await read("/lessons/index.json")) }));
    if (!now().isStarted) await cleanLeft();
    const wanted = Number(state.route.id); // only now: the reader may have chosen another meanwhile
    if (wanted && wanted !== now().lesson?.number) await open(wanted);
  }

  function fileOf(number) {
    return now().list?.find((entry) => entry.number === number)?.file;
  }

  async function open(number) {
    const file = fileOf(number);
    if (!file) return;
    await endRun();
    await fill("lessons", async () => {
      const lesson = await read(`/lessons/${file}`);
      return { lesson, ...FRESH, memory: newMemory(lesson) };
    });
  }

  function newMemory(lesson) {
    // A number no product has: sequences do not get that far in a shop like this.
    const number = 100_000_000 + (Number.parseInt(randomHex(4), 16) % 900_000_000);
    return begin(lesson, { tag: state.settings.tag, run: randomHex(4), number });
  }

  /** Cleans up behind the run that is open, if it has done anything. */
  async function endRun() {
    const { lesson, memory, isStarted } = now();
    if (!isStarted) return;
    update("lessons", { running: "cleanup" });
    await cleanUp(lesson, memory, tools(true));
    update("lessons", { running: null, isStarted: false });
    forget(memory.run);
  }

  function forget(run) {
    remember(({ left: { [run]: _, ...left } }) => ({ left }));
  }

  async function cleanLeft() {
    for (const { number, memory, at, isLeft } of Object.values(loadProgress().left)) {
      const file = fileOf(number);
      if (!file || (!isLeft && Date.now() - at < LEFT_MS)) continue;
      await cleanUp(await read(`/lessons/${file}`), memory, tools(true));
      forget(memory.run); // not earlier: this page, too, may go away half-way
    }
  }

  /** Before and after each step: what it makes must be known to whoever cleans up. */
  function noteRun({ isLeft }) {
    const { lesson, memory, isStarted } = now();
    if (!isStarted) return;
    const mine = { number: lesson.number, memory: essence(memory), at: Date.now(), isLeft };
    remember(({ left }) => ({ left: { ...left, [memory.run]: mine } }));
  }

  function stepsOf({ setup, steps }) {
    return [...setup, ...steps];
  }

  /** Returns whether the step went as it should. */
  async function run(index) {
    const { lesson, memory } = now();
    const step = stepsOf(lesson)[index];
    update("lessons", { running: index, isStarted: true, checked: null });
    noteRun({ isLeft: false });
    const result = await runStep(step, memory, tools(false));
    if (memory !== now().memory) return false; // another run has begun meanwhile
    noteRun({ isLeft: false });
    update("lessons", { running: null, outcomes: { ...now().outcomes, [index]: result } });
    return ["done", "shown"].includes(result.outcome);
  }

  async function runRest() {
    const count = stepsOf(now().lesson).length;
    for (let index = 0; index < count; index += 1) {
      if (now().outcomes[index]?.outcome === "done") continue;
      if (!(await run(index))) return;
    }
  }

  async function check() {
    const { lesson, memory } = now();
    update("lessons", { running: "check" });
    const checked = await runCheck(lesson, memory, tools(false));
    if (memory !== now().memory) return;
    if (checked.passed) {
      remember(({ passed }) => ({ passed: [...new Set([...passed, lesson.number])] }));
      await endRun(); // before it is said, because what is said is that all is cleaned up
    }
    update("lessons", { running: null, checked });
  }

  async function startOver() {
    await endRun();
    update("lessons", { ...FRESH, memory: newMemory(now().lesson) });
  }

  function predict(choice) {
    const { number } = now().lesson;
    remember(({ predictions }) => ({ predictions: { ...predictions, [number]: choice } }));
  }

  // Whoever opens the page next cleans up at once, be it this tab after a reload. A tab that goes
  // on, also one that was duplicated, says nothing here, and so keeps its run.
  addEventListener("pagehide", () => noteRun({ isLeft: true }));
  addEventListener("pageshow", () => noteRun({ isLeft: false })); // the way back may lead into the middle of it

  return { load: guarded(load), run: guarded(run), runRest: guarded(runRest), check: guarded(check), startOver: guarded(startOver), predict };
}
