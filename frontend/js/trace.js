// From the spans of one trace to the rows of a sequence diagram. Pure.
//
// A span is what one service recorded: a request it answered (server), a question it asked
// (client), a transaction on its file, or a message its relay sent later (delivery). Spans point
// to their parents, so they form a tree; reading the tree in order gives the rows.

import { sentence } from "./format.js";

export const SERVICES = ["cart", "catalog", "order", "payment"];
export const FILES = { cart: "carts.db", catalog: "products.db", order: "orders.db", payment: "payments.db" };

/** From left to right. A file stands beside the only service that opens it. */
const LANES = ["browser", "nginx", ...SERVICES.flatMap((service) => [service, FILES[service]])];

/** Who does what no span speaks of. */
const SOURCES = {
  page: "frontend/js/api.js",
  door: "nginx/nginx.conf.template",
  routes: "nginx/routes.conf.template",
  client: "chassis/src/messaging/client.rs",
  relay: "chassis/src/messaging/relay.rs",
  server: "chassis/src/http/observe.rs",
};

/** Steps that happen in the file; all others are the service's own. */
const IN_FILE = ["begin", "sql", "commit", "rollback", "savepoint", "outbox"];
const TONES = { fault: "bad", rollback: "bad", retry: "care", breaker: "care", decision: "care", outbox: "news", commit: "good" };

/**
 * `actions` are the page's own requests of this trace, `spans` what the services recorded,
 * each with its `service`. Returns the lanes that take part, the rows from top to bottom, and
 * bars: from which row to which row a lane was at work.
 */
export function readTrace(actions, spans) {
  const tree = { rows: [], bars: [], told: new Set(), spans };
  const roots = [
    ...actions.map((action) => ({ action, at: startOf(action, spans) })),
    ...spans.filter((span) => isRoot(span, actions, spans)).map((span) => ({ span, at: span.start_us })),
  ];
  roots.sort((a, b) => a.at - b.at);
  for (const { action, span } of roots) {
    if (action) tellAction(tree, action);
    else tellRoot(tree, span);
  }
  const used = new Set(["browser", "nginx", ...tree.rows.flatMap(({ from, to, lane }) => [from, to, lane])]);
  const start = roots[0]?.at ?? 0;
  return {
    lanes: LANES.filter((lane) => used.has(lane)),
    rows: tree.rows.map((row, index) => ({ ...row, id: index, afterUs: row.at === null ? null : Math.max(0, row.at - start) })),
    bars: tree.bars,
  };
}

/** The same story without its statements: who talks to whom, and what is decided. */
export function withoutSql({ rows, bars, ...story }) {
  const kept = rows.filter(({ step }) => step !== "sql");
  const place = (first, index) => kept.findIndex(({ id }) => (first ? id >= index : id > index));
  const moved = bars.map(({ lane, first, last }) => {
    const end = place(false, last);
    return { lane, first: place(true, first), last: (end < 0 ? kept.length : end) - 1 };
  });
  return { ...story, rows: kept, bars: moved.filter(({ first, last }) => first >= 0 && last >= first) };
}

/** Who asked whom, in order: what travels over the map. */
export function hopsOf(rows) {
  const goes = ({ kind, step }) => kind === "call" || (kind === "file" && step === "begin");
  return rows.filter(goes).map(({ from, to }) => [from, to]);
}

/** A span's own part of a trace: what it caused, and what that caused. */
export function spansBelow(spanId, spans) {
  const children = spans.filter(({ parent_id: parent }) => parent === spanId);
  return children.flatMap((child) => [child, ...spansBelow(child.span_id, spans)]);
}

/** The peers of messages that were written into an outbox, so that we know where to look. */
export function sendersOf(spans) {
  const wrote = ({ steps }) => steps.some(({ kind }) => kind === "outbox");
  return SERVICES.filter((service) => spans.some((span) => span.service === service && wrote(span)));
}

/** The service's clock where there is one: the page's may be another. */
function startOf({ spanId, startedAt }, spans) {
  return spans.find((span) => span.parent_id === spanId)?.start_us ?? startedAt * 1000;
}

/** Background work stands for itself; so does what lost its parent (the ring is finite). */
function isRoot(span, actions, spans) {
  if (span.kind === "delivery") return true;
  const isKnown = (id) => actions.some(({ spanId }) => spanId === id) || spans.some(({ span_id: other }) => other === id);
  return !isKnown(span.parent_id);
}

