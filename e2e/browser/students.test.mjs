// A class in one shop: thirty students, each with a page and a `lab` tag of their own, break
// different things at the same time. Each must feel exactly what they have broken themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support.mjs";
import { SHOP_URL, addToCart, brokenFor, cartLine, newProduct, newUser, unbreak } from "./shop.mjs";

const STUDENTS = 30;
/** Pages at work in the same moment; all thirty stay open. */
const AT_ONCE = 4;
/** With so many pages open, a busy machine takes its time. */
const PAGE_MS = 60_000;

const isVerified = async (page, name) => {
  await cartLine(page, name).waitFor();
  await cartLine(page, name).getByText("Not verified.").waitFor({ state: "detached" });
};
const isUnverified = (page, name) => cartLine(page, name).getByText("Not verified.").waitFor();
const hears = (text) => (page) => page.getByRole("status").getByText(text).waitFor();

/** What each sixth of the class presses, what is then broken for them, and what they see. */
const KINDS = [
  { presses: [], broken: [], sees: isVerified },
  { presses: ["Down: catalog"], broken: ["catalog faults"], sees: isUnverified },
  { presses: ["Error: catalog"], broken: ["catalog faults"], sees: isUnverified },
  { presses: ["Error: catalog", "fail-closed"], broken: ["cart policy", "catalog faults"], sees: hears("cannot be checked") },
  { presses: ["Down: cart"], broken: ["cart faults"], sees: hears("Cart service is unavailable") },
  { presses: ["Slow: catalog", "swallow"], broken: ["cart policy", "catalog faults"], sees: isVerified },
];

async function enroll(number) {
  const tag = newUser();
  const kind = KINDS[number % KINDS.length];
  const opened = await openPage({ user: tag, tag });
  opened.page.setDefaultTimeout(PAGE_MS);
  opened.page.expectedFailures = kind.broken.length > 0 ? ["/api/"] : [];
  return { ...opened, tag, kind, product: await newProduct() };
}

/** Does the same for every student, a few at a time. */
async function each(students, work) {
  const waiting = [...students];
  const hand = async () => {
    for (let student = waiting.shift(); student; student = waiting.shift()) await work(student);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
}

async function breakOwn({ page, kind, tag }) {
  await page.goto(`${SHOP_URL}/#/shop`); // whoever breaks the catalog has seen its products before
  await page.locator(".card h3").first().waitFor();
  await page.getByRole("link", { name: "System", exact: true }).click();
  await page.getByLabel("only for requests with my tag").check();
  await page.getByRole("combobox").first().selectOption("10 minutes"); // a slow machine must not outlast it
  for (const name of kind.presses) {
    const button = page.getByRole("button", { name, exact: true });
    await button.and(page.locator(":enabled")).first().click(); // the cart's card is the first to have a policy
  }
  for (const service of new Set(kind.broken.map((what) => what.split(" ")[0]))) {
    await page.getByRole("region", { name: service, exact: true }).getByText(`for tag ${tag}`).first().waitFor();
  }
  await page.getByRole("link", { name: "Shop", exact: true }).click(); // where nobody asks the lab every second
}

async function shopAround({ page, product, kind }) {
  await addToCart(page, product.name);
  await kind.sees(page, product.name);
}

async function mend({ page }) {
  await page.getByRole("link", { name: "System", exact: true }).click();
  await page.getByRole("button", { name: "End all of mine" }).click();
  await page.getByRole("status").getByText("Your faults have ended").waitFor();
  await page.close();
}

const expectBroken = (students, list) => each(students, async ({ tag, kind }) => assert.deepEqual(await brokenFor(tag), list ?? kind.broken));

test("thirty students with their own tags do not disturb each other", async () => {
  const students = await Promise.all(Array.from({ length: STUDENTS }, (_, number) => enroll(number)));
  const [early, late] = [students.filter((_, index) => index % 2 === 0), students.filter((_, index) => index % 2 === 1)];
  try {
    await each(students, breakOwn);
    await expectBroken(students);
    assert.deepEqual(await brokenFor(null), []);
    await each(students, shopAround);

    await each(early, mend); // half of the class is done first, and the others notice nothing
    await expectBroken(early, []);
    await expectBroken(late);
    assert.deepEqual(students.flatMap(({ wrongs }) => wrongs), []);
  } finally {
    await Promise.all(students.map(({ close }) => close()));
    await unbreak();
  }
});
