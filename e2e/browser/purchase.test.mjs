// Buying through the page, whatever happens on the way.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import { cartLine, checkOut, fillCart, newProduct, ordersOf, sees, shop } from "./shop.mjs";

async function paymentsOf(order) {
  return shop("GET", `/api/payments?order_id=${order.order_id}`);
}

pageTest("a purchase through the page ends with a paid order", {}, async (page, user) => {
  const { name } = await newProduct({ price: 1059.97 });
  await page.reload();
  await fillCart(page, name);

  await checkOut(page);
  await sees(page, "Bought. Thank you!");
  await page.locator(".receipt a").click();

  await page.locator("article .badge", { hasText: "PAID" }).waitFor();
  await sees(page, "$1,059.97");
  const [order] = await ordersOf(user);
  assert.equal(order.status, "PAID");
  assert.deepEqual((await shop("GET", `/api/cart/${user}`)).cart, []);
});

pageTest("a double click on checkout makes one order", {}, async (page, user) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);

  await page.getByRole("button", { name: "Check out" }).dblclick();
  await sees(page, "Bought. Thank you!");

  assert.equal((await ordersOf(user)).length, 1);
});

pageTest("what is added while a checkout runs stays in the cart, and so does what another tab adds", {}, async (page, user) => {
  const [bought, added, ofAnotherTab] = [await newProduct(), await newProduct(), await newProduct()];
  await page.reload();
  await fillCart(page, bought.name);
  let goOn;
  const isAdded = new Promise((resolve) => (goOn = resolve));
  await page.route("**/api/pay?*", async (route) => {
    await isAdded;
    await route.continue();
  }, { times: 1 });

  await checkOut(page);
  await fillCart(page, added.name);
  await shop("POST", `/api/cart/${user}/add?product_id=${bought.id}&quantity=2`);
  await shop("POST", `/api/cart/${user}/add?product_id=${ofAnotherTab.id}&quantity=1`);
  goOn();
  await sees(page, "What was added meanwhile is still in it.");

  await cartLine(page, ofAnotherTab.name).waitFor();
  const { cart } = await shop("GET", `/api/cart/${user}`);
  assert.deepEqual(cart.map(({ product_id: id, quantity }) => [id, quantity]), [[bought.id, 2], [added.id, 1], [ofAnotherTab.id, 1]]);
  const [order] = await ordersOf(user);
  assert.deepEqual(order.items.map(({ product_id: id, quantity }) => [id, quantity]), [[bought.id, 1]]);
});

pageTest("what was bought is taken out of the cart once, however often that is tried", { expectedFailures: ["/api/cart"] }, async (page, user) => {
  const { id, name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  await page.route("**/api/pay?*", async (route) => {
    await shop("POST", `/api/cart/${user}/add?product_id=${id}&quantity=5`);
    await route.continue();
  }, { times: 1 });
  await loseAnswer(page, `**/api/cart/${user}/items/${id}?*`);

  await checkOut(page);
  await page.getByRole("button", { name: "Try clearing the cart again" }).click();
  await sees(page, "What was added meanwhile is still in it.");

  const { cart } = await shop("GET", `/api/cart/${user}`);
  assert.deepEqual(cart.map(({ quantity }) => quantity), [5]);
});

pageTest("the focus stays near when its button goes away", {}, async (page) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  const focused = () => page.evaluate(() => document.activeElement.id);

  await checkOut(page);
  await sees(page, "Bought. Thank you!");
  assert.equal(await focused(), "receipt-title");
  await page.getByRole("button", { name: "Close" }).click();
  assert.equal(await focused(), "cart-title");
});

pageTest("a reload before an answer came is told as what it was", { expectedFailures: ["/api/orders"] }, async (page, user) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  const asked = page.waitForRequest("**/api/orders?*");
  await page.route("**/api/orders?*", () => {}, { times: 1 }); // no answer

  await checkOut(page);
  await asked;
  await page.reload();
  await sees(page, "The page was reloaded before an answer came.");
  await page.getByRole("button", { name: "Try again" }).click();
  await sees(page, "Bought. Thank you!");

  assert.equal((await ordersOf(user)).length, 1);
});

pageTest("an order whose answer got lost is not ordered again", { expectedFailures: ["/api/orders"] }, async (page, user) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  await loseAnswer(page, "**/api/orders?*");

  await checkOut(page);
  await sees(page, "No answer about the order");
  await page.getByRole("button", { name: "Try again" }).click();
  await sees(page, "Bought. Thank you!");

  assert.deepEqual((await ordersOf(user)).map(({ status }) => status), ["PAID"]);
});

