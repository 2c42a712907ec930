// Behind the scenes keeps looking while something is still to come.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { traceActs } from "../../../frontend/js/acts/traces.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const span = (kind, id) => ({ kind, span_id: id, parent_id: "page", start_us: 1, duration_us: 1, steps: [{ kind: "outbox", at_us: 0, text: "message" }] });

/** A payment service whose message is delivered at its n-th look, or never: then it is a dead letter. */
function page({ deliveredAt, isDead = false }) {
  let looks = 0;
  const state = { actions: { list: [] }, trace: { id: null, spans: [], silent: [] }, lab: { isOpen: true } };
  const update = (slice, news) => (state[slice] = { ...state[slice], ...news });
  const request = async (method, path) => {
    if (path === "/lab/payment/outbox") {
      const waits = isDead || looks < deliveredAt;
      return { body: waits ? [{ trace_id: TRACE, kind: "payment.received", dead_at: isDead ? "2026-01-01T00:00:00.000Z" : null }] : [] };
    }
    if (!path.startsWith("/lab/payment/")) return { body: { spans: [] } };
    looks += 1;
    return { body: { spans: [span("server", "a"), ...(looks >= deliveredAt ? [span("delivery", "b")] : [])] } };
  };
  return { state, traces: traceActs({ state, update, request }), looks: () => looks };
}

/** Lets time pass, and whatever waits for it. */
async function pass(seconds) {
  for (let tenths = 0; tenths < seconds * 10; tenths += 1) {
    mock.timers.tick(100);
    await new Promise(setImmediate);
  }
}

async function watching(scene, body) {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { traces, ...rest } = page(scene);
    traces.open(TRACE);
    await body({ traces, ...rest });
  } finally {
    mock.timers.reset();
  }
}

test("a delivery that comes a minute later joins the diagram that is open", () =>
  watching({ deliveredAt: 18 }, async ({ state }) => {
    await pass(20);
    assert.deepEqual([state.trace.spans.length, state.trace.isLooking], [1, true]);
    await pass(60);
    assert.deepEqual([state.trace.spans.length, state.trace.isLooking], [2, false]);
  }));

test("nobody waits for a dead letter", () =>
  watching({ deliveredAt: Infinity, isDead: true }, async ({ state, looks }) => {
    await pass(20);
    assert.equal(state.trace.isLooking, false);
    const before = looks();
    await pass(30);
    assert.equal(looks(), before);
  }));

test("a diagram that is closed is not looked at any more", () =>
  watching({ deliveredAt: Infinity }, async ({ traces, looks }) => {
    await pass(20);
    traces.close();
    const before = looks();
    await pass(30);
    assert.equal(looks(), before);
  }));
