// The switches of the system view: each must do what it says, be ended, and leave alone what
// others have broken. The requests that feel them carry a tag of their own, so that no
// breaker of anybody else opens.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import { API_KEY, SERVICES, SHOP_URL, brokenFor, lab, newOrder, newProduct, newUser, sees, shop, unbreak, until } from "./shop.mjs";

const SYSTEM = { view: "system" };
const card = (page, name) => page.getByRole("region", { name, exact: true });
const policyOf = async (service, name) => (await lab("GET", service, "policy"))[name];
const says = (page, text) => page.getByRole("status").getByText(text).waitFor();

/** A test that ends with nothing broken, whatever happens. */
function switchTest(name, options, body) {
  pageTest(name, { ...SYSTEM, ...options }, async (page, user) => {
    try {
      await body(page, user);
    } finally {
      await unbreak();
    }
  });
}

/** A shopper's request with a tag, whatever comes of it. */
async function ask(method, path, { tag = "nobody", body } = {}) {
  const headers = { "X-API-Key": API_KEY, "Content-Type": "application/json", baggage: `lab=${tag}` };
  const started = performance.now();
  const response = await fetch(SHOP_URL + path, { method, headers, body: body && JSON.stringify(body) });
  const { status } = response;
  return { status, degraded: response.headers.get("x-degraded"), body: await response.json(), ms: performance.now() - started };
}

// Faults

const lookAtLaptop = () => ask("GET", "/api/catalog/products/1");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms, "a pause"));

/** What a shopper meets. Whoever hangs gets an answer, of a kind, when the fault is ended. */
const FAULTS = {
  Down: async (end) => {
    assert.equal((await lookAtLaptop()).status, 503);
    await end();
  },
  Slow: async (end) => {
    const { status, ms } = await lookAtLaptop();
    assert.equal(status, 200);
    assert.ok(ms >= 3_000, `${ms} ms`);
    await end();
  },
  Error: async (end) => {
    assert.equal((await lookAtLaptop()).status, 500);
    await end();
  },
  Hang: async (end) => {
    const answer = lookAtLaptop();
    assert.equal(await Promise.race([answer, pause(500)]), "a pause");
    await end();
    assert.equal((await answer).status, 503);
  },
};

for (const [title, feel] of Object.entries(FAULTS)) {
  const kind = title.toLowerCase();
  switchTest(`the switch "${title}" breaks a service for a while, and ends it`, {}, async (page) => {
    await page.getByLabel("Slow means").selectOption("3 seconds");
    await page.getByRole("button", { name: `${title}: catalog` }).click();
    await card(page, "catalog").getByText(/for everybody, 1[01]\d s left/).waitFor();
    await card(page, "catalog").getByText("broken", { exact: true }).waitFor();
    assert.equal((await lab("GET", "catalog", "faults")).faults[0].kind, kind);
    await feel(async () => {
      await page.getByRole("button", { name: new RegExp(`^End: catalog ${kind}.* for everybody$`) }).click();
      assert.equal(await page.evaluate(() => document.activeElement.id), "service-catalog", "the button goes away");
      await card(page, "catalog").getByText("up", { exact: true }).waitFor();
    });
    assert.deepEqual(await brokenFor(null), []);
    assert.equal((await lookAtLaptop()).status, 200);
  });
}

// Policies

const withTaggedFault = async (service, tag, body) => {
  await lab("PUT", service, "faults", { kind: "error", ttl_s: 30, only_for: tag });
  try {
    return await body();
  } finally {
    await lab("DELETE", service, `faults?only_for=${tag}`);
  }
};

async function payIntoSilence(tag) {
  const { order_id: order, total_amount: total } = await newOrder(tag);
  const paid = await withTaggedFault("order", tag, () => ask("POST", `/api/pay?order_id=${order}&amount=${total}`, { tag }));
  assert.equal(paid.status, 202);
  const letterOf = async () => (await lab("GET", "payment", "outbox")).find(({ subject, dead_at: dead }) => subject === paid.body.payment_id && dead);
  await until(letterOf);
  await lab("POST", "payment", `outbox/${(await letterOf()).id}/replay`);
  await until(async () => (await shop("GET", `/api/orders/${order}`)).status === "PAID");
}

