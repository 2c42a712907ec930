// The system view: how the services are, and the switches that break them.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import { addToCart, cartLine, lab, newProduct, newUser, sees, shop, until, withoutCatalog } from "./shop.mjs";

const SYSTEM = { view: "system" };
const card = (page, name) => page.getByRole("region", { name, exact: true });
const faultsOf = async (service) => (await lab("GET", service, "faults")).faults;
const policyOf = async (service, name) => (await lab("GET", service, "policy"))[name];
const open = (page, view) => page.getByRole("link", { name: view, exact: true }).click();

async function unbreak() {
  await Promise.all(["cart", "catalog", "order", "payment"].flatMap((service) => [lab("DELETE", service, "faults"), lab("DELETE", service, "policy")]));
}

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

for (const [title, kind] of [["Down", "down"], ["Slow", "slow"], ["Error", "error"], ["Hang", "hang"]]) {
  pageTest(`the switch "${title}" breaks a service for a while, and ends it`, SYSTEM, async (page) => {
    try {
      await page.getByLabel("Slow means").selectOption("3 seconds");
      await page.getByRole("button", { name: `${title}: catalog` }).click();
      await card(page, "catalog").getByText(/for everybody/).waitFor();
      const [fault] = await faultsOf("catalog");
      assert.equal(fault.kind, kind);
      if (kind === "slow") assert.equal(fault.latency_ms, 3_000);
      await card(page, "catalog").getByText("broken on purpose").waitFor();
      await card(page, "catalog").getByText(/1[01]\d s left/).waitFor();
      await page.getByRole("button", { name: `End: catalog ${kind} for everybody` }).click();
      await card(page, "catalog").getByText("up", { exact: true }).waitFor();
      assert.deepEqual(await faultsOf("catalog"), []);
    } finally {
      await unbreak();
    }
  });
}

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

pageTest("a policy is switched for a while, and put back", SYSTEM, async (page) => {
  try {
    await card(page, "cart").getByRole("button", { name: "fail-closed" }).click();
    await card(page, "cart").getByText(/for everybody, 1[01]\d s left/).waitFor();
    const { choice, overrides } = await policyOf("cart", "cart_validation");
    assert.equal(choice, "fail-open");
    assert.equal(overrides[0].choice, "fail-closed");
    await card(page, "cart").getByRole("button", { name: "fail-open" }).click();
    await until(async () => (await policyOf("cart", "cart_validation")).overrides.length === 0);
    assert.equal(await card(page, "cart").getByRole("button", { name: "fail-open" }).getAttribute("aria-pressed"), "true");
  } finally {
    await unbreak();
  }
});

pageTest("all faults and policies end with one button", SYSTEM, async (page) => {
  await page.getByRole("button", { name: "Slow: cart" }).click();
  await card(page, "payment").getByRole("button", { name: "fire-once" }).click();
  await card(page, "payment").getByText(/for everybody/).waitFor();
  await page.getByRole("button", { name: "End all faults" }).click();
  await page.getByRole("status").getByText("All faults have ended").waitFor();
  assert.deepEqual(await faultsOf("cart"), []);
  assert.deepEqual((await policyOf("payment", "webhook_delivery")).overrides, []);
});

pageTest("a crash point makes the service die and come back", { ...SYSTEM, expectedFailures: ["/api/cart", "/lab/cart"] }, async (page) => {
  const before = (await lab("GET", "cart", "health")).uptime_s;
  await card(page, "cart").getByText("Pull the plug").click();
  await page.getByRole("button", { name: "committed-before-reply" }).first().click();
  await page.getByRole("status").getByText("dies the next time").waitFor();
  await page.getByRole("button", { name: "Add a mouse to the cart" }).click();
  await page.getByRole("status").getByText("Cart service is unavailable").waitFor();
  await until(async () => {
    const health = await lab("GET", "cart", "health").catch(() => null);
    return health !== null && health.uptime_s <= before + 2;
  });
  await card(page, "cart").getByText("up", { exact: true }).waitFor();
});

pageTest("a service that is away is shown, and found again", { ...SYSTEM, expectedFailures: ["/lab/catalog/"] }, async (page) => {
  await withoutCatalog(async () => {
    await card(page, "catalog").getByText("no answer").waitFor();
    await sees(page, "Three of the four services answer");
    assert.equal(await page.getByRole("button", { name: "Down: catalog" }).isDisabled(), true);
  });
  await card(page, "catalog").getByText("up", { exact: true }).waitFor();
  await sees(page, "of memory for four services");
});

pageTest("a purchase travels over the map and is listed behind the scenes", { ...SYSTEM, reducedMotion: "no-preference" }, async (page) => {
  await card(page, "payment").getByText("up", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Buy a mouse" }).click();
  for (const [from, to] of [["browser", "nginx"], ["nginx", "payment"], ["payment", "order"], ["order", "catalog"], ["payment", "payments.db"]]) {
    await page.waitForFunction(([a, b]) => document.querySelector(`.pulse[data-way="${a} ${b}"]`), [from, to]);
  }
  await page.getByRole("status").getByText("Ordered and paid.").waitFor();
  await page.locator(".action", { hasText: "/api/pay?" }).waitFor({ state: "attached" });
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
