// Takes pictures of every view, light and dark, from a phone to a lecture hall, for human
// eyes: `SHOP_URL=... node screenshots.mjs <directory> [width]`. It shops a little first, so
// that there is something to see.

import { mkdirSync } from "node:fs";
import { API_KEY, SHOP_URL, checkOut, fillCart, losePayment, newOrder, newUser, openAction, shop, startBrowser } from "./shop.mjs";

const SIZES = [[360, 780], [1280, 800], [1920, 1080]].filter(([width]) => !process.argv[3] || process.argv[3] === String(width));
const directory = process.argv[2];
if (!directory) {
  console.error("Usage: node screenshots.mjs <directory> [width]");
  process.exit(2);
}
mkdirSync(directory, { recursive: true });

function shoot(page, name) {
  return page.screenshot({ path: `${directory}/${name}.png` });
}

/** The whole view, in a window that is tall enough: what sticks to an edge stays at its edge. */
async function shootAll(page, name) {
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
  await page.evaluate(() => scrollTo(0, 0));
  await shoot(page, name);
  await page.setViewportSize({ width, height });
}

async function goTo(page, view) {
  await page.goto(`${SHOP_URL}/#/${view}`);
  await page.locator("#view-title").waitFor();
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

/** The system in peace and broken. */
async function lookInside(page, name) {
  await goTo(page, "system");
  await page.getByRole("button", { name: "Add a mouse to the cart" }).click();
  await page.getByRole("button", { name: "Buy a mouse" }).click();
  await page.waitForTimeout(6_000); // so that the plots have something to show
  await shoot(page, `system-${name}`);
  const card = (service) => page.getByRole("region", { name: service, exact: true });
  await card("catalog").getByRole("button", { name: "Slow: catalog" }).click();
  await card("cart").getByRole("button", { name: "fail-closed" }).click();
  await page.getByLabel("only for requests with my tag").check();
  await card("order").getByRole("button", { name: "Down: order" }).click();
  await card("payment").getByText("Pull the plug").click();
  await card("payment").getByRole("button", { name: "committed-before-webhook" }).click();
  await card("payment").getByText(/for tag/).waitFor();
  await card("cart").getByText(/for everybody/).waitFor();
  await shootAll(page, `system-broken-${name}`);
  await page.getByRole("radio", { name: "for everybody" }).check();
  await page.getByRole("button", { name: "End all faults" }).click();
  await page.getByRole("status").getByText("All faults have ended").waitFor();
}

/** The truth, right and wrong. */
async function lookAtTheBooks(page, name, user) {
  const order = await losePayment(user);
  await goTo(page, "truth");
  await page.locator('[data-check="money"]').getByText(order).waitFor();
  await shootAll(page, `truth-wrong-${name}`);
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByText("Money, orders and goods agree.").waitFor();
  await shoot(page, `truth-${name}`);
}

async function learn(page, name) {
  await goTo(page, "lessons");
  await page.locator(".lesson-list li").first().waitFor();
  await shoot(page, `lessons-${name}`);
  await goTo(page, "lessons/4");
  await page.locator(".prediction input").first().check();
  await shoot(page, `lesson-${name}`);
  await page.getByRole("button", { name: "Run all that is left" }).click();
  await page.locator(":is([data-outcome=open], [data-outcome=running])").first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByText("Passed.").waitFor();
  await shootAll(page, `lesson-passed-${name}`);
}

/** What there is to see before anybody did anything, and when the key is wrong. */
async function lookAtNothing(context, name) {
  for (const [state, view, key] of [["empty", "orders", API_KEY], ["locked", "shop", "wrong-key-of-20-chars"]]) {
    const page = await openPage(context, { user: newUser(), key });
    await goTo(page, view);
    await page.getByText(state === "empty" ? "has not ordered anything yet" : "did not accept this API key").first().waitFor();
    await shoot(page, `${state}-${name}`);
    await page.close();
  }
}

async function openPage(context, settings) {
  const page = await context.newPage();
  await page.addInitScript((kept) => localStorage.setItem("shop-settings", kept), JSON.stringify(settings));
  return page;
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
    const page = await openPage(context, { user, key: API_KEY, tag: "ann" });
    const name = `${colorScheme}-${width}`;
    await takeTour(page, name);
    await lookBehind(page, name);
    await lookInside(page, name);
    await lookAtTheBooks(page, name, user);
    await learn(page, name);
    await lookAtNothing(context, name);
    await context.close();
  }
}
await browser.close();
