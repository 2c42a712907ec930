// Runs a lesson, step by step, exactly as it is written: what a step means is decided here and
// in scripts/lesson.sh, what it does stands in lessons/*.json. docs/lessons.md tells the format.
//
// The network, the clock and chance come as arguments, so that tests choose them.

import { allHold, judge } from "./checks.js";
import { at, fill, unknownNames } from "./paths.js";

/** Between two looks of a step that waits: a person does not notice, a service does not mind. */
const LOOK_MS = 300;

/** The lab takes tags of this form only. */
const TAG = /^[A-Za-z0-9._-]{1,64}$/;

/** What is known before the first step: names of this run's own, so that runs do not meet. */
export function begin(lesson, { tag, run, number }) {
  const own = TAG.test(tag ?? "") ? tag : `lesson-${run}`;
  return { tag: own, run, number, user: `lesson${lesson.number}-${run}` };
}

/** Whether this page can run the step: some are for a terminal on the shop's machine. */
export function isForTerminal(step) {
  return "sql" in step || "direct" in step;
}

/** The requests of a step as they would be sent now. */
export function requestsOf(step, memory, key) {
  const wanted = step.requests ?? [step.request];
  const copies = Array.from({ length: step.times ?? 1 }, (_, index) => index + 1);
  return copies.flatMap((copy) => wanted.map((request) => prepare(request, { ...memory, copy: String(copy) }, key)));
}

function prepare(request, memory, key) {
  const { method, path, headers = {}, body } = fill(request, memory);
  const usual = { "X-API-Key": key, baggage: `lab=${memory.tag}`, ...(body !== undefined && { "Content-Type": "application/json" }) };
  const all = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== null);
  return { method, path, headers: Object.fromEntries(all), body: body === undefined ? undefined : JSON.stringify(body) };
}

/** What a step still needs from the steps before it. */
export function needs(step, memory) {
  return unknownNames(step.requests ?? step.request ?? step.sql, { ...memory, copy: "1" });
}

/**
 * Runs a step and writes into `memory` what came of it. Returns its outcome:
 * done, unexpected (another status), late (what it waited for did not come), blocked or shown.
 */
export async function runStep(step, memory, tools) {
  if (isForTerminal(step)) return { outcome: "shown", answers: [] };
  if (needs(step, memory).length > 0) return { outcome: "blocked", answers: [] };
  const end = tools.now() + (step.within_s ?? 0) * 1000;
  for (let looks = 0; ; looks += 1) {
    const answers = await ask(step, memory, tools, looks > 0);
    const isMet = allHold(step.until ?? [], memory);
    if (isMet || tools.now() >= end) return { outcome: outcomeOf(step, answers, isMet), answers };
    await tools.wait(LOOK_MS);
  }
}

function outcomeOf({ expect }, answers, isMet) {
  if (!isMet) return "late";
  const allowed = expect === undefined ? null : [expect].flat();
  return allowed && !answers.every(({ status }) => allowed.includes(status)) ? "unexpected" : "done";
}

/** `isRepeat` tells `send` that this is the same look again, which need not be told again. */
async function ask(step, memory, { send, key }, isRepeat) {
  const requests = requestsOf(step, memory, key);
  const about = fill(step.do, memory);
  const answers = [];
  if (step.at_once) answers.push(...(await Promise.all(requests.map((request) => send(request, about, isRepeat)))));
  else for (const request of requests) answers.push(await send(request, about, isRepeat));
  const answer = step.requests || step.times ? { answers } : answers[0];
  if (step.id) memory[step.id] = answer;
  for (const [name, path] of Object.entries(step.keep ?? {})) memory[name] = at(answer, fill(path, memory)) ?? null;
  return answers;
}

/** Asks anew for what the check looks at, and says of each point whether it is reached. */
export async function runCheck(lesson, memory, tools) {
  for (const step of lesson.check.ask) await runStep(step, memory, tools);
  const points = judge(lesson.check.that, memory);
  return { passed: points.every(({ holds }) => holds), points };
}

/** Leaves the shop as it was. Goes to the end whatever happens: half of a cleanup is none. */
export async function cleanUp(lesson, memory, tools) {
  for (const step of lesson.cleanup) await runStep(step, memory, tools);
}

/** Everything in a row; `skip` leaves a step out, to show that the check notices. */
export async function runAll(lesson, memory, tools, skip = null) {
  const outcomes = [];
  try {
    for (const step of [...lesson.setup, ...lesson.steps]) {
      if (step.id && step.id === skip) continue;
      outcomes.push({ step, ...(await runStep(step, memory, tools)) });
    }
    return { outcomes, ...(await runCheck(lesson, memory, tools)) };
  } finally {
    await cleanUp(lesson, memory, tools);
  }
}