/** What each choice does to a shopper whose neighbor is broken. */
const POLICIES = [
  ["cart", "cart_validation", "fail-open", "fail-closed", async (tag) => {
    const { id } = await newProduct();
    const added = await withTaggedFault("catalog", tag, () => ask("POST", `/api/cart/${tag}/add?product_id=${id}`, { tag }));
    assert.equal(added.status, 503);
  }],
  ["cart", "cart_validation", "fail-open", "swallow", async (tag) => {
    const { status, degraded } = await ask("POST", `/api/cart/${tag}/add?product_id=987654321`, { tag });
    await shop("DELETE", `/api/cart/${tag}/clear`);
    assert.deepEqual([status, degraded], [200, null]);
  }],
  ["order", "order_reservation", "fail-open", "fail-closed", async (tag) => {
    const { id, price } = await newProduct();
    const body = [{ product_id: id, quantity: 1, price }];
    const placed = await withTaggedFault("catalog", tag, () => ask("POST", `/api/orders?user_id=${tag}`, { tag, body }));
    assert.equal(placed.status, 503);
  }],
  ["payment", "webhook_delivery", "outbox", "fire-once", payIntoSilence],
];

for (const [service, policy, standing, choice, feel] of POLICIES) {
  switchTest(`the policy ${policy} is switched to ${choice} for a while, and put back`, {}, async (page, user) => {
    const button = (name) => card(page, service).getByRole("button", { name, exact: true });
    await button(choice).click();
    await card(page, service).getByText(/for everybody, 1[01]\d s left/).waitFor();
    assert.equal((await policyOf(service, policy)).choice, standing);
    assert.equal(await button(choice).getAttribute("aria-pressed"), "true");
    await feel(user);
    await button(standing).click();
    await until(async () => (await policyOf(service, policy)).overrides.length === 0);
    await card(page, service).getByText(/for everybody/).waitFor({ state: "detached" });
    assert.equal(await button(standing).getAttribute("aria-pressed"), "true");
  });
}

// Crash points

switchTest("every crash point can be armed, is shown with its seconds, and can be disarmed", {}, async (page) => {
  const born = await Promise.all(SERVICES.map(async (service) => (await lab("GET", service, "health")).uptime_s));
  for (const service of SERVICES) {
    const { points } = await lab("GET", service, "crash");
    assert.ok(points.length > 0);
    await card(page, service).getByText("Pull the plug").click();
    for (const point of points) {
      const name = point.replace(`${service}.`, "");
      await card(page, service).getByRole("button", { name, exact: true }).click();
      await card(page, service).getByText(new RegExp(`dies ${name} for everybody, 1[01]\\d s left`)).waitFor();
      assert.equal((await lab("GET", service, "crash")).armed[0].at, point);
      await page.getByRole("button", { name: "Dismiss" }).click(); // the message may lie over the next button
      await page.getByRole("button", { name: `End: crash of ${service} for everybody` }).click();
      await until(async () => (await lab("GET", service, "crash")).armed.length === 0);
      await card(page, service).getByText(`dies ${name}`).waitFor({ state: "detached" });
    }
  }
  await page.getByRole("button", { name: "Buy a mouse" }).click();
  await says(page, "Ordered and paid.");
  const now = await Promise.all(SERVICES.map(async (service) => (await lab("GET", service, "health")).uptime_s));
  assert.deepEqual(now.filter((uptime, index) => uptime < born[index]), []);
});

