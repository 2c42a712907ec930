// Random ids: for traces (W3C Trace Context) and for Idempotency-Key.
//
// `crypto.randomUUID` would be shorter, but browsers offer it only over https or on
// localhost, and a lecture hall opens this page by the teacher's address.

export function randomHex(bytes) {
  const values = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(values, (value) => value.toString(16).padStart(2, "0")).join("");
}

/** The last field is the "sampled" flag: only sampled requests are recorded by the services. */
export function traceparent(traceId, spanId, sampled) {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
