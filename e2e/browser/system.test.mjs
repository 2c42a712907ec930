// The system view: how the services are, and what travels between them.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import {
  addToCart, cartLine, hasFocus, lab, newProduct, newUser, ordersOf, sees, shop, unbreak, until, withoutCatalog,
} from "./shop.mjs";

const SYSTEM = { view: "system" };
const card = (page, name) => page.getByRole("region", { name, exact: true });
const faultsOf = async (service) => (await lab("GET", service, "faults")).faults;
const open = (page, view) => page.getByRole("link", { name: view, exact: true }).click();

pageTest("the map shows four services and the size of the whole shop", SYSTEM, async (page) => {
  await page.locator(".whole-number", { hasText: /^\d+ MB$/ }).waitFor();
  await sees(page, "of memory for four services");
  for (const service of ["cart", "catalog", "order", "payment"]) {
    await card(page, service).getByText("up", { exact: true }).waitFor();
  }
  await card(page, "order").getByText("Breaker to payment").waitFor();
  assert.match(await page.locator(".map").getAttribute("aria-label"), /cart has \d+ MB/);
  await page.locator(".plot polyline").first().waitFor({ state: "attached" });
});

pageTest("a fault for my tag meets only my requests", SYSTEM, async (page) => {
  const tag = newUser();
  const { id, name } = await newProduct();
  try {
    await page.getByLabel("only for requests with my tag").check();
    await page.getByRole("button", { name: "Down: catalog" }).click();
    await page.getByRole("status").getByText("Enter a tag first").waitFor();
    await page.getByRole("textbox", { name: "My tag" }).fill(tag);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Down: catalog" }).click();
    await card(page, "catalog").getByText(`for tag ${tag}`).waitFor();
    await page.getByText("Enter a tag first").waitFor({ state: "detached" });
    assert.deepEqual((await faultsOf("catalog")).map(({ only_for: whose }) => whose), [tag]);

    const other = newUser();
    const { cart } = await shop("POST", `/api/cart/${other}/add?product_id=${id}`);
    assert.equal(cart[0].validated, undefined);
    await lab("DELETE", "catalog", `faults?only_for=${tag}`);
    await open(page, "Shop");
    await addToCart(page, name);
    await cartLine(page, name).waitFor();
  } finally {
    await unbreak();
  }
});

pageTest("a service that is away is shown, and found again", { ...SYSTEM, expectedFailures: ["/lab/catalog/"] }, async (page) => {
  const down = page.getByRole("button", { name: "Down: catalog" });
  await sees(page, "of memory for four services");
  await card(page, "catalog").getByText("up", { exact: true }).waitFor();
  await down.focus();
  const topOfCard = async () => (await card(page, "catalog").boundingBox()).y + await page.evaluate(() => scrollY);
  const topBefore = await topOfCard();
  await withoutCatalog(async () => {
    await card(page, "catalog").getByText("no answer").waitFor();
    await sees(page, "Three of the four services answer");
    assert.equal(await topOfCard(), topBefore, "nothing jumps");
    assert.equal(await down.isDisabled(), true);
    assert.equal(await hasFocus(down), true);
  });
  await card(page, "catalog").getByText("up", { exact: true }).waitFor();
  await sees(page, "of memory for four services");
});

const placeOf = (page, name) => page.locator(`.place[data-service="${name}"]:not([data-file])`);
const allAre = (page, word) => Promise.all(["cart", "catalog", "order", "payment"].map((service) => card(page, service).getByText(word, { exact: true }).waitFor()));

pageTest("without its door the shop is not known, and no service is blamed", { ...SYSTEM, expectedFailures: ["/lab/"] }, async (page) => {
  await allAre(page, "up");
  await page.route("**/lab/**", (route) => route.abort("connectionrefused"));
  await allAre(page, "not known");
  await sees(page, "nginx, the door of the shop, does not answer");
  await placeOf(page, "nginx").getByText("no answer").waitFor();
  await placeOf(page, "order").getByText("not known").waitFor();
  assert.equal(await page.locator('.place[data-away="true"]').count(), 1);
  assert.match(await page.locator(".map").getAttribute("aria-label"), /nginx, its door, does not answer/);
  await page.unroute("**/lab/**");
  await allAre(page, "up");
  assert.equal(await page.locator('.place[data-away="true"]').count(), 0);
});

pageTest("a service that takes too long is away, and the door is not", { ...SYSTEM, expectedFailures: ["/lab/"] }, async (page) => {
  await allAre(page, "up");
  await page.route("**/lab/cart/**", () => {}); // never answers
  await card(page, "cart").getByText("no answer").waitFor();
  assert.equal(await placeOf(page, "nginx").getAttribute("data-away"), null);
  await card(page, "order").getByText("up", { exact: true }).waitFor();
});

const broken = newUser();
for (const width of [1280, 390]) {
  pageTest(`however a service is, its card stays in line with its neighbors at ${width} px`, { ...SYSTEM, width, tag: broken }, async (page) => {
    const topOf = (name) => card(page, name).evaluate((it) => it.querySelector(".vitals").getBoundingClientRect().top - it.getBoundingClientRect().top);
    const stays = async (top) => assert.deepEqual([await topOf("payment"), await topOf("order")], [top, top]);
    await allAre(page, "up");
    const top = await topOf("order");
    await lab("PUT", "payment", "faults", { kind: "slow", latency_ms: 1, ttl_s: 60, only_for: broken });
    try {
      await card(page, "payment").getByText("broken", { exact: true }).waitFor();
      await stays(top);
    } finally {
      await lab("DELETE", "payment", `faults?only_for=${broken}`);
    }
    const health = await lab("GET", "payment", "health");
    await page.route("**/lab/payment/health", (route) => route.fulfill({ json: { ...health, database: "unavailable" } }));
    await card(page, "payment").getByText("file not well", { exact: true }).waitFor();
    await stays(top);
  });
}

