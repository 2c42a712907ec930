// The shelf, the cart, and moving between the views.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { pageTest } from "./support.mjs";
import { cartLine, checkOut, fillCart, hasFocus, newOrder, newProduct, newUser, openAction, sees, shop, until } from "./shop.mjs";

const cartOf = async (user) => (await shop("GET", `/api/cart/${user}`)).cart;

pageTest("search narrows the shelf and says how many are left", {}, async (page) => {
  const { name } = await newProduct();
  await page.reload();

  await page.getByLabel("Search products").fill(name.toUpperCase());
  await page.locator(".count", { hasText: /^1 product$/ }).waitFor();
  assert.deepEqual(await page.locator(".card h3").allTextContents(), [name]);

  await page.getByLabel("Search products").fill("no such thing anywhere");
  await sees(page, "Nothing matches.");
  await page.getByRole("button", { name: "show all products" }).click();
  await page.locator(".card h3", { hasText: "Laptop" }).waitFor();
});

pageTest("a category shows its own products only", {}, async (page) => {
  const [category] = await shop("GET", "/api/catalog/categories");
  const { name } = await newProduct({ category_id: category.id });
  await page.reload();

  await page.getByRole("button", { name: category.name, exact: true }).click();
  await page.getByLabel("Search products").fill("thing");
  await page.locator(".card h3", { hasText: name }).waitFor();

  const others = await page.getByRole("group", { name: "Categories" }).getByRole("button").all();
  await others.at(-1).click();
  await page.locator(".card h3", { hasText: name }).waitFor({ state: "detached" });
});

pageTest("a cart line changes its quantity by button and by typing", {}, async (page, user) => {
  const { name } = await newProduct({ price: 0.35 });
  await page.reload();
  await fillCart(page, name);

  await page.getByRole("button", { name: `One ${name} more` }).click({ clickCount: 2 });
  await cartLine(page, name).getByText("$1.05").waitFor();
  await cartLine(page, name).getByRole("spinbutton").fill("7");
  await page.keyboard.press("Enter");
  await cartLine(page, name).getByText("$2.45").waitFor();

  await until(async () => (await cartOf(user))[0].quantity === 7);
});

pageTest("the keyboard stays on a button that has nothing left to do", {}, async (page, user) => {
  const { id, name } = await newProduct();
  await shop("POST", `/api/cart/${user}/add?product_id=${id}&quantity=2`);
  await page.reload();
  const less = page.getByRole("button", { name: `One ${name} less` });
  await less.press("Enter");
  await until(() => less.isDisabled());
  assert.equal(await hasFocus(less), true);

  await less.press("Enter");
  await page.getByRole("button", { name: `One ${name} more` }).press("Enter");

  await until(async () => (await cartOf(user))[0].quantity === 2); // 1 and 1 more: the second press did nothing
});

pageTest("the keyboard stays on a product that others have bought up meanwhile", {}, async (page) => {
  const { id, name, price } = await newProduct({ stock: 1 });
  await page.reload();
  await page.getByLabel("Search products").fill(name);
  await page.getByRole("button", { name: `Add to cart: ${name}`, exact: true }).focus();
  await shop("POST", `/api/orders?user_id=${newUser()}`, [{ product_id: id, quantity: 1, price }]);

  await page.evaluate(() => {
    const now = Date.now();
    Date.now = () => now + 60_000; // what the shelf shows is old by now
    document.dispatchEvent(new Event("visibilitychange"));
  });

  const soldOut = page.getByRole("button", { name: `Sold out: ${name}`, exact: true });
  await soldOut.waitFor();
  assert.equal(await soldOut.isDisabled(), true);
  assert.equal(await hasFocus(soldOut), true);
});

for (const wrong of ["5000", "1.5", "-1", "0"]) {
  pageTest(`a quantity of ${wrong} is refused in words and goes back`, { expectedFailures: ["/api/cart"] }, async (page) => {
    const { name } = await newProduct();
    await page.reload();
    await fillCart(page, name);

    await cartLine(page, name).getByRole("spinbutton").fill(wrong);
    await page.keyboard.press("Enter");

    await page.getByRole("status").getByText("from 1 to 1000").waitFor();
    await until(async () => (await cartLine(page, name).getByRole("spinbutton").inputValue()) === "1");

    await cartLine(page, name).getByRole("spinbutton").fill("5");
    await page.keyboard.press("Enter");
    await page.getByText("from 1 to 1000").waitFor({ state: "detached" });
  });
}

