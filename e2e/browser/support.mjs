// What every browser test stands on: one Chromium per file, and pages that report every wrong.
//
// A test fails on any console error, page error, violation of the Content-Security-Policy or
// request to another host, whether or not it looked there. A test that provokes a refusal says
// so with `expectedFailures`, because Chromium logs every 4xx and 5xx as an error.

import { after, before, test } from "node:test";
import { API_KEY, PATIENCE_MS, SHOP_URL, newUser, startBrowser } from "./shop.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

/** A test with a page of its own, for a user nobody else is; `view` is where it starts. */
export function pageTest(name, { view = "shop", user = newUser(), expectedFailures = [], ...options }, body) {
  test(name, async () => {
    const { page, wrongs, close } = await openPage({ user, ...options });
    page.expectedFailures = expectedFailures;
    try {
      await page.goto(`${SHOP_URL}/#/${view}`);
      await page.locator("#view-title").waitFor();
      await body(page, user);
    } catch (error) {
      // What the page did says more than what the test waited for in vain.
      throw wrongs.length > 0 ? new Error(told(wrongs), { cause: error }) : error;
    } finally {
      await close();
    }
    if (wrongs.length > 0) throw new Error(told(wrongs));
  });
}

function told(wrongs) {
  return `The page did wrong:\n${wrongs.join("\n")}`;
}

/** A page for one reader; the caller closes it and looks at its `wrongs`. */
export async function openPage({ user, key = API_KEY, tag = "", theme = "auto", width = 1280, height = 900, ...media }) {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce", ...media });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.expectedFailures = [];
  const wrongs = await watch(page);
  const settings = JSON.stringify({ user, key, tag, theme });
  await page.addInitScript((kept) => {
    if (!localStorage.getItem("shop-settings")) localStorage.setItem("shop-settings", kept);
  }, settings);
  return { page, wrongs, close: () => context.close() };
}

/** Collects everything a page may not do. */
async function watch(page) {
  const wrongs = [];
  page.on("pageerror", (error) => wrongs.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !isExpected(page, message)) wrongs.push(`console: ${text} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== new URL(SHOP_URL).origin) wrongs.push(`off-origin: ${url}`);
  });
  await page.exposeFunction("reportViolation", (what) => wrongs.push(`CSP: ${what}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => reportViolation(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return wrongs;
}

/** Failures are allowed by path, so that a test allows only what it provokes. */
function isExpected(page, message) {
  const { url } = message.location();
  return message.text().startsWith("Failed to load resource") && page.expectedFailures.some((path) => url.includes(path));
}
