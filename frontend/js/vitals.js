// How the four services are, from what they say of themselves. Pure.

/** The plots show the last five minutes, or less while less is known. */
const SPANS_MS = [60_000, 120_000, 300_000];
const SPAN_MS = SPANS_MS.at(-1);

/** 28311552 becomes "27 MB", as memory is counted: in units of 1024. */
export function formatBytes(bytes) {
  return `${Math.round(bytes / 1_048_576).toLocaleString("en-US")} MB`;
}

/**
 * The sum over the services that answer, and how many those are. Of what they share, each counts its
 * part: the program is in memory once.
 */
export function wholeShop(services) {
  const known = Object.values(services).filter(({ health }) => health);
  return { bytes: known.reduce((sum, { health }) => sum + health.proportional_bytes, 0), count: known.length };
}

/** "97%", or null while nobody has asked the cache anything. */
export function hitRatio(cache) {
  const asked = (cache?.hits ?? 0) + (cache?.misses ?? 0);
  return asked === 0 ? null : `${Math.floor((cache.hits * 100) / asked)}%`;
}

/** 61 becomes "1 min", 7300 becomes "2 h". */
export function formatUptime(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}

/** 3 becomes "3", 0.1 becomes "0.1", 1234.5 becomes "1,235". */
export function formatRate(rate) {
  return rate < 10 ? rate.toFixed(1).replace(/\.0$/, "") : Math.round(rate).toLocaleString("en-US");
}

/** The last ten seconds' requests and their times; of no requests there are no times. */
export function paceOf(health) {
  const { per_second: rate = null, p50_us: p50, p99_us: p99 } = health?.requests ?? {};
  return rate ? { rate, p50, p99 } : { rate, p50: null, p99: null };
}

/** A service's history with one more look; what is older than the plots is forgotten. */
export function remembered(history, health, at) {
  const { rate, p99 } = paceOf(health);
  const point = { at, bytes: health?.resident_bytes ?? null, rate, p99 };
  return [...history.filter((past) => at - past.at <= SPAN_MS), point];
}

/** The shortest span that holds all that is known. */
export function spanOf(history, now) {
  const since = now - (history[0]?.at ?? now);
  return SPANS_MS.find((span) => since <= span) ?? SPAN_MS;
}

/**
 * One line of a plot per stretch without a gap, as SVG points in a box of `width` by `height`,
 * and the area below each. The floor is zero, so that a flat line of traffic does not look like
 * an earthquake.
 */
export function plotLines(history, name, now, { width, height, span = SPAN_MS }) {
  const values = history.map((point) => point[name]).filter((value) => value !== null);
  const top = Math.max(...values, 0);
  const lines = [[]];
  let before = null;
  for (const { at, [name]: value } of history) {
    const isGap = value === null || (before !== null && at - before > 15_000);
    if (isGap && lines.at(-1).length > 0) lines.push([]);
    before = at;
    if (value === null) continue;
    const x = width - ((now - at) / span) * width;
    const y = height - 1 - (value / (top || 1)) * (height - 3);
    lines.at(-1).push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  const told = lines.filter((line) => line.length > 0);
  const floor = (point) => `${point.split(",")[0]},${height - 1}`;
  return {
    lines: told.map((line) => line.join(" ")),
    areas: told.map((line) => [floor(line[0]), ...line, floor(line.at(-1))].join(" ")),
    top: values.length > 0 ? top : null,
  };
}

/** Seconds that are left of something that was looked at `sinceMs` ago. */
export function remaining(seconds, sinceMs) {
  return Math.max(0, seconds - Math.floor(sinceMs / 1000));
}

/** Of what is set in the lab, what meets a reader with this tag, and what meets only others. */
export function splitByTag(list, tag) {
  const meets = ({ only_for: whose }) => whose === null || whose === tag;
  return { own: list.filter(meets), others: list.filter((entry) => !meets(entry)) };
}

/**
 * How a service is, in a word: what it says itself, and whether it is broken for this reader.
 * Behind a door that is shut nobody can say.
 */
export function conditionOf({ isUp, health, faults }, tag, isShut = false) {
  if (isUp === null) return isShut ? "hidden" : "unknown";
  if (!isUp) return "away";
  if (splitByTag(faults, tag).own.length > 0) return "faulty";
  return health.database === "connected" ? "up" : "ill";
}

/** Tags travel in a header and are compared as they are. */
export function isTag(text) {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text);
}
