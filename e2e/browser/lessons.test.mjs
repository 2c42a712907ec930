// Every lesson, in all three ways it can be run: by the page's own runner, by the page in a
// browser, and by scripts/lesson.sh. Each must pass, and each check must notice a spoiled run.
//
// Lessons keep to users, products and tags of their own, so they run side by side here, as in
// a class. Only the one that crashes a service runs alone.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { begin, runAll } from "../../frontend/js/lessons/runner.js";
import { randomHex, traceparent } from "../../frontend/js/ids.js";
import { API_KEY, SHOP_URL, brokenFor, sees, shop } from "./shop.mjs";
import { pageTest } from "./support.mjs";

const FOLDER = new URL("../../frontend/lessons/", import.meta.url);
const SCRIPT = fileURLToPath(new URL("../../scripts/lesson.sh", import.meta.url));
const readJson = (name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
const LESSONS = readJson("index.json").map(({ file }) => readJson(file));
/** Crashes a service, which is away for everybody until it is up again. */
const CRASHES = 14;
/** Lessons side by side: a third of a class. */
const AT_ONCE = 8;
/** The longest lesson waits for time-outs, pauses and retries; a busy machine doubles that. */
const LESSON_MS = 180_000;

async function send({ method, path, headers, body }) {
  const trace = randomHex(16);
  const started = performance.now();
  const traced = { ...headers, traceparent: traceparent(trace, randomHex(8), true) };
  const response = await fetch(SHOP_URL + path, { method, body, headers: traced });
  const text = await response.text();
  const ms = Math.round(performance.now() - started);
  return { status: response.status, headers: Object.fromEntries(response.headers), body: parse(text), ms, trace };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const tools = { send, key: API_KEY, now: () => Date.now(), wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };

/** Runs a lesson, whole or spoiled, and looks whether it has left anything of its own behind. */
async function runHere(lesson, skip) {
  const run = randomHex(4);
  const memory = begin(lesson, { run, number: 100_000_000 + (Number.parseInt(run, 16) % 900_000_000) });
  const result = await runAll(lesson, memory, tools, skip);
  assert.deepEqual(await brokenFor(memory.tag), []);
  assert.deepEqual((await shop("GET", `/api/cart/${memory.user}`)).cart, []);
  return result;
}

function runScript(lesson, ...options) {
  return new Promise((resolve) => {
    const env = { ...process.env, SHOP_URL, API_KEY };
    const child = execFile(SCRIPT, [String(lesson.number), ...options], { env }, (error, out, complaints) => {
      resolve({ code: error ? error.code : 0, text: out + complaints });
    });
    child.stdin.end();
  });
}

function bothWays(lesson) {
  const { number, spoil } = lesson;
  const options = { timeout: LESSON_MS };
  test(`lesson ${number} passes`, options, async () => {
    const { passed, points, outcomes } = await runHere(lesson, null);
    const wrong = outcomes.filter(({ outcome }) => !["done", "shown"].includes(outcome));
    assert.deepEqual(wrong.map(({ step, outcome }) => `${step.do}: ${outcome}`), []);
    assert.ok(passed, JSON.stringify(points.filter(({ holds }) => !holds)));
  });
  for (const skip of spoil) {
    test(`lesson ${number} is not passed without "${skip}"`, options, async () => {
      assert.equal((await runHere(lesson, skip)).passed, false);
    });
  }
  test(`lesson ${number} passes in a terminal`, options, async () => {
    const { code, text } = await runScript(lesson);
    assert.equal(code, 0, text);
    assert.doesNotMatch(text, /^ {2}! /m);
  });
  test(`lesson ${number} is not passed in a terminal without "${spoil[0]}"`, options, async () => {
    const { code, text } = await runScript(lesson, "--skip", spoil[0]);
    assert.equal(code, 1, text);
    assert.match(text, /^ {2}\[ \] /m);
  });
}

describe("lessons side by side", { concurrency: AT_ONCE }, () => {
  LESSONS.filter(({ number }) => number !== CRASHES).forEach(bothWays);
});

describe("the lesson that crashes a service", () => {
  LESSONS.filter(({ number }) => number === CRASHES).forEach(bothWays);
});

// In the page

const EVERYTHING = ["/api/", "/lab/", "/health/"]; // lessons provoke refusals on purpose

for (const { number, question } of LESSONS) {
  pageTest(`lesson ${number} is passed in the page`, { view: `lessons/${number}`, expectedFailures: EVERYTHING }, async (page) => {
    page.setDefaultTimeout(LESSON_MS);
    await page.getByLabel(question.choices[question.answer]).check();
    await page.getByRole("button", { name: "Run all that is left" }).click();
    await page.locator(":is([data-outcome=open], [data-outcome=running])").first().waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Check", exact: true }).click();
    await sees(page, "Passed.");
    await sees(page, "You predicted it.");
    await page.locator(`.lesson-list a[aria-current] .passed`).waitFor({ state: "attached" });
  });
}

pageTest("a lesson starts with a prediction, and its check says what is missing", { view: "lessons/4", expectedFailures: EVERYTHING }, async (page) => {
  const run = page.getByRole("button", { name: "Run step 2: Add the lamp" });
  await run.waitFor();
  assert.ok(await run.isDisabled());
  await page.locator(".prediction input").first().focus();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: /^Run step 1/ }).press("Enter");
  await page.locator("[data-outcome=done]").waitFor();
  await run.press("Enter");
  await page.locator("[data-outcome=done]").nth(1).waitFor();

  await page.getByRole("button", { name: "Check", exact: true }).press("Enter");

  await sees(page, "Not passed yet.");
  await page.locator(".points [data-holds=false]", { hasText: "The unknown product was refused" }).waitFor();
  await page.getByRole("button", { name: "Clean up and start over" }).click();
  await page.locator("[data-outcome=done]").first().waitFor({ state: "detached" });
});

