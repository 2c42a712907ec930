// What the page says when the shop refuses or a service is away.

import assert from "node:assert/strict";
import { pageTest } from "./support.mjs";
import { API_KEY, addToCart, cartLine, checkOut, fillCart, newProduct, sees, shop, withoutCatalog } from "./shop.mjs";

pageTest("a wrong key is asked for in a sentence, and the right one mends it", { key: "wrong-key-of-20-chars", expectedFailures: ["/api/"] }, async (page) => {
  await sees(page, "The shop did not accept this API key.");
  const field = page.getByLabel("API key");
  assert.ok(await field.evaluate((element) => element === document.activeElement));

  await field.fill(API_KEY);
  await page.keyboard.press("Enter");
  await page.locator(".card h3").first().waitFor();
  await field.waitFor({ state: "detached" });

  await page.reload();
  await page.locator(".card h3").first().waitFor();
});

pageTest("a catalog that is away is named, and can be asked again", { expectedFailures: ["/api/catalog"] }, async (page) => {
  await withoutCatalog(async () => {
    await page.reload();
    await sees(page, "Catalog service is unavailable.");
    await sees(page, "Without the catalog there are no products to show");
  });

  await page.getByRole("button", { name: "Load the products again" }).click();
  await page.locator(".card h3").first().waitFor();
});

pageTest("a product added while the catalog is away is not verified until the catalog is back", { expectedFailures: ["/api/catalog"] }, async (page, user) => {
  const { id, name } = await newProduct();
  const nowhere = id + Date.now(); // an id that no earlier test has taught the cart about
  await page.reload();
  await page.locator(".card h3").first().waitFor();

  await withoutCatalog(async () => {
    await addToCart(page, name);
    await cartLine(page, name).getByText("Not verified.").waitFor();
    await page.getByRole("status").getByText("the catalog did not answer").waitFor();
    await shop("POST", `/api/cart/${user}/add?product_id=${nowhere}`);
    await page.reload();
    await cartLine(page, `Product ${nowhere}`).getByText("Not verified.").waitFor();
  });

  // The cart asks about both, one after the other, once its breaker lets it.
  await cartLine(page, `Product ${nowhere}`).getByText("Not for sale.").waitFor({ timeout: 30_000 });
  await page.getByText("Not verified.").waitFor({ state: "detached", timeout: 30_000 });
  await page.getByRole("button", { name: "Clear cart" }).click(); // the truth board counts such lines
  await sees(page, "The cart is empty.");
});

pageTest("an order placed while the catalog is away settles when it is back", { expectedFailures: ["/api/catalog"] }, async (page) => {
  const { name } = await newProduct();
  await page.reload();
  await fillCart(page, name);

  await withoutCatalog(async () => {
    await checkOut(page);
    await sees(page, "the goods are not set aside yet");
  });

  // The outbox may be between two of its tries when the catalog comes back.
  await page.getByText("the goods are set aside.").waitFor({ timeout: 30_000 });
  await sees(page, "Bought. Thank you!");
});

pageTest("an order that is paid and then refused says that it was refunded", { expectedFailures: ["/api/catalog"] }, async (page) => {
  const { name } = await newProduct({ stock: 1 });
  await page.reload();
  await fillCart(page, name);
  await page.getByRole("button", { name: `One ${name} more` }).click();

  await withoutCatalog(async () => {
    await checkOut(page);
    await sees(page, "Ordered; something is still to settle");
  });

  await page.getByRole("heading", { name: "Ordered, paid and refunded" }).waitFor({ timeout: 30_000 });
  await page.locator(".steps [data-outcome=refused]", { hasText: "refused its goods" }).waitFor();
  await page.locator(".steps [data-outcome=refused]", { hasText: "the money goes back" }).waitFor();
  assert.equal(await page.getByText("the order is PAID").count(), 0);
});

pageTest("a shop that cannot be reached is told apart from one that refuses", { expectedFailures: ["/api/"] }, async (page) => {
  await page.locator(".card h3").first().waitFor();
  await page.route("**/api/**", (route) => route.abort("connectionrefused"));

  await page.locator(".card button").first().click();

  await page.getByRole("status").getByText("No answer: the shop cannot be reached.").waitFor();
});
