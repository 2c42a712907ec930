// What happened to an order, told by the two services that know: the order's own history,
// and the payments made for it. Pure.

/** One list of events, oldest first, each with the service that says so. */
export function timeline(order, payments) {
  const events = (order.history ?? []).map(({ at, status, detail }) => ({ at, status, detail, service: "order" }));
  for (const payment of payments) {
    events.push({ at: payment.created_at, status: "PAYMENT RECORDED", detail: "", service: "payment" });
    if (payment.status !== "PENDING") {
      const status = `PAYMENT ${payment.status}`;
      events.push({ at: payment.updated_at, status, detail: payment.reason ?? "", service: "payment" });
    }
  }
  // Times are RFC 3339 in UTC with fixed digits, so text order is time order.
  return events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** The payment that counts: the live one if there is one, else the latest try. */
export function currentPayment(payments) {
  return payments.find(({ status }) => ["PENDING", "COMPLETED"].includes(status)) ?? payments[0] ?? null;
}

/**
 * Whether waiting a little will change the order's own side: the catalog has still to be told
 * something, or has not answered, or the time to pay is over and the order service is about to say so.
 */
export function isUnsettled({ status, reservation, expires_at: expiresAt }, now) {
  if (reservation === "PENDING") return true;
  return status === "CREATED" ? Date.parse(expiresAt) <= now : reservation === "HELD";
}

/** Whether waiting a little will change the payment's side of an order, or make it known at all. */
export function isPaymentUnsettled({ status }, { payments, paymentsKnown }) {
  if (!paymentsKnown) return true;
  const owed = status === "REFUNDED" ? ["PENDING", "COMPLETED"] : ["PENDING"];
  return payments.some((payment) => owed.includes(payment.status));
}
