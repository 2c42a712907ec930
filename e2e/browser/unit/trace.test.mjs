// From recorded spans to the rows of a diagram. The traces in traces/ are real ones.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatMicros, hopsOf, labelOf, readTrace, sayRow, sendersOf, spansBelow, withoutSql } from "../../../frontend/js/trace.js";

const recorded = (name) => JSON.parse(readFileSync(new URL(`traces/${name}.json`, import.meta.url), "utf8"));
const read = (name) => {
  const { actions, spans } = recorded(name);
  return readTrace(actions, spans);
};
const texts = ({ rows }) => rows.map(({ text }) => text);

test("adding a product goes through nginx, the cart, the catalog and two files", () => {
  const { lanes, rows } = read("add");
  assert.deepEqual(lanes, ["browser", "nginx", "cart", "carts.db", "catalog", "products.db"]);
  assert.deepEqual(hopsOf(rows), [
    ["browser", "nginx"], ["nginx", "cart"], ["cart", "catalog"], ["cart", "carts.db"],
  ]);
  assert.equal(rows[0].kind, "call");
  assert.equal(rows.at(-1).status, 200);
  assert.equal(rows.at(-1).to, "browser");
});

test("a transaction goes to the file with BEGIN and comes back with COMMIT", () => {
  const { rows, bars } = read("add");
  const begin = rows.find(({ step, to }) => step === "begin" && to === "carts.db");
  const commit = rows.find(({ step, from }) => step === "commit" && from === "carts.db");
  const between = rows.filter(({ id }) => id > begin.id && id < commit.id);
  assert.ok(between.length >= 3);
  assert.ok(between.every(({ lane }) => lane === "carts.db"));
  assert.ok(bars.some(({ lane, first, last }) => lane === "carts.db" && first === begin.id && last === commit.id));
});

test("every row names the file that does it, and can be said in words", () => {
  for (const name of ["add", "purchase", "degraded", "missing"]) {
    for (const row of read(name).rows) {
      assert.match(row.source, /\.(rs|js|template)$/);
      assert.ok(sayRow(row).length > 5);
    }
  }
});

test("a purchase is one story: order, payment, the relay's delivery, and the cart", () => {
  const story = read("purchase");
  assert.equal(story.lanes.length, 10);
  assert.equal(story.rows.filter(({ from, kind }) => from === "browser" && kind === "call").length, 3);
  const later = story.rows.findIndex(({ kind }) => kind === "later");
  assert.match(story.rows[later].text, /in the background: reservation.commit to catalog/);
  assert.deepEqual(hopsOf(story.rows.slice(later)).slice(0, 2), [["order", "catalog"], ["catalog", "products.db"]]);
});

test("a message is written inside its transaction", () => {
  const { rows } = read("purchase");
  const message = rows.findIndex(({ text }) => text.startsWith("message payment.received"));
  const commit = rows.findIndex(({ step, from }, index) => index > message && step === "commit" && from === "payments.db");
  const begin = rows.findLastIndex(({ step, to }, index) => index < message && step === "begin" && to === "payments.db");
  assert.ok(begin > 0 && begin < message && message < commit);
  assert.ok(rows.slice(begin, commit).every(({ kind, step }) => kind !== "call" && (step !== "commit")));
});

test("a catalog that breaks every connection is asked three times, and the cart decides", () => {
  const { rows } = read("degraded");
  assert.equal(hopsOf(rows).filter(([from, to]) => from === "cart" && to === "catalog").length, 3);
  assert.equal(rows.filter(({ kind, isLost }) => kind === "reply" && isLost).length, 3);
  const decision = rows.find(({ text }) => text.startsWith("fail-open"));
  assert.equal(decision.tone, "care");
  assert.ok(texts({ rows }).some((text) => text.includes("on purpose")));
});

test("a refused product ends in a rollback and a 404", () => {
  const { rows } = read("missing");
  assert.equal(rows.find(({ step }) => step === "rollback").tone, "bad");
  assert.equal(rows.at(-1).status, 404);
});

const ACTION = { id: 1, method: "GET", path: "/api/cart/a", service: "cart", status: 200, ms: 3, spanId: "aa", startedAt: 5, detail: null };

test("without a record, what nginx says is told as far as it can be known", () => {
  const tell = (news) => texts(readTrace([{ ...ACTION, ...news }], [])).join("|");
  assert.match(tell({ status: 401 }), /refused at the door\|401$/);
  assert.match(tell({ status: 429 }), /Too many requests/);
  assert.match(tell({ status: 503 }), /The cart service does not answer\|503$/);
  assert.match(tell({ status: 0 }), /Whether it came this far is not known\|no answer$/);
  assert.deepEqual(readTrace([{ ...ACTION, status: 0 }], []).lanes, ["browser", "nginx"]);
  assert.match(tell({ status: null, ms: undefined }), /not here yet$/);
  assert.match(tell({}), /no longer remembered\|200$/);
  assert.deepEqual(readTrace([{ ...ACTION, status: 401 }], []).lanes, ["browser", "nginx"]);
});

