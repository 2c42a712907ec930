// Orders that exist: reading, paying, cancelling, paging.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import { newOrder, newUser, sees, shop } from "./shop.mjs";

const badge = (page, text) => page.locator("article .badge", { hasText: text }).waitFor();

async function openFirst(page) {
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.locator(".row").first().click();
  await page.locator("article").waitFor();
}

pageTest("a created order is paid from its page", { view: "orders" }, async (page, user) => {
  const order = await newOrder(user, 2);
  await openFirst(page);

  await page.getByRole("button", { name: "Pay $59.98" }).press("Enter");
  await badge(page, "PAID");
  await page.waitForFunction(() => document.activeElement.id === "order-title"); // the button is gone

  await page.locator(".timeline", { hasText: "PAYMENT COMPLETED" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel the order" }).count(), 0);
  assert.equal((await shop("GET", `/api/orders/${order.order_id}`)).status, "PAID");
});

pageTest("a listed order whose goods are pending is looked at again", { view: "orders" }, async (page, user) => {
  await newOrder(user);
  await page.route("**/api/orders?*", async (route) => {
    const response = await route.fetch();
    const json = (await response.json()).map((order) => ({ ...order, reservation: "PENDING" }));
    await route.fulfill({ response, json });
  }, { times: 1 });

  await page.getByRole("button", { name: "Refresh" }).click();

  await page.locator(".row .badge", { hasText: "HELD" }).waitFor();
});

const payInFull = ({ order_id: id, total_amount: total }) => shop("POST", `/api/pay?order_id=${id}&amount=${total}`);
const cancel = ({ order_id: id }) => shop("POST", `/api/orders/${id}/cancel`);

function open(page, { order_id: id }) {
  return page.evaluate((hash) => (location.hash = hash), `#/orders/${id}`);
}

/** What the page is told first, what has happened by then, and what it must find out by itself. */
const STALE = [
  ["whose goods are not sold yet", { status: "PAID", reservation: "HELD" }, payInFull, ["PAID", "COMMITTED"]],
  ["whose time is over", { expires_at: "2025-01-01T00:00:00.000Z" }, cancel, ["CANCELLED", "RELEASED"]],
  ["whose goods are not back yet", { status: "CANCELLED", reservation: "HELD" }, cancel, ["CANCELLED", "RELEASED"]],
];
for (const [which, told, happens, badges] of STALE) {
  pageTest(`an open order ${which} is looked at again`, { view: "orders" }, async (page, user) => {
    const order = await newOrder(user);
    await page.route(`**/api/orders/${order.order_id}`, async (route) => {
      const response = await route.fetch();
      await happens(order);
      await route.fulfill({ response, json: { ...(await response.json()), ...told } });
    }, { times: 1 });

    await open(page, order);

    for (const text of badges) await badge(page, text);
    assert.equal(await page.getByRole("button", { name: "Cancel the order" }).count(), 0);
  });
}

pageTest("payments that were not known are asked for again", { view: "orders", expectedFailures: ["/api/payments"] }, async (page, user) => {
  const order = await newOrder(user);
  await payInFull(order);
  const isAway = (route) => route.fulfill({ status: 503, json: { detail: "payment service is unavailable" } });
  await page.route("**/api/payments?*", isAway);
  await open(page, order);
  await sees(page, "The payment service is away");

  await page.unroute("**/api/payments?*", isAway);

  await badge(page, "COMPLETED");
});

pageTest("an order that was cancelled in another tab says so when the reader comes back", { view: "orders" }, async (page, user) => {
  const order = await newOrder(user);
  await open(page, order);
  await badge(page, "CREATED");
  await cancel(order);

  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

  await badge(page, "CANCELLED");
  assert.equal(await page.getByRole("button", { name: "Pay $29.99" }).count(), 0);
});

pageTest("Refresh reads the open order, too, which shows its times to the second", { view: "orders" }, async (page, user) => {
  const order = await newOrder(user);
  await open(page, order);
  await badge(page, "CREATED");
  const times = await page.locator(".facts time").allTextContents();
  assert.equal(times.length, 2);
  for (const time of times) assert.match(time, /\d\d:\d\d:\d\d$/);
  await cancel(order);

  await page.getByRole("button", { name: "Refresh" }).click();

  await badge(page, "CANCELLED");
});

pageTest("an order that is opened on a phone gets the focus", { view: "orders", width: 360 }, async (page, user) => {
  const orders = [await newOrder(user), await newOrder(user), await newOrder(user), await newOrder(user)];
  await page.getByRole("button", { name: "Refresh" }).click();
  // Whether the browser has drawn anything in between or not: with this, mostly not.
  await page.evaluate(() => (window.requestAnimationFrame = (callback) => (queueMicrotask(callback), 0)));
  for (const { order_id: id } of orders) {
    await page.locator(`.row[href*="${id}"]`).click();
    await page.locator("article", { hasText: id }).waitFor();
    await page.waitForFunction(() => document.activeElement.id === "order-title");
    await page.getByRole("link", { name: "Back to the list" }).click();
  }
});

pageTest("a created order is cancelled from its page", { view: "orders" }, async (page, user) => {
  const order = await newOrder(user);
  await openFirst(page);

  await page.getByRole("button", { name: "Cancel the order" }).click();
  await badge(page, "CANCELLED");

  await page.locator(".row .badge", { hasText: "CANCELLED" }).waitFor();
  assert.equal((await shop("GET", `/api/orders/${order.order_id}`)).status, "CANCELLED");
});

pageTest("an order that was paid elsewhere says so when it is cancelled", { view: "orders", expectedFailures: ["/cancel"] }, async (page, user) => {
  const order = await newOrder(user);
  await openFirst(page);
  await shop("POST", `/api/pay?order_id=${order.order_id}&amount=29.99`);

  await page.getByRole("button", { name: "Cancel the order" }).click();

  await page.getByRole("status").getByText("PAID").waitFor();
  await badge(page, "PAID");
});

pageTest("orders are shown page by page, newest first", { view: "orders" }, async (page, user) => {
  const ids = [];
  for (let count = 0; count < 12; count += 1) ids.unshift((await newOrder(user)).order_id);
  const shown = () => page.locator(".row").evaluateAll((rows) => rows.map((row) => row.href.replace(/^.*orders\/|\?.*$/g, "")));
  await page.getByRole("button", { name: "Refresh" }).click();

  await page.getByRole("link", { name: "Older orders" }).waitFor();
  assert.deepEqual(await shown(), ids.slice(0, 10));
  await page.getByRole("link", { name: "Older orders" }).click();
  await page.locator(`.row[href*="${ids[11]}"]`).waitFor();
  assert.deepEqual(await shown(), ids.slice(10));
  assert.equal(await page.getByRole("link", { name: "Older orders" }).count(), 0);

  await page.getByRole("link", { name: "Newest orders" }).click();
  await page.locator(`.row[href*="${ids[0]}"]`).waitFor();
});

pageTest("the orders of all users are one switch away", { view: "orders" }, async (page) => {
  const other = newUser();
  const { order_id: id } = await newOrder(other);
  await sees(page, "has not ordered anything yet");

  await page.getByLabel("Orders of all users").check();

  await page.locator(`.row[href*="${id}"]`, { hasText: other }).waitFor();
});

pageTest("an order that does not exist is said to be missing", { view: "orders", expectedFailures: ["/api/orders/"] }, async (page) => {
  await page.evaluate(() => (location.hash = "#/orders/01890000-0000-7000-8000-000000000000"));

  await sees(page, "Order not found.");
});
