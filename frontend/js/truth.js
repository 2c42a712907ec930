// Do money, orders and goods agree? Computed from the books of four services. Pure.
//
// The books are read one after the other while the shop goes on, so two of them may disagree
// about what has just happened. What is younger than three seconds is therefore "in flight".
// What cannot mend itself, such as a dead letter, is wrong at once.

import { formatMoney, formatTime, plural } from "./format.js";
import { SERVICES } from "./trace.js";

const IN_FLIGHT_MS = 3_000;
/** A book lists its latest thousand; what is not in a full one may just be older. */
const BOOK_SIZE = 1_000;
/** The cart sends nothing, so it has no outbox. */
export const SENDERS = ["catalog", "order", "payment"];
const OVER = ["REJECTED", "CANCELLED", "EXPIRED", "REFUNDED"];

/** `needs` are the books without which nothing can be told, `mail` the outboxes that may hold more wrongs. */
const CHECKS = [
  { id: "money", title: "Money taken without a paid order", needs: ["payment", "order"], mail: ["payment"], find: moneyWithoutOrder },
  { id: "orders", title: "Paid orders without money", needs: ["order", "payment"], find: ordersWithoutMoney },
  { id: "pending", title: "Payments still pending", needs: ["payment"], mail: ["payment"], find: pendingPayments },
  { id: "units", title: "Units sold or held that do not add up", needs: ["catalog", "order"], find: unitsAdrift },
  { id: "lines", title: "Cart lines for products that do not exist", needs: ["cart", "catalog"], find: strayLines },
  { id: "letters", title: "Dead letters", needs: [], mail: SENDERS, find: deadLetters },
];

/**
 * `books` holds what each service's ledger says, `outboxes` the messages it keeps, either null for
 * a service that is silent; `now` is the services' time in milliseconds.
 */
export function balance(books, outboxes, now) {
  const known = index(books, outboxes);
  return CHECKS.map(({ id, title, needs, mail = [], find }) => {
    const silent = needs.filter((service) => !books[service]);
    const missing = [...new Set([...silent, ...mail.filter((service) => !outboxes[service])])];
    const { suspects, note = "" } = silent.length > 0 ? { suspects: [] } : find(known);
    const wrongs = suspects.filter(({ at, isCertain }) => isCertain || now - Date.parse(at) >= IN_FLIGHT_MS);
    const moving = suspects.length - wrongs.length;
    return { id, title, state: stateOf(wrongs.length, missing.length, moving), missing, wrongs, moving, note };
  });
}

/** One word and one sentence for the whole board. */
export function verdict(checks) {
  const wrong = checks.filter(({ state }) => state === "wrong");
  const unknown = checks.filter(({ state }) => state === "unknown");
  if (wrong.length > 0) return { state: "wrong", text: `${plural(wrong.length, "thing does", "things do")} not agree.` };
  if (unknown.length === checks.length) return { state: "unknown", text: sayNothingKnown(checks) };
  if (unknown.length > 0) return { state: "unknown", text: "What can be checked agrees; not everybody answers." };
  return { state: "right", text: "Money, orders and goods agree." };
}

/** Two silent services can be enough to leave nothing that can be checked. */
function sayNothingKnown(checks) {
  const silent = new Set(checks.flatMap(({ missing }) => missing));
  return silent.size === SERVICES.length ? "Nobody answers, so nobody knows." : "Too few answer to check anything.";
}

/** What is known to be wrong is wrong, whoever else is silent. */
function stateOf(wrongs, missing, moving) {
  if (wrongs > 0) return "wrong";
  if (missing > 0) return "unknown";
  return moving > 0 ? "moving" : "right";
}

function index(books, outboxes) {
  const messages = SENDERS.flatMap((service) => (outboxes[service] ?? []).map((message) => ({ ...message, service })));
  const by = (rows, name) => new Map((rows ?? []).map((row) => [row[name], row]));
  const { order, payment, catalog, cart } = books;
  return {
    orders: by(order?.orders, "order_id"),
    payments: by(payment?.payments, "payment_id"),
    reservations: by(catalog?.reservations, "order_id"),
    products: by(catalog?.products, "product_id"),
    lines: cart?.products ?? [],
    messages,
    isHeard: (service) => Boolean(outboxes[service]),
    messageOf: (kind, subject) => messages.find((message) => message.kind === kind && message.subject === subject),
  };
}

const isFull = (book) => book.size >= BOOK_SIZE;
const later = (a, b) => (b && b > a ? b : a);

function moneyWithoutOrder({ payments, orders, messageOf }) {
  const suspects = [];
  for (const payment of payments.values()) {
    const { payment_id: id, order_id: orderId, amount_cents: cents, status, updated_at: at } = payment;
    const order = orders.get(orderId);
    const isPaid = order?.status === "PAID" && order.payment_id === id;
    if (isPaid || status === "REFUNDED" || (!order && isFull(orders))) continue;
    const how = order ? `the order is ${order.status}` : "there is no such order";
    const suspect = { id: orderId, service: "order", payment: id, at: later(at, order?.updated_at) };
    if (status === "COMPLETED") suspects.push({ ...suspect, text: `${formatMoney(cents)} taken, but ${how}.` });
    else if (messageOf("payment.received", id)?.dead_at) {
      const text = `${formatMoney(cents)} taken, but ${how}: it was never told, and nobody will try again.`;
      suspects.push({ ...suspect, text, isCertain: true });
    }
  }
  return { suspects, note: `${plural(payments.size, "payment")} checked.` };
}

