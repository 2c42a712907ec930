// The truth board: what is right, what is wrong, and what is still under way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { balance, verdict } from "../../../frontend/js/truth.js";

const NOW = Date.parse("2025-01-01T12:00:10.000Z");
const OLD = "2025-01-01T12:00:00.000Z";
const FRESH = "2025-01-01T12:00:09.000Z";

const ORDER = { order_id: "o1", status: "PAID", reservation: "COMMITTED", payment_id: "p1", total_cents: 2999, updated_at: OLD };
const PAYMENT = { payment_id: "p1", order_id: "o1", amount_cents: 2999, status: "COMPLETED", updated_at: OLD };
const GOODS = { order_id: "o1", status: "COMMITTED", updated_at: OLD };
const MOUSE = { product_id: 2, name: "Mouse", received: 200, stock: 199, held: 0, sold: 1, is_sold: true };
const LINE = { product_id: 2, carts: 1, quantity: 3, unchecked_carts: 0, is_missing: false, updated_at: OLD };
const LETTER = { id: "m1", service: "payment", kind: "payment.received", peer: "order", subject: "p1", attempts: 1, last_error: "no connection", dead_at: OLD };

function board({ order = {}, payment = {}, goods = {}, product = {}, line = {}, messages = [], without = [], unheard = without }) {
  const row = (base, news) => (news === null ? [] : [{ ...base, ...news }]);
  const books = {
    cart: { products: row(LINE, line) },
    catalog: { products: row(MOUSE, product), reservations: row(GOODS, goods) },
    order: { orders: row(ORDER, order) },
    payment: { payments: row(PAYMENT, payment) },
  };
  for (const service of without) books[service] = null;
  const outboxes = Object.fromEntries(["catalog", "order", "payment"].map((service) => [service, messages.filter((message) => message.service === service)]));
  for (const service of unheard) outboxes[service] = null;
  return balance(books, outboxes, NOW);
}
const states = (given) => Object.fromEntries(board(given).map(({ id, state }) => [id, state]));
const wrongIds = (given) => Object.fromEntries(board(given).filter(({ wrongs }) => wrongs.length > 0).map(({ id, wrongs }) => [id, wrongs.map((wrong) => wrong.id)]));

test("a shop whose books agree is all zeros", () => {
  assert.deepEqual([...new Set(Object.values(states({})))], ["right"]);
  assert.equal(verdict(board({})).state, "right");
});

test("money taken for an order that is not paid names the order", () => {
  assert.deepEqual(wrongIds({ order: { status: "CREATED", payment_id: null }, goods: { status: "HELD" } }), { money: ["o1"] });
  assert.deepEqual(wrongIds({ order: null, goods: null }), { money: ["o1"] });
});

test("a payment lost by firing once is wrong at once, and right again after the replay", () => {
  const lost = { order: { status: "CREATED", payment_id: null, updated_at: FRESH }, payment: { status: "PENDING", updated_at: FRESH }, goods: { status: "HELD" } };
  const now = { ...LETTER, dead_at: FRESH };
  assert.deepEqual(wrongIds({ ...lost, messages: [now] }), { money: ["o1"], pending: ["p1"], letters: ["p1"] });
  assert.deepEqual(wrongIds({}), {});
});

test("a pending payment whose message waits is in flight, then pending", () => {
  const given = (at) => ({ order: { status: "CREATED", payment_id: null }, goods: { status: "HELD" }, payment: { status: "PENDING", updated_at: at }, messages: [{ ...LETTER, dead_at: null }] });
  assert.equal(states(given(FRESH)).pending, "moving");
  assert.deepEqual(wrongIds(given(OLD)), { pending: ["p1"] });
  assert.match(board(given(OLD)).find(({ id }) => id === "pending").wrongs[0].text, /waits in the outbox, after 1 attempt/);
});

