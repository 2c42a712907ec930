// Takes pictures of every view, light and dark, from a phone to a lecture hall, for human
// eyes: `SHOP_URL=... node screenshots.mjs <directory>`. It shops a little first, so that
// there is something to see.

import { mkdirSync } from "node:fs";
import { API_KEY, SHOP_URL, checkOut, fillCart, lab, losePayment, newOrder, newUser, openAction, shop, startBrowser } from "./shop.mjs";

const SIZES = [[360, 780], [1280, 800], [1920, 1080]];
const directory = process.argv[2];
if (!directory) {
  console.error("Usage: node screenshots.mjs <directory>");
  process.exit(2);
}
mkdirSync(directory, { recursive: true });

function shoot(page, name) {
  return page.screenshot({ path: `${directory}/${name}.png` });
}

async function takeTour(page, name) {
  await page.goto(`${SHOP_URL}/#/shop`);
  await page.locator(".card h3").first().waitFor();
  await page.waitForFunction(() => [...document.images].every((image) => image.complete || image.loading === "lazy"));
  await shoot(page, `shop-empty-${name}`);
  for (const product of ["Laptop", "Mouse", "Headphones"]) {
    await fillCart(page, product);
  }
  await page.getByLabel("Search products").fill("");
  await page.getByRole("button", { name: "Dismiss" }).click();
  await shoot(page, `shop-cart-${name}`);
  await checkOut(page);
  await page.getByText("Bought. Thank you!").waitFor();
  await shoot(page, `shop-bought-${name}`);
  await page.goto(`${SHOP_URL}/#/orders`);
  await page.locator(".row").first().waitFor();
  await shoot(page, `orders-${name}`);
  await page.locator(".row").nth(1).click();
  await page.locator("article").waitFor();
  await shoot(page, `order-open-${name}`);
  await page.getByRole("button", { name: /settings/ }).click();
  await openAction(page, "/api/orders/");
  await page.locator(".diagram").first().waitFor();
  await shoot(page, `panel-settings-${name}`);
  await closePanel(page);
}

async function closePanel(page) {
  await page.getByRole("button", { name: "All requests" }).click();
  await page.getByRole("button", { name: "Behind the scenes" }).click();
}

/** A purchase behind the scenes: small, large, and as a list. */
async function lookBehind(page, name) {
  await page.goto(`${SHOP_URL}/#/shop`);
  await page.reload();
  await fillCart(page, "Mouse");
  await checkOut(page);
  await page.getByText("Bought. Thank you!").waitFor();
  await openAction(page, "/api/pay?");
  await page.locator('.moment[data-kind="later"]').first().waitFor();
  await shoot(page, `diagram-${name}`);
  await page.getByRole("button", { name: "Larger" }).click();
  await page.locator(".moment", { hasText: "payment.received" }).first().hover();
  await shoot(page, `diagram-large-${name}`);
  await page.getByRole("button", { name: "List", exact: true }).click();
  await shoot(page, `diagram-list-${name}`);
  await page.getByRole("button", { name: "Smaller" }).click();
  await closePanel(page);
}

/** The system in peace and broken, and the truth in both states. */
async function lookInside(page, name, user) {
  await page.goto(`${SHOP_URL}/#/system`);
  await page.getByRole("button", { name: "Add a mouse to the cart" }).click();
  await page.waitForTimeout(4_000); // so that the plots have something to show
  await shoot(page, `system-${name}`);
  const card = page.getByRole("region", { name: "catalog", exact: true });
  await card.getByRole("button", { name: "Down: catalog" }).click();
  await card.getByText(/for everybody/).waitFor();
  await lab("DELETE", "catalog", "faults");
  const order = await losePayment(user);
  await page.getByText("1 dead letter").waitFor();
  await page.screenshot({ path: `${directory}/system-broken-${name}.png`, fullPage: true });
  await page.goto(`${SHOP_URL}/#/truth`);
  await page.locator('[data-check="money"]').getByText(order).waitFor();
  await page.screenshot({ path: `${directory}/truth-wrong-${name}.png`, fullPage: true });
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByText("Money, orders and goods agree.").waitFor();
  await shoot(page, `truth-${name}`);
}

async function prepare(user) {
  for (let quantity = 1; quantity <= 4; quantity += 1) await newOrder(user, quantity);
  const [first, second] = await shop("GET", `/api/orders?user_id=${user}`);
  await shop("POST", `/api/orders/${first.order_id}/cancel`);
  await shop("POST", `/api/pay?order_id=${second.order_id}&amount=${second.total_amount.toFixed(2)}`);
}

const browser = await startBrowser();
for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of SIZES) {
    const user = newUser();
    await prepare(user);
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.addInitScript((kept) => localStorage.setItem("shop-settings", kept), JSON.stringify({ user, key: API_KEY }));
    await takeTour(page, `${colorScheme}-${width}`);
    await lookBehind(page, `${colorScheme}-${width}`);
    await lookInside(page, `${colorScheme}-${width}`, user);
    await context.close();
  }
}
await browser.close();
