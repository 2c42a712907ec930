// Requests of others on the map: each once, and none of this page's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { trafficOfOthers } from "../../../frontend/js/traffic.js";

const server = (service) => ({ service, kind: "server" });
const looked = (traffic, service, totals) => totals.map((total) => traffic.look(service, total));

test("each request of somebody else is told once, and what was before is not", () => {
  assert.deepEqual(looked(trafficOfOthers(), "cart", [40, 41, 41, 41, 44]), [0, 1, 0, 0, 3]);
});

test("services are counted apart, and from nothing after a restart", () => {
  const traffic = trafficOfOthers();
  assert.deepEqual(looked(traffic, "cart", [40, 41]), [0, 1]);
  assert.deepEqual(looked(traffic, "order", [7, 7]), [0, 0]);
  assert.deepEqual(looked(traffic, "cart", [2, 2]), [2, 0]);
});

test("what this page asks, and what that causes, is never somebody else's", () => {
  const traffic = trafficOfOthers();
  for (const service of ["cart", "catalog"]) traffic.look(service, 0);
  traffic.begin("a");
  assert.deepEqual(looked(traffic, "cart", [1, 1]), [0, 0]);
  assert.deepEqual(looked(traffic, "catalog", [1]), [0]);
  traffic.end("a", [server("cart"), { service: "cart", kind: "client" }, server("catalog")]);
  assert.deepEqual(looked(traffic, "cart", [1, 2]), [0, 1]);
  assert.deepEqual(looked(traffic, "catalog", [1, 1]), [0, 0]);
});

test("requests of others meanwhile are told when this page's own are known", () => {
  const traffic = trafficOfOthers();
  traffic.look("cart", 10);
  traffic.begin("a");
  traffic.begin("b");
  assert.deepEqual(looked(traffic, "cart", [11, 13]), [0, 0]);
  traffic.end("a", [server("cart")]);
  assert.deepEqual(looked(traffic, "cart", [14]), [0]);
  traffic.end("b", [server("cart")]);
  assert.deepEqual(looked(traffic, "cart", [14, 14]), [2, 0]);
});

test("a request that reached nobody hides no request of others", () => {
  const traffic = trafficOfOthers();
  traffic.look("cart", 10);
  traffic.begin("a");
  traffic.end("a", []);
  assert.deepEqual(looked(traffic, "cart", [11]), [1]);
});