test("an order that says paid needs a payment of its amount", () => {
  assert.deepEqual(wrongIds({ order: { payment_id: null }, payment: null }), { orders: ["o1"] });
  assert.deepEqual(wrongIds({ payment: null }), { orders: ["o1"] });
  assert.deepEqual(wrongIds({ payment: { amount_cents: 1 } }), { orders: ["o1"] });
  assert.deepEqual(wrongIds({ payment: { status: "REFUNDED" } }), { orders: ["o1"] });
});

test("what happened within three seconds is in flight", () => {
  const checks = board({ goods: { status: "HELD", updated_at: FRESH } });
  assert.equal(checks.find(({ id }) => id === "units").state, "moving");
  assert.equal(verdict(checks).state, "right");
});

test("units never get lost, and orders hold what they should", () => {
  assert.deepEqual(wrongIds({ product: { stock: 198 } }), { units: ["2"] });
  assert.deepEqual(wrongIds({ goods: { status: "HELD" } }), { units: ["o1"] });
  assert.deepEqual(wrongIds({ goods: null }), { units: ["o1"] });
  assert.deepEqual(wrongIds({ order: { status: "CANCELLED", payment_id: null }, payment: null, goods: { status: "HELD" } }), { units: ["o1"] });
  assert.deepEqual(wrongIds({ order: { status: "REJECTED", payment_id: null }, payment: null, goods: { status: "REFUSED" } }), {});
});

test("a full book does not prove that something is absent", () => {
  const orders = Array.from({ length: 1000 }, (_, index) => ({ ...ORDER, order_id: `x${index}`, status: "CREATED", payment_id: null }));
  const books = { cart: { products: [] }, catalog: { products: [], reservations: [GOODS] }, order: { orders }, payment: { payments: [PAYMENT] } };
  assert.ok(balance(books, { catalog: [], order: [], payment: [] }, NOW).every(({ wrongs }) => wrongs.length === 0));
});

test("cart lines of unknown and of deleted products are strays", () => {
  assert.deepEqual(wrongIds({ line: { product_id: 999 } }), { lines: ["999"] });
  assert.deepEqual(wrongIds({ product: { is_sold: false } }), { lines: ["2"] });
});

test("a dead letter can be replayed by the service that keeps it", () => {
  const [wrong] = board({ messages: [LETTER] }).find(({ id }) => id === "letters").wrongs;
  assert.deepEqual([wrong.service, wrong.letter], ["payment", "m1"]);
});

test("whoever is silent makes a check unknown, not right", () => {
  const checks = board({ without: ["catalog"] });
  assert.deepEqual(checks.filter(({ state }) => state === "unknown").map(({ id }) => id), ["units", "lines", "letters"]);
  assert.equal(verdict(checks).text, "What can be checked agrees; not everybody answers.");
});

test("dead letters are not known while an outbox is not, but a known one is wrong", () => {
  const letters = (given) => board(given).find(({ id }) => id === "letters");
  for (const service of ["catalog", "order", "payment"]) {
    assert.equal(letters({ unheard: [service] }).state, "unknown");
    assert.deepEqual(letters({ unheard: [service] }).missing, [service]);
  }
  assert.equal(letters({ without: ["cart"] }).state, "right");
  const { state, missing, wrongs } = letters({ messages: [LETTER], without: ["order"] });
  assert.deepEqual([state, missing, wrongs.length], ["wrong", ["order"], 1]);
});

test("with all four silent nobody knows; with some of them, nothing may be left to check", () => {
  const text = (...without) => verdict(board({ without })).text;
  assert.equal(text("cart", "catalog", "order", "payment"), "Nobody answers, so nobody knows.");
  assert.equal(text("catalog", "order", "payment"), "Too few answer to check anything.");
  assert.equal(text("catalog", "payment"), "Too few answer to check anything.");
});

test("a payment whose outbox was not read does not speak of its messages", () => {
  const given = { order: { status: "CREATED", payment_id: null }, goods: { status: "HELD" }, payment: { status: "PENDING" }, unheard: ["payment"] };
  const { state, wrongs } = board(given).find(({ id }) => id === "pending");
  assert.equal(state, "wrong");
  assert.match(wrongs[0].text, /whether a message about it waits is not known/);
});
