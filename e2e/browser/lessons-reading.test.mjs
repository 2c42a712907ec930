// What a lesson owes its reader besides passing: progress that two tabs do not take from each
// other, nothing left behind, a focus that stays where it is, and words that are true.

import assert from "node:assert/strict";
import { SHOP_URL, brokenFor, hasFocus, newUser, sees, until } from "./shop.mjs";
import { pageTest } from "./support.mjs";

const EVERYTHING = ["/api/", "/lab/", "/health/"]; // lessons provoke refusals on purpose
/** Lesson 5 takes the catalog away in its third step. */
const UNTIL_BROKEN = [1, 2, 3];

const button = (page, name) => page.getByRole("button", { name, exact: true });
const stepButton = (page, number) => page.getByRole("button", { name: new RegExp(`^(Run|Again) step ${number}:`) });
const heading = (page, number) => page.getByRole("heading", { name: new RegExp(`^Lesson ${number}:`) });
const stored = (page) => page.evaluate(() => JSON.parse(localStorage.getItem("shop-lessons")));

/** Another tab of the same browser. */
async function openTab(page, number) {
  const tab = await page.context().newPage();
  await tab.goto(`${SHOP_URL}/#/lessons/${number}`);
  await heading(tab, number).waitFor();
  return tab;
}

async function runSteps(page, numbers) {
  await page.locator(".prediction input").first().check();
  for (const number of numbers) {
    await stepButton(page, number).click();
    await page.locator(`.lesson-steps > [data-outcome=done]:nth-child(${number})`).waitFor();
  }
}

async function pass(page) {
  await page.locator(".prediction input").first().check();
  await button(page, "Run all that is left").click();
  await page.locator(":is([data-outcome=open], [data-outcome=running])").first().waitFor({ state: "detached" });
  await button(page, "Check").click();
  await sees(page, "Passed.");
}

// Two tabs, and what is left behind

pageTest("lessons passed in two tabs are both remembered", { view: "lessons/1", expectedFailures: EVERYTHING }, async (page) => {
  const other = await openTab(page, 4);
  await pass(page);
  await pass(other);
  assert.deepEqual((await stored(page)).passed, [1, 4]);
  assert.deepEqual(Object.keys((await stored(page)).predictions), ["1", "4"]);
  await sees(other, "2 of 16 passed");
});

pageTest("a tab does not forget the run that another one is in the middle of", { view: "lessons/5", expectedFailures: EVERYTHING }, async (page) => {
  const other = await openTab(page, 1);
  await runSteps(page, UNTIL_BROKEN);
  await pass(other);
  assert.deepEqual(Object.values((await stored(page)).left).map(({ number }) => number), [5]);
  await button(page, "Clean up and start over").click();
  await until(async () => Object.keys((await stored(page)).left).length === 0);
});

const own = newUser();
pageTest("a lesson that was cut off by a reload is cleaned up and can start again", { view: "lessons/5", tag: own, expectedFailures: EVERYTHING }, async (page) => {
  await runSteps(page, UNTIL_BROKEN);
  assert.deepEqual(await brokenFor(own), ["catalog faults"]);

  await page.reload();
  await heading(page, 5).waitFor();

  assert.deepEqual(await brokenFor(own), []);
  assert.deepEqual((await stored(page)).left, {});
  await runSteps(page, [1]);
});

const shared = newUser();
pageTest("a run is cleaned up once its tab is closed, and not while it goes on", { view: "lessons/5", tag: shared, expectedFailures: EVERYTHING }, async (page) => {
  await runSteps(page, UNTIL_BROKEN);
  const other = await openTab(page, 1);
  await other.reload();
  await heading(other, 1).waitFor();
  assert.deepEqual(await brokenFor(shared), ["catalog faults"]);

  await Promise.all([page.waitForEvent("close"), page.close({ runBeforeUnload: true })]);
  await other.reload();
  await heading(other, 1).waitFor();
  assert.deepEqual(await brokenFor(shared), []);
});

// The focus

pageTest("the next lesson is read from its heading", { view: "lessons/1", expectedFailures: EVERYTHING }, async (page) => {
  await pass(page);
  await page.getByRole("link", { name: "On to lesson 2" }).press("Enter");
  await heading(page, 2).waitFor();
  await until(() => hasFocus(heading(page, 2)));
  const { y } = await heading(page, 2).boundingBox();
  assert.ok(y > 0 && y < 200, `the heading is at ${y} px`);
});

pageTest("a lesson that comes with its view leaves the focus at the view's title", { view: "lessons/1" }, async (page) => {
  await heading(page, 1).waitFor();
  await page.getByRole("link", { name: "Shop", exact: true }).click();
  await page.locator(".card h3").first().waitFor();
  await page.goBack();
  await heading(page, 1).waitFor();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  assert.ok(await hasFocus(page.locator("#view-title")));
});

pageTest("the keyboard stays where it is while a lesson works", { view: "lessons/4", expectedFailures: EVERYTHING }, async (page) => {
  await page.locator(".prediction input").first().check();
  await stepButton(page, 1).press("Enter");
  await page.locator("[data-outcome=done]").first().waitFor();
  assert.ok(await hasFocus(stepButton(page, 1)));
  await button(page, "Run all that is left").press("Enter");
  await page.locator(":is([data-outcome=open], [data-outcome=running])").first().waitFor({ state: "detached" });
  assert.ok(await hasFocus(button(page, "Run all that is left")));
  await button(page, "Check").press("Enter");
  await sees(page, "Passed.");
  assert.ok(await hasFocus(button(page, "Check")));
  await button(page, "Clean up and start over").press("Enter");
  await page.locator("[data-outcome=done]").first().waitFor({ state: "detached" });
  assert.ok(await hasFocus(button(page, "Clean up and start over")));
});

pageTest("a button that is off does nothing, and looks like it", { view: "lessons/4" }, async (page) => {
  const run = stepButton(page, 1);
  await run.waitFor();
  assert.equal(await run.getAttribute("aria-disabled"), "true");
  assert.equal(await run.evaluate((element) => getComputedStyle(element).cursor), "not-allowed");
  await run.click({ force: true });
  await run.press("Enter");
  assert.equal(await page.locator(".lesson-steps > :not([data-outcome=open])").count(), 0);
});

// True words

for (const theme of ["light", "dark"]) {
  pageTest(`only what an answer hints at has the color of caution: ${theme}`, { view: "lessons/5", theme, expectedFailures: EVERYTHING }, async (page) => {
    await runSteps(page, [...UNTIL_BROKEN, 4]);
    const answer = page.locator(".lesson-steps > :nth-child(4) .answers li");
    await answer.locator("summary").click();
    const colorOf = (selector) => answer.locator(selector).evaluate((element) => getComputedStyle(element).color);
    assert.equal(await colorOf("pre code"), await colorOf("pre"));
    assert.notEqual(await colorOf("> code"), await colorOf("pre"));
    await button(page, "Clean up and start over").click();
    await page.locator("[data-outcome=done]").first().waitFor({ state: "detached" });
  });
}

pageTest("a request that the page no longer keeps is said to be gone", { view: "lessons/1", expectedFailures: EVERYTHING }, async (page) => {
  await runSteps(page, [1]);
  for (let newer = 0; newer < 50; newer += 1) await runSteps(page, [2]);
  await page.getByRole("button", { name: "What happened" }).first().click();
  await page.getByRole("status").getByText("The page keeps only its latest requests").waitFor();
});

pageTest("the port of a service is not promised", { view: "lessons/15" }, async (page) => {
  await sees(page, "The port is 8003 unless the shop was opened with another.");
});
