// What the reader does with orders that exist: list, open, pay, cancel.

import { ShopError } from "../api.js";
import { isUndecided } from "../problems.js";
import { nextAfter } from "../route.js";
import { isPaymentUnsettled, isUnsettled } from "../timeline.js";
import { toCents, toDecimal } from "../format.js";
import { randomHex } from "../ids.js";

/** A page fits on a laptop screen, and twenty-odd orders already show paging. */
const PAGE_SIZE = 10;

export function orderActs({ state, update, fill, guarded, say, request }) {
  /** Keys of payments that got no answer yet, by order: trying again repeats the same one. */
  const payKeys = new Map();
  /** Counts the looks: an answer that a later one has overtaken is no news. */
  let round = 0;

  async function readList({ quiet = false } = {}) {
    const { query } = state.route;
    const search = new URLSearchParams({ limit: PAGE_SIZE });
    if (!query.all) search.set("user_id", state.settings.user);
    if (query.after) search.set("after", query.after);
    const { body, headers } = await request("GET", `/api/orders?${search}`, { about: "List orders", quiet });
    return { list: body, next: nextAfter(headers.get("Link")) };
  }

  async function readOne(id, { quiet = false } = {}) {
    const path = `/api/orders/${encodeURIComponent(id)}`;
    const [order, payments] = await Promise.all([
      request("GET", path, { about: "Open the order", quiet }),
      readPayments(id, quiet),
    ]);
    return { order: order.body, ...payments };
  }

  /** The order is worth showing even while the payment service is away. */
  async function readPayments(id, quiet) {
    const path = `/api/payments?${new URLSearchParams({ order_id: id })}`;
    try {
      const { body } = await request("GET", path, { about: "Find its payments", quiet });
      return { payments: body, paymentsKnown: true };
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      return { payments: [], paymentsKnown: false };
    }
  }

  function open(id) {
    round += 1;
    if (state.opened.id !== id) update("opened", { id, order: null, payments: [], problem: null, doing: null });
    return id ? fill("opened", () => readOne(id)) : Promise.resolve();
  }

  /** The list and the order that is open, without a flicker. */
  async function lookAgain() {
    const mine = (round += 1);
    const { route, settings: { user } } = state;
    const { id } = state.opened;
    const [opened, list] = await Promise.all([id && readOne(id, { quiet: true }), readList({ quiet: true })]);
    if (mine !== round || state.route !== route || state.settings.user !== user) return;
    if (id) update("opened", { ...opened, problem: null });
    update("orders", { ...list, problem: null });
  }

  async function look() {
    if (state.route.view !== "orders" || state.opened.doing) return;
    const { order } = state.opened;
    const listed = state.orders.list ?? [];
    const isOpenUnsettled = order && isPaymentUnsettled(order, state.opened);
    if (isOpenUnsettled || [order, ...listed].some((each) => each && isUnsettled(each, Date.now()))) await lookAgain();
  }

  /** Another tab may have paid or cancelled. Nobody asked for this look, so nobody is told when it fails. */
  async function refresh() {
    if (state.route.view === "orders") await lookAgain().catch(() => {});
  }

  /** Runs one button's work, marks it as running, and shows what became of the order. */
  function doing(name, work) {
    return guarded(async (order) => {
      if (state.opened.doing) return;
      update("opened", { doing: name });
      try {
        await work(order);
      } finally {
        update("opened", { doing: null });
        await lookAgain().catch(() => {});
      }
    });
  }

  async function pay(order) {
    const id = order.order_id;
    const search = new URLSearchParams({ order_id: id, amount: toDecimal(toCents(order.total_amount)) });
    if (!payKeys.has(id)) payKeys.set(id, randomHex(16));
    try {
      const options = { about: "Pay the order", idempotencyKey: payKeys.get(id) };
      const { status, body } = await request("POST", `/api/pay?${search}`, options);
      payKeys.delete(id);
      say(status === 202 ? `${body.message}.` : "Paid.", status === 202 ? "caution" : "news");
    } catch (error) {
      if (!isUndecided(error.status)) payKeys.delete(id);
      throw error;
    }
  }

  async function cancel(order) {
    const path = `/api/orders/${encodeURIComponent(order.order_id)}/cancel`;
    await request("POST", path, { about: "Cancel the order", idempotencyKey: randomHex(16) });
    say("Order cancelled; its goods are back on the shelf.");
  }

  return {
    load: () => fill("orders", readList),
    open,
    look,
    refresh,
    pay: doing("pay", pay),
    cancel: doing("cancel", cancel),
  };
}
