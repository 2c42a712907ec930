// Takes pictures of every view, light and dark, from a phone to a lecture hall, for human
// eyes: `SHOP_URL=... node screenshots.mjs <directory>`. It shops a little first, so that
// there is something to see.

import { mkdirSync } from "node:fs";
import { API_KEY, SHOP_URL, checkOut, fillCart, newOrder, newUser, shop, startBrowser } from "./shop.mjs";

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
  if (!(await page.locator(".panel-body").isVisible())) await page.getByRole("button", { name: "Behind the scenes" }).click();
  await page.locator(".action").first().click();
  await shoot(page, `panel-settings-${name}`);
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
    await context.close();
  }
}
await browser.close();