pageTest("cart lines are removed one by one or all at once", {}, async (page, user) => {
  const products = [await newProduct(), await newProduct(), await newProduct()];
  await page.reload();
  for (const { name } of products) await fillCart(page, name);

  await page.getByRole("button", { name: `Remove ${products[0].name}`, exact: true }).click();
  await cartLine(page, products[0].name).waitFor({ state: "detached" });
  assert.deepEqual((await cartOf(user)).map((line) => line.product_id), [products[1].id, products[2].id]);

  await page.getByRole("button", { name: "Clear cart" }).click();
  await sees(page, "The cart is empty.");
  assert.deepEqual(await cartOf(user), []);
});

pageTest("a product that is no longer sold is named, and in the way of a checkout until it is removed", {}, async (page, user) => {
  const [kept, gone] = [await newProduct(), await newProduct()];
  for (const { id } of [kept, gone]) await shop("POST", `/api/cart/${user}/add?product_id=${id}`);
  await shop("DELETE", `/api/catalog/products/${gone.id}`);
  await until(async () => (await cartOf(user))[1].available === false);
  await page.reload();
  await page.locator(".card h3").first().waitFor();

  await cartLine(page, `Product ${gone.id}`).getByText("Not for sale.").waitFor();
  assert.equal(await page.getByText("Not verified.").count(), 0);
  await checkOut(page);
  await page.getByRole("status").getByText(`Not for sale: Product ${gone.id}. Remove`).waitFor();

  await page.getByRole("button", { name: `Remove Product ${gone.id}`, exact: true }).click();
  await cartLine(page, `Product ${gone.id}`).waitFor({ state: "detached" });
  await checkOut(page);
  await sees(page, "Bought. Thank you!");
});

pageTest("another user name shows another cart", {}, async (page) => {
  const { id, name } = await newProduct();
  const other = newUser();
  await shop("POST", `/api/cart/${other}/add?product_id=${id}`);
  await page.reload();

  await page.getByRole("button", { name: /settings/ }).click();
  await page.getByLabel("User name").fill(other);
  await page.getByRole("button", { name: "Save" }).click();

  await cartLine(page, name).waitFor();
});

pageTest("a user name that the shop would refuse is refused in the form", {}, async (page, user) => {
  await page.getByRole("button", { name: /settings/ }).click();
  const field = page.getByLabel("User name");
  for (const wrong of ["team/a", ".."]) {
    await field.fill(wrong);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("A-Z a-z 0-9 . _ - @").waitFor();
    assert.ok(await field.evaluate((element) => element === document.activeElement));
    assert.equal(await page.locator(".who").textContent(), user);
  }

  const other = newUser();
  await field.fill(` ${other} `);
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".who", { hasText: other }).waitFor();
});

pageTest("back and forward lead through the views and the open order", {}, async (page, user) => {
  const { order_id: id } = await newOrder(user);
  const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();

  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await heading("Orders");
  await page.locator(".row").click();
  await page.locator("article").getByText(id).waitFor();

  await page.goBack();
  await sees(page, "No order is open.");
  await page.goBack();
  await heading("Shop");
  assert.match(await page.title(), /^Shop/);
  await page.goForward();
  await heading("Orders");
  await page.goForward();
  await page.locator("article").getByText(id).waitFor();
});

pageTest("a request behind the scenes can be repeated with its curl", {}, async (page, user) => {
  const { id, name } = await newProduct();
  await page.reload();
  await fillCart(page, name);
  await openAction(page, "/add?");
  await page.getByRole("button", { name: "curl", exact: true }).click();
  const command = await page.locator(".curl pre").textContent();
  const answer = execFileSync("sh", ["-c", command], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

  assert.match(answer, /^HTTP\/1\.1 200/);
  assert.deepEqual(await cartOf(user), [{ product_id: id, quantity: 2 }]);
  assert.match(await page.locator(".details").textContent(), /Trace id[0-9a-f]{32}Request id\S{8,}/);
});

pageTest("every request of a reader carries a key and a sampled trace", {}, async (page) => {
  const [request] = await Promise.all([page.waitForRequest("**/api/catalog"), page.reload()]);

  const headers = await request.allHeaders();
  assert.match(headers.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.ok(headers["x-api-key"]);
  assert.equal(headers.baggage, undefined);
});
