// How a lesson is read and run, with a network that the test makes up; and that jq, which runs
// lessons in a terminal, reads paths, names and conditions in the same way.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judge } from "../../../frontend/js/lessons/checks.js";
import { at, fill, unknownNames } from "../../../frontend/js/lessons/paths.js";
import { essence, loadProgress, saveProgress } from "../../../frontend/js/lessons/progress.js";
import { begin, requestsOf, runAll, runStep } from "../../../frontend/js/lessons/runner.js";

const SCRIPTS = fileURLToPath(new URL("../../../scripts", import.meta.url));

function jq(program, input) {
  const options = ["-c", "-L", SCRIPTS, `include "lesson"; ${program}`];
  return JSON.parse(execFileSync("jq", options, { input: JSON.stringify(input), encoding: "utf8" }));
}

const MEMORY = {
  tag: "ann",
  order: "o-1",
  lamp: 7,
  price: 12.5,
  gone: null,
  race: { answers: [{ status: 409 }, { status: 201, body: { order_id: "o-9" }, headers: { "x-degraded": "yes" } }] },
  spans: [{ name: "GET catalog /product/7", ok: true }, { name: "x", ok: false }],
};

const PATHS = {
  lamp: 7,
  "race.answers.0.status": 409,
  "race.answers.[status=201].0.body.order_id": "o-9",
  "race.answers.[status=201].length": 1,
  "race.answers.[status=500].length": 0,
  "race.answers.1.headers.x-degraded": "yes",
  "spans.[name=GET catalog /product/7].length": 1,
  "spans.[ok=false].0.name": "x",
  "spans.nothing": null,
  "gone.deeper": null,
  "order.length": null,
  "tag.0": null,
};

test("a path picks by name, by place, by value, and counts; in jq as well", () => {
  const wanted = Object.values(PATHS);
  assert.deepEqual(Object.keys(PATHS).map((path) => at(MEMORY, path) ?? null), wanted);
  assert.deepEqual(jq(". as $in | [$in.paths[] as $path | $in.memory | at($path)]", { paths: Object.keys(PATHS), memory: MEMORY }), wanted);
});

const TEMPLATE = {
  path: "/api/orders/{order}/x?p={lamp}",
  body: [{ product_id: "{lamp}", price: "{price}", note: "a {tag} {later}", more: "{race.answers.0.status}" }],
  later: "{later}",
  gone: "{gone}",
  none: null,
};
const FILLED = {
  path: "/api/orders/o-1/x?p=7",
  body: [{ product_id: 7, price: 12.5, note: "a ann {later}", more: 409 }],
  later: "{later}",
  gone: "{gone}",
  none: null,
};

test("names in braces become values that keep their kind; in jq as well", () => {
  assert.deepEqual(fill(TEMPLATE, MEMORY), FILLED);
  assert.deepEqual(unknownNames(TEMPLATE, MEMORY).toSorted(), ["gone", "later"]);
  assert.deepEqual(jq(". as $in | .template | fill($in.memory)", { template: TEMPLATE, memory: MEMORY }), FILLED);
});

const CONDITIONS = [
  [{ path: "lamp", equals: 7 }, true],
  [{ path: "lamp", equals: "7" }, false],
  [{ path: "order", equals: "{order}" }, true],
  [{ path: "lamp", at_least: 8 }, false],
  [{ path: "lamp", at_most: 7 }, true],
  [{ path: "order", at_least: 0 }, false],
  [{ path: "order", contains: "{lamp}" }, false],
  [{ path: "race.answers.[status=201].0.body.order_id", contains: "9" }, true],
  [{ path: "order", not: "o-2" }, true],
  [{ path: "missing", not: "o-2" }, false],
  [{ path: "missing", at_most: 3 }, false],
  [{ path: "missing", exists: false }, true],
  [{ path: "gone", exists: true }, false],
  [{ path: "spans.0.ok", exists: true }, true],
  [{ path: "spans.1.ok", equals: false }, true],
];

test("nothing can be said of what is not there, except that; in jq as well", () => {
  const conditions = CONDITIONS.map(([condition]) => condition);
  const wanted = CONDITIONS.map(([, holds]) => holds);
  assert.deepEqual(judge(conditions, MEMORY).map(({ holds }) => holds), wanted);
  assert.deepEqual(jq(". as $in | .conditions | judge($in.memory) | map(.holds)", { conditions, memory: MEMORY }), wanted);
});

test("what is missing is said in words", () => {
  const [point] = judge([{ say: "Paid", path: "order", equals: "o-2" }], MEMORY);
  assert.deepEqual(point, { say: "Paid", holds: false, missing: "wanted o-2, found o-1" });
});