pageTest("a payment whose answer got lost is tried again for the same order", { expectedFailures: ["/api/pay"] }, async (page, user) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  await loseAnswer(page, "**/api/pay?*");

  await checkOut(page);
  await sees(page, "Ordered, but paying got no answer");
  await page.getByRole("button", { name: "Try paying this order again" }).click();
  await sees(page, "Bought. Thank you!");

  const orders = await ordersOf(user);
  assert.deepEqual(orders.map(({ status }) => status), ["PAID"]);
  assert.equal((await paymentsOf(orders[0])).length, 1);
});

pageTest("a reload in the middle of paying keeps the order to be paid", { expectedFailures: ["/api/pay"] }, async (page, user) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  await loseAnswer(page, "**/api/pay?*");

  await checkOut(page);
  await sees(page, "Ordered, but paying got no answer");
  await page.reload();
  await page.getByRole("button", { name: "Try paying this order again" }).click();
  await sees(page, "Bought. Thank you!");

  assert.equal((await ordersOf(user)).length, 1);
});

pageTest("a payment the order has not heard of is shown as pending until it has", {}, async (page, user) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  const pending = { status: 202, json: { status: "PENDING", message: "Payment recorded; the order will be updated" } };
  await page.route("**/api/pay?*", (route) => route.fulfill(pending), { times: 1 });

  await checkOut(page);
  await sees(page, "Ordered; something is still to settle");
  const [order] = await ordersOf(user);
  await shop("POST", `/api/pay?order_id=${order.order_id}&amount=12.50`);

  await sees(page, "The order has heard of its payment: it is PAID.");
});

pageTest("too few goods stop the checkout, and the cart stays", { expectedFailures: ["/api/orders"] }, async (page, user) => {
  const { name } = await newProduct({ stock: 1 });
  await page.reload();
  await fillCart(page, name);
  await page.getByRole("button", { name: `One ${name} more` }).click();

  await checkOut(page);
  await sees(page, "Out of stock");

  await sees(page, "Nothing was bought. The order is kept, as REJECTED.");
  await cartLine(page, name).waitFor();
  const [order, ...others] = await ordersOf(user);
  assert.deepEqual([order.status, others], ["REJECTED", []]);
  await page.locator(".receipt-sum a").click();
  await page.locator("#order-title").waitFor();
  assert.match(page.url(), new RegExp(order.order_id));
});

pageTest("a changed price stops the checkout and shows the new price", { expectedFailures: ["/api/orders"] }, async (page) => {
  const { id, name } = await newProduct({ price: 10 });
  await page.reload();
  await fillCart(page, name);
  await shop("PUT", `/api/catalog/products/${id}`, { name, price: 11.5, stock: 100 });

  await checkOut(page);
  await sees(page, "The shelf now shows the current prices");

  await page.locator(".card .price", { hasText: "$11.50" }).waitFor();
  await checkOut(page);
  await sees(page, "Bought. Thank you!");
});

pageTest("a purchase needs no mouse", {}, async (page, user) => {
  const { name } = await newProduct();
  await page.reload();
  await page.locator(".card h3").first().waitFor();

  await tabTo(page, "Search products");
  await page.keyboard.type(name);
  await tabTo(page, `Add to cart: ${name}`);
  await page.keyboard.press("Enter");
  await cartLine(page, name).waitFor();
  await tabTo(page, `One ${name} more`);
  await page.keyboard.press("Space");
  await tabTo(page, "Check out");
  await page.keyboard.press("Enter");
  await sees(page, "Bought. Thank you!");

  const [order] = await ordersOf(user);
  assert.equal(order.total_amount, 25);
});

pageTest("a product name with markup is shown as text", {}, async (page, user) => {
  const name = `<img src=x onerror="document.title='hacked'"> & <b>${user}</b>`;
  await newProduct({ name });
  await page.reload();

  await fillCart(page, name);

  assert.equal(await page.locator(".card h3", { hasText: user }).textContent(), name);
  assert.equal(await page.locator(".line-name > span").textContent(), name);
  assert.doesNotMatch(await page.title(), /hacked/);
});

/** The request arrives and is carried out, but its answer does not come back. */
async function loseAnswer(page, address) {
  const lose = async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  };
  await page.route(address, lose, { times: 1 });
}

/** Presses Tab until the control with that name has the focus. */
async function tabTo(page, name) {
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      return element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent.trim() ?? element.textContent.trim();
    });
  // More controls than the page has; past that, the one we want cannot be reached at all.
  for (let presses = 0; presses < 250; presses += 1) {
    if ((await focused()) === name) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab never reached "${name}"`);
}
