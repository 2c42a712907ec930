// What the services say of themselves, as the system view shows it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionOf, formatBytes, formatRate, formatUptime, hitRatio, isTag, paceOf, plotLines, remaining, remembered, spanOf, splitByTag, wholeShop } from "../../../frontend/js/vitals.js";

const health = (news) => ({ resident_bytes: 7 * 1_048_576, proportional_bytes: 3 * 1_048_576, database: "connected", requests: { per_second: 3, p50_us: 10, p99_us: 20 }, ...news });

test("the whole shop is the sum of those who answer", () => {
  const services = { cart: { health: health() }, catalog: { health: health() }, order: { health: null }, payment: { health: health() } };
  const { bytes, count } = wholeShop(services);
  assert.equal(formatBytes(bytes), "9 MB");
  assert.equal(count, 3);
});

test("numbers are short", () => {
  assert.deepEqual([5, 65, 7_300].map(formatUptime), ["5 s", "1 min", "2 h"]);
  assert.deepEqual([0, 0.25, 3, 1_234.5].map(formatRate), ["0", "0.3", "3", "1,235"]);
  assert.equal(hitRatio({ hits: 2, misses: 1 }), "66%");
  assert.equal(hitRatio({ hits: 0, misses: 0 }), null);
});

test("history keeps five minutes", () => {
  const history = remembered([{ at: 0 }, { at: 200_000 }], health(), 350_000);
  assert.deepEqual(history.map(({ at }) => at), [200_000, 350_000]);
  assert.equal(history[1].p99, 20);
  assert.equal(remembered([], null, 1)[0].bytes, null);
});

test("of no requests there are no times, and a plot of them draws nothing", () => {
  const idle = health({ requests: { total: 9, per_second: 0, p50_us: 0, p99_us: 0 } });
  assert.deepEqual(paceOf(idle), { rate: 0, p50: null, p99: null });
  assert.deepEqual(paceOf(null), { rate: null, p50: null, p99: null });
  assert.deepEqual(paceOf(health()), { rate: 3, p50: 10, p99: 20 });
  const [point] = remembered([], idle, 1);
  assert.deepEqual([point.rate, point.p99], [0, null]);
  assert.deepEqual(plotLines([point], "p99", 1, { width: 1, height: 1 }).lines, []);
});

test("a plot starts at zero and breaks where nothing is known", () => {
  const at = (second, rate) => ({ at: second * 1000, rate });
  const { lines, top } = plotLines([at(0, 1), at(1, 2), at(2, null), at(3, 1), at(60, 1)], "rate", 60_000, { width: 100, height: 20 });
  assert.equal(lines.length, 3);
  assert.equal(top, 2);
  assert.match(lines[0], /^80\.0,/);
  assert.equal(plotLines([], "rate", 0, { width: 1, height: 1 }).top, null);
});

test("a plot shows no more time than is known, and the area under its line", () => {
  const since = (seconds) => spanOf([{ at: 400_000 - seconds * 1000 }], 400_000) / 1000;
  assert.deepEqual([0, 60, 61, 121, 300].map(since), [60, 60, 120, 300, 300]);
  assert.equal(spanOf([], 0), 60_000);
  const { lines, areas } = plotLines([{ at: 54_000, rate: 2 }, { at: 60_000, rate: 2 }], "rate", 60_000, { width: 100, height: 20, span: 60_000 });
  assert.deepEqual([lines, areas], [["90.0,2.0 100.0,2.0"], ["90.0,19 90.0,2.0 100.0,2.0 100.0,19"]]);
});

test("what is for everybody and for my tag is told apart from what is for others", () => {
  const [all, ann, bob] = [null, "ann", "bob"].map((tag) => ({ only_for: tag }));
  assert.deepEqual(splitByTag([all, ann, bob], "ann"), { own: [all, ann], others: [bob] });
  assert.deepEqual(splitByTag([all, ann, bob], ""), { own: [all], others: [ann, bob] });
});

test("a service is away, ill, broken on purpose or up", () => {
  assert.equal(conditionOf({ isUp: null, health: null, faults: [] }), "unknown");
  assert.equal(conditionOf({ isUp: null, health: null, faults: [] }, "", true), "hidden");
  assert.equal(conditionOf({ isUp: false, health: null, faults: [] }), "away");
  assert.equal(conditionOf({ isUp: true, health: health(), faults: [{ only_for: null }] }), "faulty");
  const others = { isUp: true, health: health(), faults: [{ only_for: "ann" }] };
  assert.deepEqual(["ann", "bob", ""].map((tag) => conditionOf(others, tag)), ["faulty", "up", "up"]);
  assert.equal(conditionOf({ isUp: true, health: health({ database: "unavailable" }), faults: [] }), "ill");
  assert.equal(conditionOf({ isUp: true, health: health(), faults: [] }), "up");
});

test("seconds count down to zero, and tags are plain", () => {
  assert.deepEqual([remaining(10, 2_900), remaining(1, 5_000)], [8, 0]);
  assert.deepEqual(["ann", "a b", "", "x".repeat(65)].map(isTag), [true, false, false, false]);
});