test("jq reads an answer as the page does", () => {
  const head = "HTTP/1.1 200 OK\r\nX-Degraded: catalog: away\r\nEmpty:\r\n\r\n";
  const answer = jq('.head as $head | answer($head; "{\\"a\\":1}"; 200; 0.0125; "t")', { head });
  assert.deepEqual(answer, { status: 200, headers: { "x-degraded": "catalog: away", empty: "" }, body: { a: 1 }, ms: 12, trace: "t" });
  assert.equal(jq('answer(""; "<html>"; 502; 1; "t") | .body', {}), null);
});

/** A network that gives the next of its answers, and the last one for ever. */
function network(...answers) {
  const sent = [];
  const send = async (request) => {
    sent.push(request);
    return { headers: {}, body: null, ms: 1, trace: "t", ...(answers.length > 1 ? answers.shift() : answers[0]) };
  };
  let clock = 0;
  return { sent, send, key: "k", now: () => clock, wait: async (ms) => (clock += ms) };
}

test("every request carries key and tag, and a lesson may leave them out", () => {
  const memory = begin({ number: 3 }, { tag: "ann", run: "r1", number: 9 });
  assert.deepEqual(memory, { tag: "ann", run: "r1", number: 9, user: "lesson3-r1" });
  const request = { method: "POST", path: "/x/{copy}", headers: { "X-API-Key": null, a: "{tag}" }, body: { n: "{number}" } };
  const [first, second] = requestsOf({ request, times: 2 }, memory, "k");
  assert.deepEqual(first, { method: "POST", path: "/x/1", headers: { baggage: "lab=ann", "Content-Type": "application/json", a: "ann" }, body: '{"n":9}' });
  assert.equal(second.path, "/x/2");
});

test("a tag that the lab would refuse is replaced by one of the run's own", () => {
  for (const tag of ["", "team 7", "x".repeat(65)]) assert.equal(begin({ number: 1 }, { tag, run: "r", number: 1 }).tag, "lesson-r");
});

test("a step keeps what later steps need, and is blocked until it is there", async () => {
  const tools = network({ status: 201, body: { id: 7 } });
  const memory = {};
  const later = { id: "b", do: "B", request: { method: "GET", path: "/{lamp}" } };
  assert.equal((await runStep(later, memory, tools)).outcome, "blocked");
  await runStep({ id: "a", do: "A", request: { method: "POST", path: "/" }, expect: 201, keep: { lamp: "body.id" } }, memory, tools);
  assert.equal((await runStep(later, memory, tools)).outcome, "done");
  assert.deepEqual(tools.sent.map(({ path }) => path), ["/", "/7"]);
});

test("a step waits for what it waits for, and not longer than it says", async () => {
  const step = { id: "a", do: "A", request: { method: "GET", path: "/" }, until: [{ path: "a.status", equals: 200 }], within_s: 2 };
  assert.equal((await runStep(step, {}, network({ status: 503 }, { status: 503 }, { status: 200 }))).outcome, "done");
  const never = network({ status: 503 });
  assert.equal((await runStep(step, {}, never)).outcome, "late");
  assert.ok(never.now() >= 2000 && never.now() < 3000);
});

test("an answer nobody expected is said to be one", async () => {
  const step = { id: "a", do: "A", request: { method: "GET", path: "/" }, expect: [200, 404] };
  assert.equal((await runStep(step, {}, network({ status: 500 }))).outcome, "unexpected");
  assert.equal((await runStep(step, {}, network({ status: 404 }))).outcome, "done");
});

test("a lesson cleans up behind itself even when it breaks half-way", async () => {
  const tools = network({ status: 200 });
  const lesson = {
    setup: [],
    steps: [{ id: "a", do: "A", request: { method: "GET", path: "/a" }, until: [{ path: "a", sounds_like: 1 }] }],
    cleanup: [{ do: "Clean", request: { method: "DELETE", path: "/clean" } }],
  };
  await assert.rejects(runAll(lesson, {}, tools));
  assert.equal(tools.sent.at(-1).path, "/clean");
});

test("progress is kept without the answers, and never needed", () => {
  const kept = new Map();
  const storage = () => ({ getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) });
  const forbidden = () => {
    throw new Error("storage is forbidden");
  };
  saveProgress({ passed: [3], predictions: { 3: 1 }, left: {} }, storage);
  assert.deepEqual(loadProgress(storage).passed, [3]);
  saveProgress({}, forbidden);
  assert.deepEqual(loadProgress(forbidden).passed, []);
  assert.deepEqual(essence(MEMORY), { tag: "ann", order: "o-1", lamp: 7, price: 12.5 });
});