pageTest("a purchase travels over the map and is listed behind the scenes", { ...SYSTEM, reducedMotion: "no-preference" }, async (page) => {
  await card(page, "payment").getByText("up", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Buy a mouse" }).click();
  for (const [from, to] of [["browser", "nginx"], ["nginx", "payment"], ["payment", "order"], ["order", "catalog"], ["payment", "payments.db"]]) {
    await page.waitForFunction(([a, b]) => document.querySelector(`.pulse[data-way="${a} ${b}"]`), [from, to]);
  }
  await page.getByRole("status").getByText("Ordered and paid.").waitFor();
  await page.locator(".action", { hasText: "/api/pay?" }).waitFor({ state: "attached" });
});

pageTest("a double click buys one mouse", SYSTEM, async (page, user) => {
  const buy = page.getByRole("button", { name: "Buy a mouse" });
  await buy.dblclick();
  await page.getByRole("status").getByText("Ordered and paid.").waitFor();
  await page.locator(".tries [aria-busy=true]").waitFor({ state: "detached" });
  await buy.click();
  await until(async () => (await ordersOf(user)).length > 1);
  await page.locator(".action", { hasText: "/api/pay?" }).nth(1).waitFor({ state: "attached" });
  assert.equal((await ordersOf(user)).length, 2);
});

const tag = newUser();
pageTest("a request that has no answer yet is on the map already", { ...SYSTEM, tag, reducedMotion: "no-preference", expectedFailures: ["/api/cart"] }, async (page) => {
  await card(page, "cart").getByText("up", { exact: true }).waitFor();
  await lab("PUT", "cart", "faults", { kind: "hang", ttl_s: 60, only_for: tag });
  try {
    await page.getByRole("button", { name: "Add a mouse to the cart" }).click();
    await page.waitForFunction(() => document.querySelector('.pulse[data-way="nginx cart"]'));
    assert.equal(await page.getByRole("status").getByText("Cart service is unavailable").count(), 0);
  } finally {
    await lab("DELETE", "cart", `faults?only_for=${tag}`);
  }
  await page.getByRole("status").getByText("Cart service is unavailable").waitFor();
});

/** The cart's health with made-up requests, so that other tests do not count; says how often it was asked. */
async function fakeTraffic(page, requests) {
  const looks = { count: 0 };
  const health = await lab("GET", "cart", "health");
  await page.route("**/lab/cart/health", (route) => {
    looks.count += 1;
    return route.fulfill({ json: { ...health, requests } });
  });
  await page.reload();
  return looks;
}

pageTest("the map draws each request once: of this page, and of others", { ...SYSTEM, reducedMotion: "no-preference" }, async (page) => {
  const requests = { total: 40, per_second: 1, p50_us: 500, p99_us: 900 };
  const looks = await fakeTraffic(page, requests);
  const lookAgain = async (times) => {
    const end = looks.count + times;
    await until(() => looks.count >= end);
  };
  await page.evaluate(() => {
    window.dots = new Set();
    const note = () => document.querySelectorAll('.pulse[data-way="nginx cart"]').forEach((dot) => window.dots.add(dot));
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
  });
  const dots = () => page.evaluate(() => window.dots.size);
  await lookAgain(2);
  assert.equal(await dots(), 0, "before anybody has asked anything");

  await page.getByRole("button", { name: "Add a mouse to the cart" }).click();
  requests.total = 41;
  await page.getByRole("status").getByText("A mouse is in the cart.").waitFor();
  await lookAgain(5);
  assert.equal(await dots(), 1, "after one request of this page");

  requests.total = 43;
  await lookAgain(4);
  assert.equal(await dots(), 3, "after two requests of others");
});

pageTest("one request in ten seconds is a tenth per second, and of none no times are known", SYSTEM, async (page) => {
  const requests = { total: 1, per_second: 0.1, p50_us: 500, p99_us: 900 };
  await fakeTraffic(page, requests);
  const fact = (title) => card(page, "cart").locator(".vitals div", { hasText: title }).locator("dd");
  await fact("Requests").getByText("0.1/s", { exact: true }).waitFor();
  await page.locator('.place[data-service="cart"] .state', { hasText: /MB, 0\.1\/s$/ }).waitFor();
  await fact("p99").getByText("900 \u00b5s", { exact: true }).waitFor();
  Object.assign(requests, { per_second: 0, p50_us: 0, p99_us: 0 });
  await fact("Requests").getByText("0/s", { exact: true }).waitFor();
  for (const title of ["p50", "p99"]) await fact(title).getByText("\u2013", { exact: true }).waitFor();
});

pageTest("nobody is asked while the view is not open", SYSTEM, async (page) => {
  await card(page, "cart").getByText("up", { exact: true }).waitFor();
  await open(page, "Orders");
  await page.waitForTimeout(300); // a look that was under way may end
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/lab/") ? 1 : 0));
  await page.waitForTimeout(1_500);
  assert.equal(asked, 0);
});

pageTest("looking at the services is not recorded, nor sampled", SYSTEM, async (page) => {
  const request = await page.waitForRequest("**/lab/cart/health");
  assert.match((await request.allHeaders()).traceparent, /-00$/);
  assert.equal(await page.locator(".action").count(), 0);
});

pageTest("a closed lab is said to be closed", { ...SYSTEM, expectedFailures: ["/lab/"] }, async (page) => {
  await page.route("**/lab/**", (route) => route.fulfill({ status: 404, json: { detail: "Not found" } }));
  await page.reload();
  await sees(page, "The lab of this shop is closed.");
});
