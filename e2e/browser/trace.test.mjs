// Behind the scenes: what one click caused, as a diagram and as a list.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import { addToCart, cartLine, checkOut, fillCart, lab, newProduct, newUser, openAction, sees, withFault } from "./shop.mjs";

const step = (page, text) => page.locator(".moment", { hasText: text }).first().waitFor();
const lanes = (page) => page.locator(".head text").allTextContents();

async function fillWithNew(page) {
  const product = await newProduct();
  await page.reload();
  await fillCart(page, product.name);
  return product;
}

/** A purchase, opened at its payment. */
async function buyAndOpen(page) {
  await fillWithNew(page);
  await checkOut(page);
  await sees(page, "Bought. Thank you!");
  await openAction(page, "/api/pay?");
}

pageTest("adding a product opens as a diagram of everybody who took part", {}, async (page) => {
  const { id } = await fillWithNew(page);
  await openAction(page, "/add?");

  await step(page, `cache miss: product ${id}`);
  await step(page, `GET /products/${id}`);
  await step(page, "BEGIN IMMEDIATE");
  await step(page, "INSERT cart_lines, 1 row");
  await step(page, "COMMIT");
  assert.deepEqual(await lanes(page), ["browser", "nginx", "cart", "carts.db", "catalog", "products.db"]);

  await page.locator(".moment", { hasText: "INSERT cart_lines" }).hover();
  await page.locator(".dock", { hasText: "cart/src/store.rs" }).waitFor();
  assert.match(await page.locator(".dock").textContent(), /INSERT INTO cart_lines/);
});

pageTest("a purchase is one diagram, and the relay's delivery joins it", {}, async (page) => {
  await buyAndOpen(page);

  await step(page, "POST /api/orders?");
  await step(page, "message payment.received to order");
  await step(page, "DELETE /api/cart/");
  await step(page, "Later, in the background: reservation.commit to catalog");
  await page.locator('.moment[data-kind="later"] ~ .moment[data-kind="call"]', { hasText: "/commit" }).first().waitFor();
  assert.equal((await lanes(page)).length, 10);
});

pageTest("a delivery that comes later joins the diagram that is open", {}, async (page) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  await lab("PUT", "order", "faults", { kind: "slow", latency_ms: 2_500 });
  try {
    await checkOut(page);
    await page.locator(".action", { hasText: "/api/pay?" }).waitFor({ state: "attached" });
    await openAction(page, "/api/pay?");
    await step(page, "The answer is not here yet");
    await step(page, "A fault on purpose: Slow");
    await step(page, "Later, in the background: reservation.commit to catalog");
  } finally {
    await lab("DELETE", "order", "faults");
  }
});

pageTest("a slow catalog shows in the diagram with its time", {}, async (page) => {
  const { name } = await newProduct();
  await page.reload();
  await page.locator(".card h3").first().waitFor();
  await withFault("catalog", { kind: "slow", latency_ms: 900 }, async () => {
    await addToCart(page, name);
    await cartLine(page, name).waitFor();
  });
  await openAction(page, "/add?");
  await step(page, "A fault on purpose: Slow");
  const reply = page.locator('.moment[data-kind="reply"]', { hasText: "200" }).first();
  assert.match(await reply.locator(".spoken").textContent(), /cart hears from catalog: status 200 \((9\d\d|1,\d\d\d) ms\)/);
});

pageTest("a catalog that breaks connections shows three questions and a decision", {}, async (page) => {
  const { name } = await newProduct();
  await page.reload();
  await page.locator(".card h3").first().waitFor();
  await withFault("catalog", { kind: "down" }, async () => {
    await addToCart(page, name);
    await cartLine(page, name).getByText("Not verified.").waitFor();
  });
  await openAction(page, "/add?");
  await step(page, "asking catalog again, retry 2");
  await step(page, "fail-open");
});

pageTest("a cart that breaks connections shows as a question without an answer", { expectedFailures: ["/api/cart"] }, async (page) => {
  await page.locator(".card h3").first().waitFor();
  await withFault("cart", { kind: "down" }, async () => {
    await page.locator(".card button").first().click();
    await page.getByRole("status").getByText("Cart service is unavailable").waitFor();
  });
  await openAction(page, "/add?");
  await step(page, "A fault on purpose: Down");
  await step(page, "503");
});

pageTest("the diagram is walked through by keyboard, and the list says the same", {}, async (page) => {
  await fillWithNew(page);
  await openAction(page, "/add?");
  await step(page, "COMMIT");
  const moments = page.locator(".moment");
  const focused = () => page.evaluate(() => document.activeElement.querySelector(".spoken")?.textContent);

  await moments.first().focus();
  const place = await page.evaluate(() => scrollY);
  assert.match(await focused(), /^browser to nginx: POST .* Done by frontend\/js\/api\.js\.$/);
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(), /^nginx: API key known/);
  await page.locator(".dock", { hasText: "nginx/nginx.conf.template" }).waitFor();
  await page.keyboard.press("End");
  assert.equal(await page.evaluate(() => scrollY), place, "the page behind the panel has moved");
  assert.ok(await page.locator(".diagram-frame").evaluate((frame) => frame.scrollTop > 0));
  assert.match(await focused(), /^browser hears from nginx: status 200/);
  const told = await moments.evaluateAll((rows) => rows.map((row) => row.querySelector(".spoken").textContent.replace(/\. Done by .*$/, "")));

  await page.getByRole("button", { name: "List", exact: true }).click();
  const listed = await page.locator(".trace-list .said").evaluateAll((rows) => rows.map((row) => row.firstChild.textContent));
  assert.deepEqual(listed, told);
  await page.getByRole("button", { name: "All requests" }).click();
  assert.match(await page.evaluate(() => document.activeElement.textContent), /\/add\?/);
});

pageTest("the list opens at the request that was chosen, as the diagram does", {}, async (page) => {
  await buyAndOpen(page);
  await step(page, "COMMIT");

  await page.getByRole("button", { name: "List", exact: true }).click();

  const list = page.locator(".trace-list");
  const first = await list.evaluate((it) => [...it.children].find((row) => row.offsetTop >= it.offsetTop + it.scrollTop).textContent);
  assert.match(first, /POST \/api\/pay/);
});

pageTest("statements can be hidden, to see who talks to whom", {}, async (page) => {
  await fillWithNew(page);
  await openAction(page, "/add?");
  await step(page, "INSERT cart_lines");
  await page.getByRole("button", { name: "SQL statements are shown" }).click();
  await page.locator(".moment", { hasText: "INSERT cart_lines" }).waitFor({ state: "detached" });
  await step(page, "COMMIT");
});

pageTest("with a closed lab a request shows its curl and says so", { user: newUser(), expectedFailures: ["/lab/"] }, async (page) => {
  await page.route("**/lab/**", (route) => route.fulfill({ status: 404, json: { detail: "Not found" } }));
  await fillWithNew(page);
  await openAction(page, "/add?");
  await sees(page, "The lab of this shop is closed");
  await page.locator(".curl pre", { hasText: "curl -i -X POST" }).waitFor();
});
