// Addresses, the shelf, the timeline, problems and settings.

import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, isUndecided } from "../../../frontend/js/problems.js";
import { hashFor, nextAfter, parseRoute } from "../../../frontend/js/route.js";
import { DEFAULTS, cleaned, isUser, loadSettings, saveSettings } from "../../../frontend/js/settings.js";
import { awaitsCheck, matching, pricedLines, whyNoCheckout } from "../../../frontend/js/shelf.js";
import { currentPayment, isPaymentUnsettled, isUnsettled, timeline } from "../../../frontend/js/timeline.js";

const VIEWS = ["shop", "orders"];

test("an address survives being written and read", () => {
  const hash = hashFor("orders", { id: "a b/c", all: "1", after: "" });
  assert.equal(hash, "#/orders/a%20b%2Fc?all=1");
  assert.deepEqual(parseRoute(hash, VIEWS), { view: "orders", id: "a b/c", query: { all: "1" } });
});

test("an unknown or broken address leads to the shop", () => {
  assert.equal(parseRoute("", VIEWS).view, "shop");
  assert.deepEqual(parseRoute("#/nowhere/1", VIEWS), { view: "shop", id: null, query: {} });
  assert.equal(parseRoute("#/orders/%E0%A4%A", VIEWS).id, "%E0%A4%A");
});

test("the Link header names the next page, and the last page has none", () => {
  assert.equal(nextAfter('<?limit=10&after=0190-a>; rel="next"'), "0190-a");
  assert.equal(nextAfter('<http://h/orders?user_id=x%26y&after=7>;rel=next'), "7");
  assert.equal(nextAfter(null), null);
  assert.equal(nextAfter('<?after=1>; rel="prev"'), null);
});

const LAMP = { id: 9, name: "Desk lamp", description: "Warm light", price: 39.95, category_id: 4, category_name: "Home office", image: "l.svg" };
const MOUSE = { id: 2, name: "Mouse", description: null, price: 29.99, category_id: 2, category_name: "Accessories", image: null };

test("search wants every word, somewhere, in any case", () => {
  const find = (text, category = null) => matching([LAMP, MOUSE], { text, category }).map(({ id }) => id);
  assert.deepEqual(find(""), [9, 2]);
  assert.deepEqual(find("LIGHT lamp"), [9]);
  assert.deepEqual(find("accessor"), [2]);
  assert.deepEqual(find("mouse", 4), []);
});

test("a cart line gets its name and price from the catalog, if the catalog has it", () => {
  const lines = pricedLines([{ product_id: 2, quantity: 3 }, { product_id: 77, quantity: 1, validated: false }], [MOUSE]);
  assert.deepEqual(lines[0], { productId: 2, quantity: 3, isAvailable: true, verified: true, name: "Mouse", image: null, priceCents: 2999 });
  assert.equal(lines[1].verified, false);
  assert.equal(lines[1].priceCents, null);
  assert.match(whyNoCheckout(lines), /Product 77/);
  assert.equal(whyNoCheckout(lines.slice(0, 1)), null);
  assert.match(whyNoCheckout([]), /empty/);
});

test("a line whose product cannot be had has no price, and is in the way of a checkout", () => {
  const missing = { product_id: 2, quantity: 1, validated: false, available: false };
  const lines = pricedLines([missing, { product_id: 77, quantity: 1 }], [MOUSE]);
  assert.equal(lines[0].isAvailable, false);
  assert.equal(lines[0].priceCents, null);
  assert.match(whyNoCheckout(lines), /^Not for sale: Mouse\. Remove/);
});

test("only a line that nobody has asked about yet is worth another look", () => {
  assert.equal(awaitsCheck([{ product_id: 1 }, { product_id: 2, validated: false }]), true);
  assert.equal(awaitsCheck([{ product_id: 1 }, { product_id: 2, validated: false, available: false }]), false);
  assert.equal(awaitsCheck([]), false);
});

const AT = (second) => `2025-01-01T00:00:0${second}.000Z`;

