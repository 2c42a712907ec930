// Money, times and counts, as the page shows them. Pure: no page, no clock, no network.
//
// Money is whole cents everywhere in the page. JSON carries it as a number such as 999.99,
// which no binary fraction can hold exactly, so we go through its decimal text and never
// multiply or round. Whole numbers stay exact up to 90 trillion, cents included.

/** 999.99 becomes 99999. toFixed is exact here, because a price has at most two decimals. */
export function toCents(price) {
  return Number(price.toFixed(2).replace(".", ""));
}

/** 99999 becomes "999.99", the form the API takes in `amount` and `price`. */
export function toDecimal(cents) {
  const digits = String(cents).padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** 105997 becomes "$1,059.97". */
export function formatMoney(cents) {
  const [whole, fraction] = toDecimal(cents).split(".");
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
}

/** The sum of lines that have a price in cents and a quantity. */
export function sumCents(lines) {
  return lines.reduce((sum, line) => sum + line.priceCents * line.quantity, 0);
}

/** 1001 becomes "1,001". */
export function formatCount(count) {
  return count.toLocaleString("en-US");
}

export function plural(count, one, many = `${one}s`) {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "14:03:22" in the reader's own time zone. */
export function formatTime(instant) {
  return new Date(instant).toLocaleTimeString("en-GB");
}

/** "14:03:22.123": milliseconds matter where steps of one order follow each other. */
export function formatPreciseTime(instant) {
  const millis = String(new Date(instant).getUTCMilliseconds()).padStart(3, "0");
  return `${formatTime(instant)}.${millis}`;
}

/** "Mar 4, 14:03" for lists. */
export function formatDay(instant) {
  const time = new Date(instant).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `${dayOf(instant)}, ${time}`;
}

/** "Mar 4, 14:03:22" where seconds count: an order may live for less than a minute. */
export function formatMoment(instant) {
  return `${dayOf(instant)}, ${formatTime(instant)}`;
}

function dayOf(instant) {
  return new Date(instant).toLocaleDateString("en-US", { month: "short", day: "numeric" });
}

/** The end of an id: ids begin with the time, so neighbors differ only at the end. */
export function shortId(id) {
  return id.slice(-8);
}

/** "catalog service is unavailable" becomes "Catalog service is unavailable." */
export function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