function ordersWithoutMoney({ orders, payments }) {
  const suspects = [];
  const paid = [...orders.values()].filter(({ status }) => status === "PAID");
  for (const { order_id: id, payment_id: paymentId, total_cents: cents, updated_at: updated } of paid) {
    const payment = payments.get(paymentId);
    const at = later(updated, payment?.updated_at);
    const doubt = (text) => suspects.push({ id, service: "order", at, text });
    if (paymentId === null) doubt(`PAID with ${formatMoney(cents)}, but no payment was ever named.`);
    else if (!payment && !isFull(payments)) doubt(`PAID, but the payment it names is not in the books.`);
    else if (payment?.status === "REFUNDED") doubt(`PAID, but the money went back.`);
    else if (payment && payment.amount_cents !== cents) {
      doubt(`Costs ${formatMoney(cents)}, but ${formatMoney(payment.amount_cents)} was paid.`);
    }
  }
  return { suspects, note: `${plural(paid.length, "paid order")} checked.` };
}

function pendingPayments({ payments, messageOf, isHeard }) {
  const pending = [...payments.values()].filter(({ status }) => status === "PENDING");
  const suspects = pending.map(({ payment_id: id, order_id: orderId, amount_cents: cents, updated_at: at }) => {
    const message = messageOf("payment.received", id);
    return {
      id, service: "payment", at, order: orderId, isCertain: Boolean(message?.dead_at),
      text: `${formatMoney(cents)}, since ${formatTime(at)}: ${fateOf(message, isHeard("payment"))}`,
    };
  });
  return { suspects, note: `${plural(payments.size, "payment")} checked.` };
}

function fateOf(message, isHeard) {
  if (!isHeard) return "whether a message about it waits is not known.";
  if (!message) return "no message about it waits.";
  if (message.dead_at) return "its message to the order is a dead letter.";
  return `its message waits in the outbox, after ${plural(message.attempts, "attempt")}.`;
}

function unitsAdrift({ products, reservations, orders }) {
  const suspects = [];
  const sum = { received: 0, stock: 0, held: 0, sold: 0 };
  for (const product of products.values()) {
    const { product_id: id, name, received, stock, held, sold } = product;
    for (const key of Object.keys(sum)) sum[key] += product[key];
    if (received !== stock + held + sold || Math.min(stock, held, sold) < 0) {
      const text = `${name}: ${received} received, but ${stock} in stock, ${held} held and ${sold} sold.`;
      suspects.push({ id: String(id), service: "catalog", text, isCertain: true });
    }
  }
  for (const id of new Set([...orders.keys(), ...reservations.keys()])) {
    const text = doubtAbout(orders.get(id), reservations.get(id), isFull(orders), isFull(reservations));
    const at = later(orders.get(id)?.updated_at ?? "", reservations.get(id)?.updated_at);
    if (text) suspects.push({ id, service: "order", at, text });
  }
  const count = (units) => units.toLocaleString("en-US");
  return { suspects, note: `${count(sum.received)} received = ${count(sum.stock)} in stock + ${count(sum.held)} held + ${count(sum.sold)} sold.` };
}

/** What is wrong between an order and its goods; null when nothing is. */
function doubtAbout(order, reservation, isOrderBookFull, isReservationBookFull) {
  const goods = reservation?.status ?? null;
  const takesUnits = goods === "HELD" || goods === "COMMITTED";
  if (!order) return takesUnits && !isOrderBookFull ? `Goods are ${goods} for an order that does not exist.` : null;
  if (!reservation && isReservationBookFull) return null;
  if (order.status === "PAID" && goods !== "COMMITTED") return `PAID, but its goods are ${goods ?? "not set aside"}.`;
  if (OVER.includes(order.status) && takesUnits) return `${order.status}, but its goods are still ${goods}.`;
  if (order.status === "CREATED" && goods === "COMMITTED") return "Its goods are sold, but it is not paid.";
  return null;
}

function strayLines({ lines, products }) {
  const suspects = lines
    .filter(({ product_id: id }) => !products.get(id)?.is_sold)
    .map(({ product_id: id, carts, quantity, updated_at: at }) => ({
      id: String(id),
      service: "cart",
      at,
      text: `${products.has(id) ? `${products.get(id).name} is no longer sold` : "No such product"}: ${plural(quantity, "piece")} in ${plural(carts, "cart")}.`,
    }));
  return { suspects, note: `${plural(lines.length, "product")} in carts checked.` };
}

function deadLetters({ messages }) {
  const suspects = messages
    .filter(({ dead_at: dead }) => dead)
    .map(({ id, service, kind, peer, subject, last_error: error, attempts, dead_at: at }) => ({
      id: subject, service, at, letter: id, isCertain: true,
      text: `${kind} to ${peer}, given up after ${plural(attempts, "attempt")}${error ? `: ${error}` : ""}.`,
    }));
  const waiting = messages.length - suspects.length;
  return { suspects, note: `${plural(waiting, "message waits", "messages wait")} to be delivered.` };
}
