// Fetching what the services recorded of a request, until nothing more is to come.
//
// These requests are quiet: not recorded and not sampled, or looking would make more to see.

import { ShopError } from "../api.js";
import { SERVICES, sendersOf } from "../trace.js";

/** Pauses before each look: some eleven seconds in all, the first ones close together. */
const PAUSES_MS = [0, 250, 500, 800, 1_200, 1_700, 2_300, 2_300, 2_300];
/** And then, for as long as a message waits in an outbox and the diagram is open. */
const LATER_MS = 5_000;
/** A span is kept when it is over, which may be just after its answer was read. */
const QUIET_LOOKS = 2;

export function traceActs({ state, update, request }) {
  let round = 0;

  const ask = (service, room) => request("GET", `/lab/${service}/${room}`, { quiet: true });

  /** Null from a service that is silent: its part is missing, the others' is still worth seeing. */
  async function spansOf(service, traceId) {
    try {
      const { body } = await ask(service, `traces/${traceId}`);
      return body.spans.map((span) => ({ ...span, service }));
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      if (error.status === 404) return "closed";
      return null;
    }
  }

  async function messagesOf(service, traceId) {
    try {
      const { body } = await ask(service, "outbox");
      return body.filter((message) => message.trace_id === traceId).map((message) => ({ ...message, service }));
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      return [];
    }
  }

  /** Everything there is to know about a trace right now; `skip` names who was silent. */
  async function read(traceId, skip = []) {
    const asked = SERVICES.filter((service) => !skip.includes(service));
    const answers = state.lab.isOpen === null ? [await spansOf(asked[0], traceId)] : [];
    if (answers[0] !== "closed") {
      answers.push(...(await Promise.all(asked.slice(answers.length).map((service) => spansOf(service, traceId)))));
    }
    const isOpen = !answers.includes("closed");
    update("lab", { isOpen });
    const spans = isOpen ? answers.filter(Boolean).flat() : [];
    const messages = (await Promise.all(sendersOf(spans).map((service) => messagesOf(service, traceId)))).flat();
    const silent = [...skip, ...asked.filter((_, index) => answers[index] === null)];
    return { isOpen, spans, silent, messages };
  }

  const isWaiting = ({ messages }) => messages.some(({ dead_at: dead }) => !dead);

  /** Whether something is still to come: the answer, a delivery, or a span on its last step. */
  function isPending(traceId, found) {
    return isWaiting(found) || state.actions.list.some((action) => action.traceId === traceId && action.status === null);
  }

  /** Looks at a trace until it is complete: a delivery may come minutes later. */
  async function watch(traceId) {
    const mine = (round += 1);
    const isMine = () => mine === round;
    if (state.trace.id !== traceId) update("trace", { id: traceId, spans: [], messages: [], silent: [], isKnown: false });
    update("trace", { isLooking: true });
    let calm = 0;
    for (let looks = 0; ; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[looks] ?? LATER_MS));
      if (!isMine()) return;
      const { spans: before, silent } = state.trace;
      const found = await read(traceId, silent);
      if (!isMine()) return;
      update("trace", { ...found, isKnown: true });
      calm = isPending(traceId, found) || found.spans.length !== before.length ? 0 : calm + 1;
      if (!found.isOpen || calm >= QUIET_LOOKS || (looks >= PAUSES_MS.length && !isWaiting(found))) break;
    }
    update("trace", { isLooking: false });
  }

  /** A fresh look asks everybody again, also who was silent. */
  function open(traceId) {
    update("trace", { silent: [] });
    return watch(traceId);
  }

  function close() {
    round += 1;
    update("trace", { id: null, isLooking: false });
  }

  /** The open trace has news: one of its requests began or ended. */
  function noticed({ traceId }) {
    if (state.trace.id === traceId) watch(traceId);
  }

  return { open, close, noticed, read };
}
