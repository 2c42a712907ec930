// What every request carries, and what becomes of every answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi, serviceOf } from "../../../frontend/js/api.js";

/** An api whose network is the given function; remembers what was sent and recorded. */
function apiWith(send, settings = { key: "k1", tag: "" }) {
  const sent = [];
  const records = [];
  const request = createApi({
    settings: () => settings,
    record: (entry) => records.push({ ...entry }),
    origin: "http://shop",
    send: async (url, init) => {
      sent.push({ url, ...init });
      return send(init);
    },
  });
  return { request, sent, records };
}

const answer = (status, body, headers) => () => new Response(body, { status, headers });

test("a request carries key, sampled trace, tag and idempotency key", async () => {
  const { request, sent, records } = apiWith(answer(200, "{}"), { key: "k1", tag: "team 7" });
  await request("POST", "/api/pay?x=1", { about: "Pay", idempotencyKey: "i1", traceId: "ab".repeat(16) });
  const headers = Object.fromEntries(sent[0].headers);
  assert.equal(sent[0].url, "http://shop/api/pay?x=1");
  assert.equal(headers["x-api-key"], "k1");
  assert.equal(headers.baggage, "lab=team%207");
  assert.equal(headers["idempotency-key"], "i1");
  assert.equal(headers.traceparent, `00-${"ab".repeat(16)}-${records[0].spanId}-01`);
});

test("a request is recorded when it starts and when it has ended", async () => {
  const { request, records } = apiWith(answer(201, '{"order_id":"o"}', { "X-Request-Id": "r1", "Idempotency-Replayed": "true" }));
  await request("POST", "/api/orders?user_id=a", { about: "Order", body: "[]" });
  assert.deepEqual(records.map(({ status }) => status), [null, 201]);
  assert.equal(records[1].requestId, "r1");
  assert.equal(records[1].service, "order");
  assert.equal(records[1].replayed, true);
  assert.match(records[1].curl, /^curl -i -X POST 'http:\/\/shop\/api\/orders\?user_id=a'/);
});

test("a quiet request is neither recorded nor sampled", async () => {
  const { request, sent, records } = apiWith(answer(200, "[]"));
  await request("GET", "/api/catalog", { quiet: true });
  assert.deepEqual(records, []);
  assert.match(sent[0].headers.get("traceparent"), /-00$/);
});

test("an error body becomes an error with status and detail", async () => {
  const { request, records } = apiWith(answer(503, '{"detail":"catalog service is unavailable"}', { "Retry-After": "2" }));
  await assert.rejects(request("GET", "/api/catalog"), { status: 503, detail: "catalog service is unavailable", retryAfter: "2" });
  assert.equal(records.at(-1).detail, "catalog service is unavailable");
});

test("an answer that is not JSON is not mistaken for one", async () => {
  await assert.rejects(apiWith(answer(502, "<html>")).request("GET", "/api/catalog"), { status: 502, detail: /502 without/ });
  await assert.rejects(apiWith(answer(200, "<html>")).request("GET", "/api/catalog"), { status: 200 });
});

test("silence and a time-out are told apart, and both have status 0", async () => {
  const failing = (error) => () => {
    throw error;
  };
  const refused = apiWith(failing(new TypeError("Failed to fetch"))).request("GET", "/api/catalog");
  await assert.rejects(refused, { status: 0, detail: /cannot be reached/ });
  const late = apiWith(failing(new DOMException("", "TimeoutError"))).request("GET", "/api/catalog");
  await assert.rejects(late, { status: 0, detail: /within 10 seconds/ });
});

test("whoever looks every second gives up sooner", async () => {
  const silent = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const look = apiWith(silent).request("GET", "/lab/cart/health", { quiet: true, timeoutMs: 20 });
  const patience = new Promise((resolve) => setTimeout(resolve, 5_000)); // a signal alone keeps no process alive
  await assert.rejects(Promise.race([look, patience]), { status: 0, detail: /within 0.02 seconds/ });
});

test("every path belongs to the service that answers it", () => {
  const paths = ["/api/cart/a", "/api/catalog", "/api/catalog/products/1", "/api/orders?x", "/api/pay?x", "/api/payments/1", "/lab/order/faults", "/health/cart", "/api/other"];
  assert.deepEqual(paths.map(serviceOf), ["cart", "catalog", "catalog", "order", "payment", "payment", "order", "nginx", "nginx"]);
});