pageTest("a step that needs an earlier one says so", { view: "lessons/4" }, async (page) => {
  await page.locator(".prediction input").first().check();
  await page.getByRole("button", { name: "Run step 2: Add the lamp" }).click();
  await sees(page, "Not possible yet: it needs what an earlier step brings (lamp).");
});

pageTest("progress and predictions are remembered", { view: "lessons/1", expectedFailures: EVERYTHING }, async (page) => {
  await page.locator(".prediction input").nth(1).check();
  await page.getByRole("button", { name: "Run all that is left" }).click();
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await sees(page, "Passed.");

  await page.reload();
  await sees(page, "1 of 16 passed");
  await page.getByRole("link", { name: /Your first request.*passed/ }).waitFor();
  assert.ok(await page.locator(".prediction input").nth(1).isChecked());
});

pageTest("a step leads to its diagram behind the scenes", { view: "lessons/3", width: 1280 }, async (page) => {
  await page.locator(".prediction input").first().check();
  await page.getByRole("button", { name: "Run all that is left" }).click();
  await page.getByRole("button", { name: "What happened" }).nth(2).click();
  await page.locator(".panel h3", { hasText: "Add the lamp." }).waitFor();
  await page.locator(".panel").getByText("POST /cart/{user_id}/add").first().waitFor();
});

pageTest("a lesson that does not exist is said to be missing", { view: "lessons/99" }, async (page) => {
  await sees(page, "There is no such lesson.");
});

for (const theme of ["light", "dark"]) {
  for (const width of [360, 1280]) {
    pageTest(`lessons have no axe violations and room: ${theme}, ${width} px`, { theme, width, view: "lessons", expectedFailures: EVERYTHING }, async (page) => {
      await page.locator(".lesson-list li").first().waitFor();
      await expectNoViolations(page);
      await page.getByRole("link", { name: /all of an order or none/ }).click();
      await page.locator(".prediction input").first().check();
      await page.getByRole("button", { name: "Run all that is left" }).click();
      await page.locator(":is([data-outcome=open], [data-outcome=running])").first().waitFor({ state: "detached" });
      await page.locator("summary").first().click();
      await expectNoViolations(page);
      await page.getByRole("button", { name: "Check", exact: true }).click();
      await sees(page, "Passed.");
      await expectNoViolations(page);
      const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(content <= room, `${content} px of content in ${room} px`);
    });
  }
}

async function expectNoViolations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run(document));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`), []);
}