const CRASHING = { expectedFailures: ["/api/cart", "/lab/cart"] };
switchTest("a crash point makes the service die and come back", CRASHING, async (page) => {
  const before = (await lab("GET", "cart", "health")).uptime_s;
  await card(page, "cart").getByText("Pull the plug").click();
  await page.getByRole("button", { name: "committed-before-reply" }).first().click();
  await says(page, "dies the next time");
  await page.getByRole("button", { name: "Add a mouse to the cart" }).click();
  await says(page, "Cart service is unavailable");
  await until(async () => {
    const health = await lab("GET", "cart", "health").catch(() => null);
    return health !== null && health.uptime_s <= before + 2;
  });
  await card(page, "cart").getByText("up", { exact: true }).waitFor();
});

// Whose

/** Somebody else's: a fault, a policy and a crash point. */
async function breakFor(tag) {
  const ttl = { ttl_s: 60, only_for: tag };
  await lab("PUT", "catalog", "faults", { kind: "slow", latency_ms: 0, ...ttl });
  await lab("PUT", "cart", "policy", { cart_validation: "fail-closed", ...ttl });
  await lab("POST", "payment", "crash", { at: "payment.committed-before-webhook", ...ttl });
}
const BROKEN = ["cart policy", "catalog faults", "payment crash"];

switchTest("one button ends all that is broken", {}, async (page) => {
  await breakFor(newUser());
  await page.getByRole("button", { name: "Slow: cart" }).click();
  await card(page, "payment").getByRole("button", { name: "fire-once" }).click();
  await card(page, "payment").getByText(/for everybody/).waitFor();
  await page.getByRole("button", { name: "End all faults" }).click();
  await says(page, "All faults have ended");
  for (const service of SERVICES) {
    assert.deepEqual((await lab("GET", service, "faults")).faults, []);
    assert.deepEqual((await lab("GET", service, "crash")).armed, []);
  }
  assert.deepEqual((await policyOf("payment", "webhook_delivery")).overrides, []);
});

const mine = newUser();
switchTest("what is mine ends without what is somebody else's", { tag: mine }, async (page) => {
  const other = newUser();
  await breakFor(other);
  await page.reload();
  await page.getByLabel("only for requests with my tag").check();
  await page.getByRole("button", { name: "Down: catalog" }).click();
  await card(page, "cart").getByRole("button", { name: "swallow" }).click();
  await card(page, "payment").getByText("Pull the plug").click();
  await card(page, "payment").getByRole("button", { name: "committed-before-webhook" }).click();
  await page.getByRole("button", { name: `End: crash of payment for tag ${mine}` }).waitFor();
  assert.deepEqual(await brokenFor(mine), BROKEN);

  await page.getByRole("button", { name: `End: crash of payment for tag ${mine}` }).click();
  await until(async () => (await brokenFor(mine)).length === 2);
  await page.getByRole("button", { name: "End all of mine" }).click();
  await says(page, "Your faults have ended");

  assert.deepEqual(await brokenFor(mine), []);
  assert.deepEqual(await brokenFor(other), BROKEN);
});

switchTest("what is for everybody ends without what is for a tag", {}, async (page) => {
  const other = newUser();
  await breakFor(other);
  await page.getByRole("button", { name: "Slow: catalog" }).click();
  await page.getByRole("button", { name: "End: catalog slow for everybody" }).click();
  await until(async () => (await brokenFor(null)).length === 0);
  assert.deepEqual(await brokenFor(other), BROKEN);
});

switchTest("a choice of one's own stands against everybody's", { tag: mine }, async (page) => {
  await lab("PUT", "cart", "policy", { cart_validation: "fail-closed", ttl_s: 60 });
  await page.reload();
  await page.getByLabel("only for requests with my tag").check();
  await card(page, "cart").getByRole("button", { name: "fail-open" }).click();
  await sees(page, `for tag ${mine}`);
  const { overrides } = await policyOf("cart", "cart_validation");
  assert.deepEqual(overrides.map(({ choice, only_for: whose }) => [choice, whose]), [["fail-closed", null], ["fail-open", mine]]);
});
