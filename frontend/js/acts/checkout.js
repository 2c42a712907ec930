// Runs a checkout. What the steps mean is in ../checkout.js; here they are sent.

import { ShopError } from "../api.js";
import {
  afterLook, afterReload, canRetry, isRunning, isSettling, meaningOfAnswer, meaningOfFailure, newAttempt, nextStep, orderBody,
  whatItDoes, withRefused, withStep,
} from "../checkout.js";
import { toDecimal } from "../format.js";
import { randomHex } from "../ids.js";
import { pricedLines, whyNoCheckout } from "../shelf.js";

const NAME = "shop-checkout";

export function checkoutActs({ state, update, say, complain, request }, { cart, catalog }) {
  let busy = false;
  let isLeaving = false;
  addEventListener("pagehide", () => (isLeaving = true));
  addEventListener("pageshow", () => (isLeaving = false));

  /** Kept for this tab, so that even a reload cannot turn "try again" into a second order. */
  function keep(attempt) {
    update("checkout", attempt);
    try {
      if (attempt) sessionStorage.setItem(NAME, JSON.stringify(attempt));
      else sessionStorage.removeItem(NAME);
    } catch {
      // Without storage a reload forgets the attempt; the order is still under Orders.
    }
  }

  function restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(NAME));
      if (kept?.user === state.settings.user) keep(afterReload(kept));
    } catch {
      // Nothing usable was kept.
    }
  }

  function send(step, attempt) {
    const about = whatItDoes(step);
    const { traceId, keys, user, orderId } = attempt;
    const search = (query) => new URLSearchParams(query).toString();
    if (step === "order") {
      const path = `/api/orders?${search({ user_id: user })}`;
      return request("POST", path, { about, traceId, idempotencyKey: keys.order, body: orderBody(attempt.lines) });
    }
    if (step === "pay") {
      const path = `/api/pay?${search({ order_id: orderId, amount: toDecimal(attempt.totalCents) })}`;
      return request("POST", path, { about, traceId, idempotencyKey: keys.pay });
    }
    return cart.takeOut(attempt, about, (changes) => keep({ ...state.checkout, changes }));
  }

  /** One step: says whether to go on. */
  async function take(step) {
    keep(withStep(state.checkout, step, { outcome: "running" }));
    try {
      const answer = await send(step, state.checkout);
      const orderId = answer.body.order_id ?? state.checkout.orderId;
      keep({ ...withStep(state.checkout, step, meaningOfAnswer(step, answer)), orderId });
      return true;
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      // A page that is left ends its requests. How they went is not known, and is asked after the reload.
      if (isLeaving) return false;
      keep(withStep(state.checkout, step, meaningOfFailure(step, error)));
      if (error.status === 401) complain(error);
      if (state.checkout.steps.order.outcome === "refused") await findRefused(state.checkout);
      return false;
    }
  }

  /** Worth a link, and not worth a word when it cannot be found. */
  async function findRefused(attempt) {
    const search = new URLSearchParams({ user_id: attempt.user, status: "REJECTED", limit: 1 });
    const { body } = await request("GET", `/api/orders?${search}`, { quiet: true }).catch(() => ({ body: [] }));
    if (state.checkout === attempt) keep(withRefused(attempt, body[0]));
  }

  async function run() {
    for (let step = nextStep(state.checkout); step; step = nextStep(state.checkout)) {
      if (!(await take(step))) break;
    }
    await catalog.refresh();
  }

  /** A second click finds the first one busy; a repeated request finds its key used. */
  async function once(work) {
    if (busy) return;
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
    }
  }

  const start = () => once(async () => {
    await cart.settled();
    const lines = pricedLines(state.cart.lines, state.catalog.products);
    const obstacle = whyNoCheckout(lines);
    if (obstacle) return say(obstacle, "problem");
    say(""); // the receipt speaks now
    keep(newAttempt({ user: state.settings.user, lines, newKey: () => randomHex(16) }));
    await run();
  });

  const retry = () => once(async () => {
    if (canRetry(state.checkout)) await run();
  });

  /** Looks whether the services have caught up with what they promised. */
  async function look() {
    const attempt = state.checkout;
    // A step under way writes its own answer down, which may be older than this look.
    if (!isSettling(attempt) || isRunning(attempt)) return;
    const { body } = await request("GET", `/api/orders/${attempt.orderId}`, { quiet: true });
    if (state.checkout === attempt) keep(afterLook(attempt, body));
  }

  /** Not in the middle of it: the steps under way still have to be written down. */
  const dismiss = () => {
    if (!busy) keep(null);
  };

  return { start, retry, look, dismiss, restore };
}
