// What every view owes every reader: names, contrast, room on a phone, a choice of theme.

import assert from "node:assert/strict";
import axe from "axe-core";
import { pageTest } from "./support.mjs";
import { SHOP_URL, checkOut, fillCart, losePayment, newOrder, newProduct, newUser, openAction, sees, shop } from "./shop.mjs";

/** So tall that no button lies half behind the panel, which would count as a small target. */
const height = 2_400;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

for (const theme of ["light", "dark"]) {
  for (const width of [360, 1280]) {
    pageTest(`the shop has no axe violations: ${theme}, ${width} px`, { theme, width, height }, async (page) => {
      await page.locator(".card h3").first().waitFor();
      await expectNoViolations(page);
      await page.getByRole("button", { name: /settings/ }).click();
      await fillCart(page, "Mouse");
      await openPanel(page);
      await expectNoViolations(page);
      await checkOut(page);
      await sees(page, "Bought. Thank you!");
      await expectNoViolations(page);
    });

    const user = newUser();
    pageTest(`orders have no axe violations: ${theme}, ${width} px`, { theme, width, height, user, view: "orders" }, async (page) => {
      await sees(page, "has not ordered anything yet");
      await expectNoViolations(page);
      await newOrder(user);
      await page.getByRole("button", { name: "Refresh" }).click();
      await page.locator(".row").waitFor();
      await expectNoViolations(page);
      await page.locator(".row").click();
      await page.locator("article").waitFor();
      await openPanel(page);
      await expectNoViolations(page);
    });
  }

  for (const width of [360, 1280]) {
    const options = { theme, width, height };
    pageTest(`a request as diagram, list and curl has no axe violations: ${theme}, ${width} px`, options, async (page) => {
      await fillCart(page, "Mouse");
      await openAction(page, "/add?");
      await page.locator(".moment", { hasText: "COMMIT" }).first().waitFor();
      await page.locator(".moment").nth(3).hover();
      await expectNoViolations(page);
      for (const mode of ["List", "curl"]) {
        await page.getByRole("button", { name: mode, exact: true }).click();
        await expectNoViolations(page);
      }
    });

    pageTest(`the system has no axe violations: ${theme}, ${width} px`, { ...options, view: "system" }, async (page) => {
      await page.getByRole("button", { name: "Slow: payment" }).click();
      await page.getByText(/for everybody/).first().waitFor();
      await page.getByText("Pull the plug").first().click();
      await expectNoViolations(page);
      await expectNoSidewaysScroll(page);
      await page.getByRole("button", { name: "End all faults" }).click();
      await page.getByRole("status").getByText("All faults have ended").waitFor();
    });

    pageTest(`the truth has no axe violations, right or wrong: ${theme}, ${width} px`, { ...options, view: "truth" }, async (page, user) => {
      await sees(page, "Money, orders and goods agree.");
      await expectNoViolations(page);
      const order = await losePayment(user);
      await page.locator('[data-check="money"]').getByText(order).waitFor();
      await expectNoViolations(page);
      await expectNoSidewaysScroll(page);
      await page.getByRole("button", { name: "Send it again" }).click();
      await sees(page, "Money, orders and goods agree.");
    });
  }

  const refused = { theme, key: "wrong-key-of-20-chars", expectedFailures: ["/api/"] };
  pageTest(`a refused key has no axe violations: ${theme}`, refused, async (page) => {
    await sees(page, "The shop did not accept this API key.");
    await expectNoViolations(page);
  });
}

const longName = `${newUser()}-${"x".repeat(36)}`.slice(0, 64);
pageTest("no view scrolls sideways on a phone", { width: 360, user: longName, expectedFailures: ["/api/orders"] }, async (page, user) => {
  const { id } = await newProduct({ name: "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen".repeat(3) });
  await shop("POST", `/api/cart/${user}/add?product_id=${id}&quantity=1000`);
  await page.reload();
  await page.locator(".line").waitFor();
  await openPanel(page);
  await expectNoSidewaysScroll(page);

  await checkOut(page);
  await sees(page, "Out of stock");
  await expectNoSidewaysScroll(page);

  const { order_id: order } = await newOrder(user, 1000);
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await page.locator(".row").first().waitFor();
  await expectNoSidewaysScroll(page);
  await page.locator(`.row[href*="${order}"]`).click();
  await page.locator("article").waitFor();
  await expectNoSidewaysScroll(page);
});

