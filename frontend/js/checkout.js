// A checkout, step by step: create the order, pay it, clear the cart. Pure.
//
// An attempt remembers what was sent and with which keys. That is what makes "try again"
// safe: an order that was created is paid, never ordered a second time, and a request
// whose answer got lost is repeated under its own Idempotency-Key.

import { explain, isUndecided } from "./problems.js";
import { sentence, sumCents, toCents, toDecimal } from "./format.js";

export const STEPS = ["order", "pay", "clear"];

const DEEDS = { order: "Create the order", pay: "Pay it", clear: "Clear the cart" };

export function whatItDoes(step) {
  return DEEDS[step];
}

/** The lines are copied: the attempt stays what it was when the cart changes. */
export function newAttempt({ user, lines, newKey }) {
  return {
    user,
    lines: lines.map(({ productId, name, quantity, priceCents }) => ({ productId, name, quantity, priceCents })),
    totalCents: sumCents(lines),
    orderId: null,
    traceId: newKey(),
    keys: { order: newKey(), pay: newKey() },
    steps: { order: { outcome: "waiting" }, pay: { outcome: "waiting" }, clear: { outcome: "waiting" } },
  };
}

/**
 * The order's body, written out rather than left to JSON.stringify, which would send 329.00
 * as 329: prices travel with exactly two decimals.
 */
export function orderBody(lines) {
  const items = lines.map(
    (line) => `{"product_id":${line.productId},"quantity":${line.quantity},"price":${toDecimal(line.priceCents)}}`,
  );
  return `[${items.join(",")}]`;
}

/** The step to go on with, or null when there is nothing left to do. */
export function nextStep(attempt) {
  if (STEPS.some((step) => attempt.steps[step].outcome === "refused")) return null;
  return STEPS.find((step) => !["done", "pending"].includes(attempt.steps[step].outcome)) ?? null;
}

export function isRunning(attempt) {
  return attempt !== null && STEPS.some((step) => attempt.steps[step].outcome === "running");
}

/** Whether the reader may press "Try again": a step got no answer that decides it. */
export function canRetry(attempt) {
  return attempt.steps[nextStep(attempt)]?.outcome === "undecided";
}

/** Whether the order was told of its payment yet, as far as this attempt knows. */
export function isSettling(attempt) {
  return attempt !== null && STEPS.some((step) => attempt.steps[step].outcome === "pending");
}

/** A copy of the attempt with one step changed. */
export function withStep(attempt, step, result) {
  return { ...attempt, steps: { ...attempt.steps, [step]: result } };
}

/** What a successful answer means: an outcome and a sentence. */
export function meaningOfAnswer(step, { status, body }) {
  switch (step) {
    case "order":
      return body.reservation === "PENDING"
        ? pending(status, "The order exists, but the catalog did not answer: the goods are not set aside yet. The shop keeps asking.")
        : done(status, "The order exists, and its goods are set aside.");
    case "pay":
      return status === 202
        ? pending(status, "The payment is recorded, but the order has not heard of it yet. It will be told; there is nothing to do.")
        : done(status, "The payment went through, and the order is PAID.");
    default:
      return done(status, body.cart.length === 0
        ? "The cart is empty again."
        : "What was bought is out of the cart. What was added meanwhile is still in it.");
  }
}

/**
 * What is left of a cart once these lines were bought: the lines that change, each with the
 * quantity that stays, and whether nothing stays at all. More may have been added meanwhile.
 */
export function afterPurchase(cart, bought) {
  const taken = new Map(bought.map(({ productId, quantity }) => [productId, quantity]));
  const left = cart.map(({ product_id: id, quantity }) => ({ id, quantity: Math.max(0, quantity - (taken.get(id) ?? 0)) }));
  return { isEmpty: left.every(({ quantity }) => quantity === 0), changes: left.filter(({ id }) => taken.has(id)) };
}

/** What a failure means. Undecided: the same request may be sent again. Refused: it may not. */
export function meaningOfFailure(step, problem) {
  const { status } = problem;
  const outcome = isUndecided(status) || step === "clear" ? "undecided" : "refused";
  const said = status === 503 ? sentence(problem.detail) : explain(problem);
  const text = outcome === "refused" ? refusal(step, problem) : `${said} ${RETRY[step]}`;
  return { outcome, status, text };
}

const RETRY = {
  order: "Trying again is safe: the same Idempotency-Key allows only one order.",
  pay: "The order exists. Trying again pays this order, and the same Idempotency-Key allows only one payment.",
  clear: "The order stands; only the cart still holds the lines.",
};

function refusal(step, problem) {
  const said = explain(problem);
  if (step === "pay") return `Not paid: ${said} The order is in Orders.`;
  const advice = {
    404: `No such product: ${said} Remove it from the cart.`,
    409: `Out of stock: ${said} Lower the quantity or remove the line.`,
    422: `Not ordered as it was: ${said} The shelf now shows the current prices; look again, then check out.`,
  };
  return `${advice[problem.status] ?? said} Nothing was bought.`;
}

/** The shop keeps an order that its catalog refused. The answer does not name it; here it is, if it is this one. */
export function withRefused(attempt, order) {
  const lines = order?.items.map(({ product_id: productId, quantity, price }) => ({ productId, quantity, priceCents: toCents(price) }));
  if (!lines || orderBody(lines) !== orderBody(attempt.lines)) return attempt;
  const { order: result } = attempt.steps;
  const text = `${result.text} The order is kept, as ${order.status}.`;
  return { ...withStep(attempt, "order", { ...result, text }), orderId: order.order_id };
}

/** An order that was pending has been looked at again: what is settled now? */
export function afterLook(attempt, order) {
  if (!["CREATED", "PAID"].includes(order.status)) return afterItsEnd(attempt, order);
  let now = attempt;
  if (now.steps.order.outcome === "pending" && order.reservation !== "PENDING") {
    now = withStep(now, "order", { ...now.steps.order, outcome: "done", text: "The catalog is back, and the goods are set aside." });
  }
  if (now.steps.pay.outcome === "pending" && order.status === "PAID") {
    now = withStep(now, "pay", { ...now.steps.pay, outcome: "done", text: "The order has heard of its payment: it is PAID." });
  }
  return now;
}

/** An order that is over settles both steps, whatever was true of them before. */
function afterItsEnd(attempt, { status, reservation }) {
  const goods = reservation === "REFUSED"
    ? "The order exists, but the catalog is back and refused its goods."
    : `The order is ${status}, and no goods are set aside for it.`;
  const money = status === "REFUNDED"
    ? "The payment went through, but without goods the order is REFUNDED: the money goes back."
    : `The order is ${status}, so no payment for it stands.`;
  const over = withStep({ ...attempt, end: status }, "order", refused(goods));
  return withStep(over, "pay", refused(money));
}

/** After a reload nobody knows how a running step ended; its key makes asking again safe. */
export function afterReload(attempt) {
  const running = STEPS.find((step) => attempt.steps[step].outcome === "running");
  if (!running) return attempt;
  const text = `The page was reloaded before an answer came. ${RETRY[running]}`;
  return withStep(attempt, running, { outcome: "undecided", status: null, text });
}

function done(status, text) {
  return { outcome: "done", status, text };
}

function pending(status, text) {
  return { outcome: "pending", status, text };
}

/** What was found out later has no status of its own. */
function refused(text) {
  return { outcome: "refused", status: null, text };
}
