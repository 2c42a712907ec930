// The running shop as tests and screenshots use it: a browser, requests past the page that set
// the scene, and what a shopper does, in the words of the shop.

import { execSync } from "node:child_process";
import { chromium } from "playwright-core";

export const SHOP_URL = (process.env.SHOP_URL ?? "http://127.0.0.1:8080").replace(/\/$/, "");
export const API_KEY = process.env.API_KEY ?? "secret-key-123";
/** Longer than the page's own time-out of 10 s, so that the page speaks first. */
export const PATIENCE_MS = 15_000;
const ARGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
}

let users = 0;
export function newUser() {
  return `e2e-${Date.now().toString(36)}-${process.pid}-${(users += 1)}`;
}

/** A request past the page, to set the scene or to see what is true. */
export async function shop(method, path, body) {
  const headers = { "X-API-Key": API_KEY, "Content-Type": "application/json" };
  const response = await fetch(SHOP_URL + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : null;
}

let made = 0;
/** A product no other test knows, so that nobody has its price or existence in a cache. */
export function newProduct(news = {}) {
  return shop("POST", "/api/catalog/products", { name: `Test thing ${process.pid} ${(made += 1)}`, price: 12.5, stock: 100, ...news });
}

/** An order that exists and is not paid; one piece costs 29.99. */
export async function newOrder(user, quantity = 1) {
  const { id, price } = await newProduct({ price: 29.99, stock: quantity });
  return shop("POST", `/api/orders?user_id=${user}`, [{ product_id: id, quantity, price }]);
}

export function ordersOf(user) {
  return shop("GET", `/api/orders?user_id=${user}`);
}

/** A request to a service's lab. */
export function lab(method, service, room, body) {
  return shop(method, `/lab/${service}/${room}`, body);
}

export const SERVICES = ["cart", "catalog", "order", "payment"];

/** What is broken for a tag, or for everybody (null): "cart faults", "order policy", ... */
export async function brokenFor(tag) {
  const rooms = SERVICES.flatMap((service) => ["faults", "policy", "crash"].map((room) => [service, room]));
  const found = await Promise.all(rooms.map(async ([service, room]) => {
    const body = await lab("GET", service, room);
    const list = room === "faults" ? body.faults : room === "crash" ? body.armed : Object.values(body).flatMap(({ overrides }) => overrides);
    return list.some(({ only_for: whose }) => whose === tag) ? [`${service} ${room}`] : [];
  }));
  return found.flat();
}

/** Ends everything that anybody has broken. */
export function unbreak() {
  return Promise.all(SERVICES.flatMap((service) => ["faults", "policy", "crash"].map((room) => lab("DELETE", service, room))));
}

/** Runs the body while a service has a fault, and ends the fault whatever happens. */
export async function withFault(service, fault, body) {
  await lab("PUT", service, "faults", { ttl_s: 30, ...fault });
  try {
    return await body();
  } finally {
    await lab("DELETE", service, "faults");
  }
}

/** An order whose payment was sent once, into silence. */
export async function losePayment(user) {
  const { order_id: order, total_amount: total } = await newOrder(user);
  await lab("PUT", "payment", "policy", { webhook_delivery: "fire-once", ttl_s: 30 });
  try {
    await withFault("order", { kind: "down" }, () => shop("POST", `/api/pay?order_id=${order}&amount=${total}`));
  } finally {
    await lab("DELETE", "payment", "policy");
  }
  return order;
}

/** Runs the body while the catalog is down, and brings it back whatever happens. */
export async function withoutCatalog(body) {
  run("SHOP_STOP_CATALOG");
  try {
    await until(async () => (await fetch(`${SHOP_URL}/health/catalog`)).status === 503);
    await body();
  } finally {
    run("SHOP_START_CATALOG");
    await until(async () => (await fetch(`${SHOP_URL}/health/catalog`)).ok);
  }
}

function run(name) {
  const command = process.env[name];
  if (!command) throw new Error(`${name} must hold a shell command that stops or starts the catalog`);
  execSync(command, { stdio: "inherit" });
}

/** Asks until the answer is yes; the pause only keeps the asking from being a flood. */
export async function until(condition) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Still not true after ${PATIENCE_MS} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// What a shopper does and sees.

/** Searches first: a shelf of many products shows only the first ones. */
export async function addToCart(page, name) {
  await page.getByLabel("Search products").fill(name);
  await page.getByRole("button", { name: `Add to cart: ${name}`, exact: true }).click();
}

/** Adds one product through the page and waits until the cart shows it. */
export async function fillCart(page, name) {
  await addToCart(page, name);
  await cartLine(page, name).waitFor();
}

export function cartLine(page, name) {
  return page.locator(".line", { hasText: name });
}

export function checkOut(page) {
  return page.getByRole("button", { name: "Check out" }).click();
}

/** Opens a request behind the scenes as a diagram, the latest whose address holds `text`. */
export async function openAction(page, text) {
  if (!(await page.locator(".panel-body").isVisible())) await page.getByRole("button", { name: "Behind the scenes" }).click();
  await page.locator(".action", { hasText: text }).first().click();
  await page.getByRole("button", { name: "Diagram", exact: true }).click();
}

export function hasFocus(locator) {
  return locator.evaluate((element) => element === document.activeElement);
}

export function sees(page, text) {
  return page.getByText(text).first().waitFor();
}
