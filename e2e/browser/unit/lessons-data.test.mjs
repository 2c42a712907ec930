// Promises about the lessons as they are written.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../../../frontend/lessons/", import.meta.url);
const readJson = (name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
const INDEX = readJson("index.json");
const LESSONS = INDEX.map(({ file }) => readJson(file));
const BUILT_IN = ["tag", "run", "number", "user", "copy"];
const QUESTIONS = ["equals", "not", "at_least", "at_most", "contains", "exists"];

const stepsOf = ({ setup, steps, check, cleanup }) => [...setup, ...steps, ...check.ask, ...cleanup];
const namesIn = (part) => [...JSON.stringify(part).matchAll(/\{([a-z][a-z0-9_.]*)\}/g)].map(([, name]) => name.split(".")[0]);
const keptBy = (steps) => steps.flatMap(({ keep = {} }) => Object.keys(keep));

test("the index lists every lesson, in order", () => {
  const files = readdirSync(FOLDER).filter((name) => name !== "index.json");
  assert.deepEqual(INDEX.map(({ file }) => file), files.toSorted());
  assert.deepEqual(INDEX.map(({ number, title }) => ({ number, title })), LESSONS.map(({ number, title }) => ({ number, title })));
  assert.deepEqual(INDEX.map(({ number }) => number), INDEX.map((_, index) => index + 1));
});

for (const lesson of LESSONS) {
  const { number, question, steps, check, cleanup, spoil } = lesson;

  test(`lesson ${number} asks a question that has one answer`, () => {
    assert.ok(question.choices.length >= 3);
    assert.ok(question.answer in question.choices);
    assert.ok(lesson.why && question.because && lesson.look.length > 0);
  });

  test(`lesson ${number} uses no name twice, and none before it is known`, () => {
    const ids = stepsOf(lesson).flatMap(({ id }) => id ?? []);
    const all = [...BUILT_IN, ...ids];
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(ids.filter((id) => keptBy(stepsOf(lesson)).includes(id)), []);
    const known = new Set(BUILT_IN);
    for (const { do: about, request, requests, sql, keep = {}, id } of stepsOf(lesson)) {
      assert.deepEqual(namesIn([about, request, requests, sql]).filter((name) => !known.has(name)), [], about);
      [id, ...Object.keys(keep)].forEach((name) => known.add(name));
    }
    assert.deepEqual(namesIn([check.that, lesson.look]).filter((name) => !known.has(name)), []);
  });

  test(`lesson ${number} judges only steps there are, in words there are`, () => {
    const ids = [...steps, ...check.ask].map(({ id }) => id);
    const waits = stepsOf(lesson).flatMap(({ id, until = [] }) => until.map((condition) => ({ ...condition, own: id })));
    for (const { say, path, own, ...asked } of [...check.that, ...waits]) {
      const questions = Object.keys(asked);
      assert.ok(questions.length === 1 && QUESTIONS.includes(questions[0]), path);
      assert.ok(own ? path.startsWith(`${own}.`) : ids.includes(path.split(".")[0]), path);
    }
    assert.ok(check.that.every(({ say }) => say));
  });

  test(`lesson ${number} breaks things only for its own tag and waits only for a time`, () => {
    for (const { request, requests, until, within_s: limit } of stepsOf(lesson)) {
      for (const { method, path, body } of requests ?? [request].filter(Boolean)) {
        if (/^\/lab\/\w+\/(faults|policy|crash)/.test(path) && method !== "GET") {
          assert.ok(body ? body.only_for === "{tag}" : path.endsWith("only_for={tag}"), path);
        }
        assert.doesNotMatch(path, /reset/);
      }
      assert.ok(!until || limit <= 60);
    }
  });

  test(`lesson ${number} cleans up with nothing but names, and ends what it began`, () => {
    const known = [...BUILT_IN, ...keptBy(stepsOf(lesson))];
    assert.deepEqual(namesIn(cleanup.map(({ request }) => request)).filter((name) => !known.includes(name)), []);
    const touched = (list) => list.flatMap(({ request }) => /^\/lab\/(\w+)\/(faults|policy|crash)/.exec(request?.path)?.[0] ?? []);
    const began = touched(steps.filter(({ request }) => request?.method !== "GET"));
    assert.deepEqual(began.filter((what) => !touched(cleanup).includes(what)), []);
  });

  test(`lesson ${number} can be spoiled by leaving out a step`, () => {
    assert.ok(spoil.length > 0);
    assert.deepEqual(spoil.filter((skip) => !steps.some(({ id }) => id === skip)), []);
  });
}

/** These count on what the cart remembers, and every announcement of a product makes it forget. */
for (const number of [3, 13]) {
  test(`lesson ${number} begins when nothing is on its way that makes the cart forget`, () => {
    const { setup } = LESSONS.find((lesson) => lesson.number === number);
    const { id, request, until } = setup.at(-1);
    assert.equal(request.path, "/lab/catalog/outbox");
    assert.deepEqual(until, [{ path: `${id}.body.[subject={lamp}].length`, equals: 0 }]);
  });
}
