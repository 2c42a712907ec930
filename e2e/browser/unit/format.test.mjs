// Money and words, to the cent and to the letter.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMoment, formatMoney, formatPreciseTime, plural, sentence, sumCents, toCents, toDecimal } from "../../../frontend/js/format.js";

test("every price of up to two decimals becomes exactly its cents", () => {
  for (let cents = 0; cents < 200_000; cents += 1) {
    const price = JSON.parse(toDecimal(cents));
    assert.equal(toCents(price), cents);
  }
});

test("prices that floating point gets wrong come out right", () => {
  assert.equal(toCents(1.15), 115);
  assert.equal(toCents(4.35), 435);
  assert.equal(toCents(90_071_992_547.41), 9_007_199_254_741);
});

test("one laptop and two mice cost 1059.97", () => {
  const lines = [{ priceCents: toCents(999.99), quantity: 1 }, { priceCents: toCents(29.99), quantity: 2 }];
  assert.equal(toDecimal(sumCents(lines)), "1059.97");
});

test("amounts always have two decimals, and thousands are grouped for reading only", () => {
  assert.equal(toDecimal(5), "0.05");
  assert.equal(toDecimal(32900), "329.00");
  assert.equal(formatMoney(5), "$0.05");
  assert.equal(formatMoney(123456789), "$1,234,567.89");
});

test("counts agree with their noun", () => {
  assert.equal(plural(1, "item"), "1 item");
  assert.equal(plural(0, "item"), "0 items");
});

test("a detail becomes a sentence", () => {
  assert.equal(sentence("catalog service is unavailable"), "Catalog service is unavailable.");
  assert.equal(sentence("Wait."), "Wait.");
});

test("instants less than a minute apart differ", () => {
  assert.match(formatMoment("2025-01-02T03:04:05.067Z"), /^Jan \d, \d\d:04:05$/);
});

test("times keep their milliseconds", () => {
  assert.match(formatPreciseTime("2025-01-02T03:04:05.067Z"), /^\d\d:04:05\.067$/);
});
