// The truth board: green while the books agree, red when they do not, with names.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import { lab, losePayment, newUser, sees, shop, until, withFault, withoutCatalog } from "./shop.mjs";

const TRUTH = { view: "truth" };
const check = (page, id) => page.locator(`[data-check="${id}"]`);
const numberOf = (page, id, number) => check(page, id).locator(".check-number", { hasText: new RegExp(`^${number}$`) }).waitFor();

async function letterAbout(order) {
  const { payment_id: payment } = await shop("GET", `/api/payments/${order}`);
  const letters = await lab("GET", "payment", "outbox");
  return letters.find(({ subject, dead_at: dead }) => subject === payment && dead) ?? null;
}

pageTest("the books of a healthy shop agree", TRUTH, async (page) => {
  await sees(page, "Money, orders and goods agree.");
  for (const id of ["money", "orders", "pending", "units", "lines", "letters"]) await numberOf(page, id, 0);
  await check(page, "units").getByText(/received = .* in stock \+ .* held \+ .* sold/).waitFor();
});

pageTest("a payment lost by firing once turns the board red within three seconds, and a replay turns it green", TRUTH, async (page, user) => {
  await sees(page, "Money, orders and goods agree.");
  const order = await losePayment(user);
  const lost = Date.now();
  await check(page, "money").getByText(order).waitFor({ timeout: 3_000 });
  assert.ok(Date.now() - lost < 3_000);
  await numberOf(page, "money", 1);
  await numberOf(page, "pending", 1);
  await sees(page, "things do not agree.");
  assert.ok(await letterAbout(order));

  await check(page, "letters").getByRole("button", { name: "Send it again" }).dblclick();
  await sees(page, "Money, orders and goods agree.");
  assert.equal((await shop("GET", `/api/orders/${order}`)).status, "PAID");
  await numberOf(page, "letters", 0);
  await page.getByRole("status").getByText("Sent once more.").waitFor();
  assert.equal(await page.locator(".action", { hasText: "/replay" }).count(), 1);
});

pageTest("a dead letter can also be replayed on the system view", { view: "system" }, async (page, user) => {
  const order = await losePayment(user);
  const card = page.getByRole("region", { name: "payment", exact: true });
  await card.getByText("1 dead letter").waitFor();
  await card.getByRole("button", { name: /^Send again/ }).dblclick();
  await until(async () => (await shop("GET", `/api/orders/${order}`)).status === "PAID");
  await card.getByText("1 dead letter").waitFor({ state: "detached" });
  assert.equal(await page.locator(".action", { hasText: "/replay" }).count(), 1);
});

pageTest("a cart line for a product that does not exist is named until it is gone", TRUTH, async (page, user) => {
  await sees(page, "Money, orders and goods agree.");
  await withFault("catalog", { kind: "error" }, () => shop("POST", `/api/cart/${user}/add?product_id=987654`));
  await check(page, "lines").getByText("987654").waitFor();
  await shop("DELETE", `/api/cart/${user}/clear`);
  await sees(page, "Money, orders and goods agree.");
});

pageTest("what a silent service would have to confirm is not known", { ...TRUTH, expectedFailures: ["/lab/catalog/"] }, async (page) => {
  await sees(page, "Money, orders and goods agree.");
  await withoutCatalog(async () => {
    await check(page, "units").getByText("catalog does not answer").waitFor();
    await numberOf(page, "units", "\\?");
    await numberOf(page, "letters", "\\?");
    await sees(page, "What can be checked agrees; not everybody answers.");
  });
  await sees(page, "Money, orders and goods agree.");
});

const ALL = ["cart", "catalog", "order", "payment"].map((service) => `/lab/${service}/`);
pageTest("when no service answers, nothing is said to agree", { ...TRUTH, expectedFailures: ALL }, async (page) => {
  await sees(page, "Money, orders and goods agree.");
  await page.route("**/lab/**", (route) => route.fulfill({ status: 503, json: { detail: "Service is unavailable" } }));
  await sees(page, "Nobody answers, so nobody knows.");
  for (const id of ["money", "orders", "pending", "units", "lines", "letters"]) await numberOf(page, id, "\\?");
  await check(page, "letters").getByText("catalog, order and payment do not answer, so this cannot be told.").waitFor();
  await page.unroute("**/lab/**");
  await sees(page, "Money, orders and goods agree.");
});

pageTest("a wrong leads to its order", { ...TRUTH, user: newUser() }, async (page, user) => {
  const order = await losePayment(user);
  try {
    await check(page, "money").getByRole("link").first().click();
    await page.locator("article").getByText(order).waitFor();
  } finally {
    const letter = await letterAbout(order);
    await lab("POST", "payment", `outbox/${letter.id}/replay`);
    await until(async () => (await shop("GET", `/api/orders/${order}`)).status === "PAID");
  }
});