const SPAN = { service: "cart", span_id: "s1", parent_id: "aa", kind: "server", name: "GET /cart/{user_id}", start_us: 10, duration_us: 5, status: 200, outcome: null, steps: [] };
const step = (kind, text) => ({ at_us: 1, kind, text, rows: null, duration_us: null, source: "a.rs" });

test("with an open breaker nothing leaves the service", () => {
  const client = { ...SPAN, kind: "client", span_id: "s2", parent_id: "s1", name: "GET catalog /products/1", status: null, outcome: "the breaker is open", steps: [step("breaker", "breaker of catalog is open")] };
  const { rows, lanes } = readTrace([ACTION], [SPAN, client]);
  assert.equal(lanes.includes("catalog"), false);
  assert.ok(texts({ rows }).includes("breaker of catalog is open"));
});

test("a question that nobody recorded ends on its way", () => {
  const client = { ...SPAN, kind: "client", span_id: "s2", parent_id: "s1", name: "GET catalog /products/1", status: null, outcome: "refused" };
  const { rows } = readTrace([ACTION], [SPAN, client]);
  const call = rows.find(({ to }) => to === "catalog");
  assert.equal(call.isLost, true);
  assert.equal(call.text, "GET /products/1");
});

test("a span without its parent is still shown", () => {
  const orphan = { ...SPAN, kind: "transaction", parent_id: "gone", steps: [step("sql", "SELECT 1 FROM carts")] };
  assert.ok(texts(readTrace([ACTION], [orphan])).includes("SELECT carts"));
});

test("a message comes before the end of its transaction, whatever two clocks say", () => {
  const at = (us, kind) => ({ ...step(kind, kind), at_us: us });
  for (const end of ["commit", "rollback"]) {
    const transaction = { ...SPAN, kind: "transaction", span_id: "s2", parent_id: "s1", steps: [at(0, "begin"), at(2, "sql"), at(2, end)] };
    for (const [us, place] of [[1, "begin outbox sql"], [2, "begin sql outbox"], [3, "begin sql outbox"]]) {
      const { rows } = readTrace([ACTION], [{ ...SPAN, steps: [at(us, "outbox")] }, transaction]);
      const steps = rows.filter(({ lane, from, to }) => [lane, from, to].includes("carts.db"));
      assert.equal(steps.map(({ step: kind }) => kind).join(" "), `${place} ${end}`);
      assert.deepEqual(steps.map((row) => row.afterUs), steps.map((row) => row.afterUs).toSorted((a, b) => a - b));
    }
  }
});

test("without the statements the bars still point at their rows", () => {
  const story = read("purchase");
  const { rows, bars } = withoutSql(story);
  assert.ok(rows.length < story.rows.length);
  assert.ok(bars.every(({ first, last }) => rows[first] && rows[last] && first <= last));
  assert.ok(bars.some(({ lane, first, last }) => lane === "carts.db" && rows[first].step === "begin" && rows[last].step === "commit"));
});

test("a request's own part of a trace can be cut out", () => {
  const { actions, spans } = recorded("purchase");
  const ofClear = spansBelow(actions[2].spanId, spans);
  assert.deepEqual([...new Set(ofClear.map(({ service }) => service))], ["cart"]);
  assert.deepEqual(sendersOf(spans).toSorted(), ["order", "payment"]);
});

test("statements are labelled by verb, table and rows", () => {
  const label = (text, rows) => labelOf({ kind: "sql", text, rows });
  assert.equal(label("INSERT INTO carts (a) VALUES (?1) ON CONFLICT (a) DO UPDATE SET b = 1", 1), "INSERT carts, 1 row");
  assert.equal(label("UPDATE orders SET status = ?1", 2), "UPDATE orders, 2 rows");
  assert.equal(label("DELETE FROM cart_lines WHERE user_id = ?1", 0), "DELETE cart_lines, 0 rows");
  assert.equal(label("select id\n from products", null), "SELECT products");
  assert.equal(labelOf({ kind: "cache", text: "cache hit", rows: null }), "cache hit");
});

test("times are short at every size", () => {
  assert.deepEqual([7, 1_250, 61_000, 5_000_400].map(formatMicros), ["7 \u00b5s", "1.3 ms", "61 ms", "5,000 ms"]);
});