test("the timeline tells orders and payments in the order they happened", () => {
  const order = { history: [{ at: AT(1), status: "CREATED", detail: "" }, { at: AT(3), status: "PAID", detail: "" }] };
  const payments = [{ status: "COMPLETED", reason: null, created_at: AT(2), updated_at: AT(4) }];
  const told = timeline(order, payments).map(({ service, status }) => `${service} ${status}`);
  assert.deepEqual(told, ["order CREATED", "payment PAYMENT RECORDED", "order PAID", "payment PAYMENT COMPLETED"]);
});

test("the live payment counts, whatever failed since", () => {
  const payments = [{ status: "FAILED" }, { status: "PENDING" }];
  assert.equal(currentPayment(payments).status, "PENDING");
  assert.equal(currentPayment([]), null);
});

test("an order is unsettled while another service has still to hear of it, or its time is over", () => {
  const now = Date.parse(AT(5));
  const isWaiting = (status, reservation, expires_at = AT(9)) => isUnsettled({ status, reservation, expires_at }, now);
  const unsettled = [
    ["CREATED", "PENDING"], ["CREATED", "HELD", AT(4)], ["PAID", "PENDING"], ["PAID", "HELD"],
    ["CANCELLED", "HELD"], ["EXPIRED", "PENDING"],
  ];
  const settled = [
    ["CREATED", "HELD"], ["PAID", "COMMITTED", AT(4)], ["CANCELLED", "RELEASED"], ["EXPIRED", "RELEASED", AT(4)],
    ["REJECTED", "REFUSED"], ["REFUNDED", "REFUSED"],
  ];
  assert.deepEqual(unsettled.filter((order) => !isWaiting(...order)), []);
  assert.deepEqual(settled.filter((order) => isWaiting(...order)), []);
});

test("a payment is unsettled until it is known and done, and a refund until the money is back", () => {
  const isWaiting = (order, ...found) => isPaymentUnsettled({ status: order }, { payments: found.map((status) => ({ status })), paymentsKnown: true });
  assert.equal(isWaiting("CREATED", "FAILED", "PENDING"), true);
  assert.equal(isWaiting("REFUNDED", "COMPLETED"), true);
  assert.equal(isWaiting("REFUNDED", "REFUNDED"), false);
  assert.equal(isWaiting("PAID", "COMPLETED"), false);
  assert.equal(isWaiting("CREATED"), false);
  assert.equal(isPaymentUnsettled({ status: "REFUNDED" }, { payments: [], paymentsKnown: false }), true);
});

test("only answers that decide nothing may be asked for again", () => {
  assert.deepEqual([0, 401, 429, 500, 503].map(isUndecided), [true, true, true, true, true]);
  assert.deepEqual([200, 404, 409, 422].map(isUndecided), [false, false, false, false]);
});

test("problems are sentences that say what to do", () => {
  assert.match(explain({ status: 401, detail: "Invalid API Key" }), /API key/);
  assert.match(explain({ status: 429, detail: "", retryAfter: "3" }), /3 seconds/);
  assert.match(explain({ status: 503, detail: "catalog service is unavailable" }), /^Catalog service is unavailable\./);
  assert.equal(explain({ status: 404, detail: "Order not found" }), "Order not found.");
});

test("settings are kept, cleaned, and never needed", () => {
  const kept = new Map();
  const storage = () => ({ getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) });
  const forbidden = () => {
    throw new Error("storage is forbidden");
  };
  saveSettings({ ...DEFAULTS, user: "ada" }, storage);
  assert.equal(loadSettings(storage).user, "ada");
  saveSettings(DEFAULTS, forbidden);
  assert.deepEqual(loadSettings(forbidden), DEFAULTS);
  assert.deepEqual(cleaned({ user: " ", key: " k\u00e9y ", tag: " t " }), { user: "demo-user", key: "k?y", tag: "t" });
});

test("a user name that the shop refuses is neither taken nor loaded", () => {
  const taken = ["ada", "a.b_c-d@e", "...a", "x".repeat(64)];
  const refused = ["", ".", "..", "...", "team/a", "a b", "\u00e9", "x".repeat(65)];
  assert.deepEqual([...taken, ...refused].filter(isUser), taken);
  const storage = () => ({ getItem: () => JSON.stringify({ user: "team/a", key: "k" }) });
  assert.deepEqual(loadSettings(storage), { ...DEFAULTS, key: "k" });
});