function tellAction(tree, action) {
  const { method, path, service, status, ms, spanId, startedAt, detail } = action;
  const answers = tree.spans.filter((span) => span.parent_id === spanId && span.kind === "server");
  const at = answers[0]?.start_us ?? startedAt * 1000;
  push(tree, { kind: "call", from: "browser", to: "nginx", text: `${method} ${path}`, action: action.id, at, source: SOURCES.page });
  if (answers.length > 0) {
    push(tree, { kind: "step", step: "key", lane: "nginx", text: `API key known; ${service} answers this path`, at, source: SOURCES.door });
    for (const span of answers) tellServer(tree, span, "nginx", SOURCES.routes);
  } else if (status !== null) tellUnrecorded(tree, action, at);
  if (status === null) {
    push(tree, { kind: "step", step: "wait", lane: "nginx", text: "The answer is not here yet", at: null, source: SOURCES.page });
  } else if (status === 0) {
    push(tree, { kind: "reply", from: "nginx", to: "browser", text: "no answer", isLost: true, tone: "bad", detail, at: null, source: SOURCES.page });
  } else pushReply(tree, { from: "nginx", to: "browser", status, us: ms * 1000, detail, at: null, source: SOURCES.door });
}

/** nginx answered by itself, or the service has forgotten: it keeps traces in memory only. */
function tellUnrecorded(tree, { status, service }, at) {
  const step = (text, tone) => push(tree, { kind: "step", step: "decision", lane: "nginx", text, tone, at, source: SOURCES.door });
  if (status === 401) step("No API key that it knows: refused at the door", "bad");
  else if (status === 429) step("Too many requests from this address", "bad");
  else if (service === "nginx") step("Answers this path itself");
  else if (status === 0) step("Whether it came this far is not known");
  else if (status === 503) {
    push(tree, { kind: "call", from: "nginx", to: service, text: "passes it on", isLost: true, tone: "bad", at, source: SOURCES.routes });
    step(`The ${service} service does not answer`, "bad");
  } else {
    push(tree, { kind: "call", from: "nginx", to: service, text: "passes it on", at, source: SOURCES.routes });
    push(tree, { kind: "step", step: "wait", lane: service, text: "Not recorded, or no longer remembered", at, source: SOURCES.server });
  }
}

function tellRoot(tree, span) {
  if (span.kind === "delivery") {
    push(tree, { kind: "later", lane: span.service, text: `Later, in the background: ${span.name}`, at: span.start_us, source: SOURCES.relay });
    const first = tree.rows.length;
    tellInside(tree, span, span.service);
    if (tree.rows.length === first && span.outcome) tellOutcome(tree, span);
    bar(tree, span.service, first);
  } else if (span.kind === "server") tellServer(tree, span, "nginx", SOURCES.routes);
  else tellChild(tree, span);
}

/** One request at the service that answers it: the arrow there, what it did, the arrow back. */
function tellServer(tree, span, caller, source, name = span.name) {
  const { service, status, duration_us: us, outcome } = span;
  const first = tree.rows.length;
  push(tree, { kind: "call", from: caller, to: service, text: name, at: span.start_us, source });
  tellInside(tree, span, service);
  if (status === null) {
    push(tree, { kind: "reply", from: service, to: caller, text: "no answer", detail: outcome, isLost: true, tone: "bad", us, at: span.start_us + us, source: SOURCES.server });
  } else pushReply(tree, { from: service, to: caller, status, us, detail: outcome, at: span.start_us + us, source: SOURCES.server });
  bar(tree, service, first);
}

/**
 * A span's own steps and the spans below it, in the order of their times. `given` are steps
 * that the span above noted while this one went on, such as a message within a transaction.
 */
function tellInside(tree, span, caller, { name, given = [] } = {}) {
  tree.told.add(span.span_id);
  const below = tree.spans.filter((other) => other.parent_id === span.span_id && other.kind !== "delivery");
  const steps = span.steps.map((step) => ({ step, at: span.start_us + step.at_us }));
  const isWithin = ({ at }, child) => child.kind === "transaction" && at >= child.start_us && at <= child.start_us + child.duration_us;
  const own = steps.filter((step) => !below.some((child) => isWithin(step, child)));
  const children = below.map((child) => ({ child, at: child.start_us }));
  for (const { step, child, at } of [...own, ...beforeTheEnd(given, own), ...children].sort(byTime)) {
    if (step) tellStep(tree, span, step, at);
    else if (child.kind === "server") tellServer(tree, child, caller, SOURCES.client, name);
    else tellChild(tree, child, steps.filter((within) => isWithin(within, child)));
  }
}

/** What is done in a transaction is done before its end; the clocks of two spans differ by a microsecond. */
function beforeTheEnd(given, own) {
  const end = own.find(isEnd)?.at ?? Infinity;
  return given.map(({ step, at }) => ({ step, at: Math.min(at, end) }));
}

/** At the same microsecond, what ends a transaction comes last. */
function byTime(a, b) {
  return a.at - b.at || isEnd(a) - isEnd(b);
}

function isEnd({ step }) {
  return step?.kind === "commit" || step?.kind === "rollback";
}

