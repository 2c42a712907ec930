// What a checkout does next, and what each answer means.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  afterLook, afterPurchase, afterReload, canRetry, isRunning, isSettling, meaningOfAnswer, meaningOfFailure, newAttempt, nextStep, orderBody,
  withRefused, withStep,
} from "../../../frontend/js/checkout.js";

function anAttempt() {
  let count = 0;
  const lines = [{ productId: 1, name: "Laptop", quantity: 1, priceCents: 99999, verified: true }];
  return newAttempt({ user: "ada", lines, newKey: () => `key-${(count += 1)}` });
}

const held = { status: 201, body: { order_id: "o1", reservation: "HELD" } };
const paid = { status: 200, body: { status: "PAID" } };
const silent = { status: 0, detail: "No answer.", retryAfter: null };

test("prices leave the page with exactly two decimals", () => {
  assert.equal(orderBody([{ productId: 10, quantity: 2, priceCents: 32900 }]), '[{"product_id":10,"quantity":2,"price":329.00}]');
});

test("what was bought leaves the cart, and what was added meanwhile stays", () => {
  const bought = [{ productId: 1, quantity: 2 }, { productId: 2, quantity: 1 }, { productId: 3, quantity: 1 }];
  const line = (product_id, quantity) => ({ product_id, quantity });

  assert.deepEqual(afterPurchase([line(1, 2), line(2, 1)], bought).isEmpty, true);
  assert.deepEqual(afterPurchase([], bought), { isEmpty: true, changes: [] });
  assert.deepEqual(afterPurchase([line(1, 5), line(2, 1), line(9, 1)], bought), {
    isEmpty: false,
    changes: [{ id: 1, quantity: 3 }, { id: 2, quantity: 0 }],
  });
});

test("the steps follow one another to the end", () => {
  let attempt = anAttempt();
  assert.equal(nextStep(attempt), "order");
  attempt = withStep(attempt, "order", meaningOfAnswer("order", held));
  assert.equal(nextStep(attempt), "pay");
  attempt = withStep(attempt, "pay", meaningOfAnswer("pay", paid));
  assert.equal(nextStep(attempt), "clear");
  attempt = withStep(attempt, "clear", meaningOfAnswer("clear", { status: 200, body: { cart: [] } }));
  assert.equal(nextStep(attempt), null);
});

test("a refused order stops the checkout for good", () => {
  for (const [status, words] of [[404, /No such product/], [409, /Out of stock/], [422, /current prices/]]) {
    const result = meaningOfFailure("order", { status, detail: "because" });
    const attempt = withStep(anAttempt(), "order", result);
    assert.match(result.text, words);
    assert.match(result.text, /Nothing was bought/);
    assert.equal(nextStep(attempt), null);
    assert.equal(canRetry(attempt), false);
  }
});

test("a refused order is named if it is the one that was sent", () => {
  const attempt = withStep(anAttempt(), "order", meaningOfFailure("order", { status: 409, detail: "because" }));
  const order = (quantity) => ({ order_id: "o7", status: "REJECTED", items: [{ product_id: 1, quantity, price: 999.99 }] });
  const named = withRefused(attempt, order(1));
  assert.equal(named.orderId, "o7");
  assert.match(named.steps.order.text, /Nothing was bought\. The order is kept, as REJECTED\.$/);
  assert.equal(nextStep(named), null);
  assert.equal(withRefused(attempt, order(2)), attempt);
  assert.equal(withRefused(attempt, undefined), attempt);
});

test("silence is not a refusal: paying goes on with the same order and key", () => {
  const ordered = { ...withStep(anAttempt(), "order", meaningOfAnswer("order", held)), orderId: "o1" };
  for (const status of [0, 401, 429, 500, 503]) {
    const attempt = withStep(ordered, "pay", meaningOfFailure("pay", { ...silent, status }));
    assert.equal(canRetry(attempt), true);
    assert.equal(nextStep(attempt), "pay");
    assert.equal(attempt.orderId, "o1");
    assert.equal(attempt.keys.pay, ordered.keys.pay);
  }
});

test("a cart that cannot be cleared is only ever tried again", () => {
  const result = meaningOfFailure("clear", { status: 404, detail: "Not found" });
  assert.equal(result.outcome, "undecided");
});

test("a pending payment is looked at until the order has heard of it", () => {
  let attempt = withStep(anAttempt(), "order", meaningOfAnswer("order", held));
  attempt = withStep(attempt, "pay", meaningOfAnswer("pay", { status: 202, body: { status: "PENDING" } }));
  assert.equal(isSettling(attempt), true);
  assert.equal(afterLook(attempt, { status: "CREATED", reservation: "HELD" }).steps.pay.outcome, "pending");
  assert.equal(afterLook(attempt, { status: "PAID", reservation: "HELD" }).steps.pay.outcome, "done");
  assert.equal(afterLook(attempt, { status: "EXPIRED", reservation: "RELEASED" }).steps.pay.outcome, "refused");
});

test("a pending reservation may still be held or refused", () => {
  const answer = { status: 201, body: { order_id: "o1", reservation: "PENDING" } };
  const attempt = withStep(anAttempt(), "order", meaningOfAnswer("order", answer));
  assert.equal(nextStep(attempt), "pay");
  assert.equal(afterLook(attempt, { status: "PAID", reservation: "COMMITTED" }).steps.order.outcome, "done");
  assert.equal(afterLook(attempt, { status: "REFUNDED", reservation: "REFUSED" }).steps.order.outcome, "refused");
});

test("an order that ends after all settles every step, and says how it ended", () => {
  const answer = { status: 201, body: { order_id: "o1", reservation: "PENDING" } };
  const ordered = withStep(anAttempt(), "order", meaningOfAnswer("order", answer));
  const settled = withStep(ordered, "pay", meaningOfAnswer("pay", paid));
  const unsure = withStep(ordered, "pay", meaningOfFailure("pay", silent));
  const ends = [
    [settled, "REFUNDED", "REFUSED", /refused its goods/, /the money goes back/],
    [unsure, "REJECTED", "REFUSED", /refused its goods/, /REJECTED, so no payment/],
    [withStep(settled, "clear", meaningOfFailure("clear", silent)), "REFUNDED", "REFUSED", /refused its goods/, /the money goes back/],
    [unsure, "CANCELLED", "RELEASED", /CANCELLED, and no goods/, /CANCELLED, so no payment/],
  ];
  for (const [attempt, status, reservation, goods, money] of ends) {
    const over = afterLook(attempt, { status, reservation });
    assert.equal(over.end, status);
    for (const [step, words] of [["order", goods], ["pay", money]]) {
      assert.match(over.steps[step].text, words);
      assert.deepEqual([over.steps[step].outcome, over.steps[step].status], ["refused", null]);
    }
    assert.equal(isSettling(over), false);
    assert.equal(canRetry(over), false);
    assert.equal(nextStep(over), null);
  }
});

test("a reload in the middle of a step leaves it undecided", () => {
  const running = withStep(anAttempt(), "order", { outcome: "running" });
  assert.equal(isRunning(running), true);
  const attempt = afterReload(running);
  assert.equal(isRunning(attempt), false);
  assert.equal(canRetry(attempt), true);
  assert.equal(afterReload(anAttempt()).steps.order.outcome, "waiting");
});
