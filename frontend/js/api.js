// Every request of the page. The only file that calls `fetch`.
//
// Each request carries the API key and a trace header, gives up after a time-out, and is
// recorded with the equivalent curl. Whatever goes wrong becomes a `ShopError` with a
// status (0 when there was no answer at all, and then `isLate` if there was a connection) and a
// detail that can be shown.

import { curlText } from "./curl.js";
import { randomHex, traceparent } from "./ids.js";

/** As long as the services give one handler; after that nobody will answer any more. */
const TIMEOUT_MS = 10_000;

export class ShopError extends Error {
  constructor(status, detail, retryAfter = null, isLate = false) {
    super(detail);
    Object.assign(this, { status, detail, retryAfter, isLate });
  }
}

/** Looked up at each call: tests and curious readers may replace the browser's own. */
const byFetch = (url, init) => fetch(url, init);

/**
 * Returns `request(method, path, options)`.
 *
 * `settings()` gives the current key and tag; `record(entry)` is called when a request
 * starts and again when it has ended. Quiet requests (the page looking whether something
 * has settled) are neither recorded nor sampled: they are not what the reader did.
 *
 * A lesson asks with headers of its own (`asked.headers`: it may leave out the key on purpose),
 * and takes whatever comes as the answer: there, being refused is often the point.
 */
export function createApi({ settings, record, origin, send = byFetch }) {
  let count = 0;
  return async function request(method, path, options = {}) {
    const { body, idempotencyKey, about, traceId = randomHex(16), quiet = false, asked, timeoutMs = TIMEOUT_MS } = options;
    const headers = asked?.headers ?? visibleHeaders(settings(), body, idempotencyKey);
    const spanId = randomHex(8);
    const entry = {
      id: (count += 1),
      about,
      method,
      path,
      service: serviceOf(path),
      startedAt: Date.now(),
      status: null,
      traceId,
      spanId,
      curl: curlText({ method, url: origin + path, headers, body }),
    };
    const note = quiet ? () => {} : (news) => record(Object.assign(entry, news));
    note({});
    const started = performance.now();
    const answer = await exchange(send, origin + path, timeoutMs, {
      method,
      body,
      headers: { ...headers, traceparent: traceparent(traceId, spanId, !quiet) },
    });
    note({ ...factsOf(answer), ms: Math.round(performance.now() - started) });
    if (answer.error && !asked) throw answer.error;
    return answer;
  };
}

/** The service that answers a path; nginx itself answers what it does not pass on. */
export function serviceOf(path) {
  const [, first, second] = path.split(/[/?]/);
  const owners = { cart: "cart", catalog: "catalog", orders: "order", pay: "payment", payments: "payment" };
  if (first === "lab") return second;
  return (first === "api" && owners[second]) || "nginx";
}

/** The headers a reader should see and repeat; the trace header is added to these. */
function visibleHeaders({ key, tag }, body, idempotencyKey) {
  const headers = { "X-API-Key": key };
  if (tag) headers.baggage = `lab=${encodeURIComponent(tag)}`;
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return headers;
}

/** Never throws: a failure is an answer with an `error`. */
async function exchange(send, url, timeoutMs, { method, headers, body }) {
  try {
    const init = { method, headers: new Headers(headers), body, cache: "no-store" };
    const response = await send(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    return await readAnswer(response);
  } catch (cause) {
    return { status: 0, headers: new Headers(), error: new ShopError(0, silence(cause, timeoutMs), null, cause.name === "TimeoutError") };
  }
}

async function readAnswer(response) {
  const { status, headers } = response;
  const text = await response.text();
  const body = parse(text);
  if (response.ok && (body !== undefined || text === "")) return { status, headers, body };
  const detail = body?.detail ?? `The shop answered ${status} without an explanation`;
  return { status, headers, body, error: new ShopError(status, String(detail), headers.get("Retry-After")) };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function silence(cause, timeoutMs) {
  if (cause.name === "TimeoutError") {
    return `No answer within ${timeoutMs / 1000} seconds. The request may still have been carried out.`;
  }
  return "No answer: the shop cannot be reached. Is it running?";
}

function factsOf({ status, headers, error }) {
  return {
    status,
    detail: error?.detail ?? null,
    requestId: headers.get("X-Request-Id"),
    degraded: headers.get("X-Degraded"),
    replayed: headers.get("Idempotency-Replayed") === "true",
  };
}