function tellChild(tree, span, given = []) {
  if (tree.told.has(span.span_id)) return;
  if (span.kind === "client") tellClient(tree, span);
  else {
    const first = tree.rows.length;
    tellInside(tree, span, span.service, { given });
    if (tree.rows.length > first) bar(tree, FILES[span.service], first);
  }
}

/** A question to a neighbor. If the neighbor recorded it, its own account is the better one. */
function tellClient(tree, span) {
  const [, method, peer, path] = /^(\S+) (\S+) (.*)$/.exec(span.name) ?? [null, "", span.service, span.name];
  const asked = tree.spans.some((other) => other.parent_id === span.span_id && other.kind === "server");
  const { service, status, outcome, duration_us: us } = span;
  if (!asked && isAsked(span)) {
    push(tree, { kind: "call", from: service, to: peer, text: `${method} ${path}`, isLost: status === null, tone: status === null ? "bad" : undefined, at: span.start_us, source: SOURCES.client });
  }
  tellInside(tree, span, service, { name: `${method} ${path}` });
  if (asked && status !== null) return;
  if (status !== null) pushReply(tree, { from: peer, to: service, status, us, detail: outcome, at: span.start_us + us, source: SOURCES.client });
  else tellOutcome(tree, span);
}

/** With an open breaker nothing leaves the service. */
function isAsked({ status, steps, outcome }) {
  const refused = steps.some(({ kind, text }) => kind === "breaker" && /open/.test(text) && !/half/.test(text));
  return status !== null || !(refused || /breaker/.test(outcome ?? ""));
}

function tellOutcome(tree, { service, outcome, start_us: start, duration_us: us }) {
  const text = sentence(outcome ?? "no answer").slice(0, -1);
  push(tree, { kind: "step", step: "decision", lane: service, text, tone: "bad", us, at: start + us, source: SOURCES.client });
}

/** BEGIN goes to the file and COMMIT comes back from it; statements stay there. */
function tellStep(tree, { service }, step, at) {
  const { kind, text, rows = null, duration_us: us = null, source } = step;
  const file = FILES[service];
  const common = { step: kind, text: labelOf(step), full: text, rowCount: rows, us, at, source, tone: TONES[kind] };
  if (kind === "begin") push(tree, { kind: "file", from: service, to: file, ...common });
  else if (isEnd({ step })) push(tree, { kind: "file", from: file, to: service, ...common });
  else push(tree, { kind: "step", lane: IN_FILE.includes(kind) ? file : service, ...common });
}

/** A statement is known by its verb and table; its text is among the details. */
export function labelOf({ kind, text, rows }) {
  if (kind !== "sql") return text;
  const verb = /^\s*(?:WITH\b.*?\b(?=SELECT|INSERT|UPDATE|DELETE))?(\w+)/is.exec(text)?.[1]?.toUpperCase() ?? "SQL";
  const table = /\b(?:FROM|INTO|UPDATE)\s+(?:OR\s+\w+\s+)?([\w.]+)/i.exec(text)?.[1];
  const count = rows === null || rows === undefined ? "" : `, ${rows} ${rows === 1 ? "row" : "rows"}`;
  return `${verb}${table ? ` ${table}` : ""}${count}`;
}

function pushReply(tree, { status, ...row }) {
  push(tree, { kind: "reply", status, text: String(status), tone: toneOf(status), ...row });
}

/** 202 and its like are good news, too; what was refused is told apart by its number. */
function toneOf(status) {
  return status < 400 ? "good" : "bad";
}

function push(tree, row) {
  tree.rows.push(row);
}

function bar(tree, lane, first) {
  const last = tree.rows.length - 1;
  if (last >= first) tree.bars.push({ lane, first, last });
}

/** 950 becomes "950 us", 1234 becomes "1.2 ms", 61000 becomes "61 ms". */
export function formatMicros(us) {
  if (us < 1000) return `${us} \u00b5s`;
  const tenths = Math.round(us / 100);
  return us < 10_000 ? `${Math.floor(tenths / 10)}.${tenths % 10} ms` : `${Math.round(us / 1000).toLocaleString("en-US")} ms`;
}

/** One row as a sentence: for the list, and for whoever listens instead of looking. */
export function sayRow({ kind, from, to, lane, text, status, us, rowCount, isLost }) {
  const took = us ? ` (${formatMicros(us)})` : "";
  if (kind === "call" || kind === "file") return `${from} to ${to}: ${text}${isLost ? ", which gets no answer" : ""}${took}`;
  if (kind === "reply") return `${to} hears from ${from}: ${status ? `status ${status}` : text}${took}`;
  if (kind === "later") return text;
  const rows = rowCount === null || rowCount === undefined || text.includes("row") ? "" : `, ${rowCount} rows`;
  return `${lane}: ${text}${rows}${took}`;
}