for (const width of [641, 720, 832, 896, 1000]) {
  pageTest(`the header fits at ${width} px`, { width, user: longName }, async (page) => {
    await expectNoSidewaysScroll(page);
    const { width: least } = await page.getByRole("button", { name: /^Theme/ }).boundingBox();
    assert.ok(least >= 24, `a button of ${least} px`);
  });
}

for (const view of ["Orders", "System", "Truth", "Lessons"]) {
  pageTest(`a view that is opened gets the focus: ${view}`, {}, async (page) => {
    await page.getByRole("link", { name: view, exact: true }).click();
    await page.waitForFunction((title) => {
      const isHere = !document.querySelector("main [role=status]")?.textContent.startsWith("Loading");
      return isHere && document.activeElement.textContent === title;
    }, view);
  });
}

pageTest("the amount of a large order fits a phone", { width: 360, view: "orders" }, async (page, user) => {
  const { id, price } = await newProduct({ price: 9999.99, stock: 1000 });
  const order = await shop("POST", `/api/orders?user_id=${user}`, [{ product_id: id, quantity: 1000, price }]);
  await page.goto(`${SHOP_URL}/#/orders/${order.order_id}`);
  await page.locator("article td", { hasText: "$9,999,990.00" }).first().waitFor();
  await expectNoSidewaysScroll(page);
});

pageTest("two tabs leave each other's settings alone", {}, async (page) => {
  const other = await page.context().newPage();
  await other.goto(SHOP_URL);
  await other.getByRole("button", { name: /^Theme/ }).waitFor();

  await page.getByRole("button", { name: /settings$/ }).click();
  await page.getByLabel("Lab tag").fill("ann");
  await page.getByRole("button", { name: "Save" }).click();
  await other.getByRole("button", { name: /^Theme/ }).click();

  const { tag, theme } = JSON.parse(await page.evaluate(() => localStorage.getItem("shop-settings")));
  assert.deepEqual([tag, theme], ["ann", "light"]);
});

pageTest("the theme switch beats the system and is remembered", { colorScheme: "light" }, async (page) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();

  await page.getByRole("button", { name: /Switch to light/ }).click();
  assert.equal(await ground(), light);
  await page.getByRole("button", { name: /Switch to dark/ }).click();
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.getByRole("button", { name: /Switch to auto/ }).waitFor();
  assert.equal(await ground(), dark);
});

pageTest("all views together transfer less than 150 KB (gzip), the first one less than 100 KB", {}, async (page) => {
  const transferred = () =>
    page.evaluate(() => {
      const files = [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")];
      return files.filter(({ name }) => !/\/(api|lab)\//.test(name)).reduce((sum, { transferSize }) => sum + transferSize, 0);
    });
  await page.waitForLoadState("networkidle");
  const first = await transferred();
  for (const link of await page.getByRole("navigation", { name: "Views" }).getByRole("link").all()) {
    await link.click();
    await page.waitForFunction(() => !document.querySelector("main [role=status]")?.textContent.startsWith("Loading"));
  }
  await openPanel(page);
  await page.locator(".diagram").first().waitFor();
  const all = await transferred();
  assert.ok(first > 0 && first < 100_000, `${first} bytes at first`);
  assert.ok(all > first && all < 150_000, `${all} bytes in all`);
});

async function openPanel(page) {
  if (!(await page.locator(".panel-body").isVisible())) await page.getByRole("button", { name: "Behind the scenes" }).click();
  const action = page.locator(".action").first();
  if (await action.isVisible()) await action.click(); // unless one is open already
}

async function expectNoViolations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `  ${html}\n  ${failureSummary}`).join("\n")}`);
  assert.equal(told.join("\n"), "");
}

async function expectNoSidewaysScroll(page) {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assert.ok(scrollWidth <= clientWidth, `${scrollWidth} px of content in ${clientWidth} px`);
}
