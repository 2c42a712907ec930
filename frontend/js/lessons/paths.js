// The two small things of which a lesson is made: paths into what was answered so far, and
// names in braces that stand for a value. Pure, and the same as in scripts/lesson.jq.
//
// A path is dotted: `race.answers.[status=201].0.body.order_id`. A number picks an element,
// `[field=value]` keeps the elements that have this value, `length` counts them.

const MATCH = /^\[([a-z_]+)=(.*)\]$/;
const NAME = /\{([a-z][a-z0-9_.]*)\}/g;

/** What stands at a path; undefined if there is nothing. */
export function at(value, path) {
  return path.split(".").reduce(step, value);
}

function step(value, segment) {
  if (Array.isArray(value)) {
    if (segment === "length") return value.length;
    const match = MATCH.exec(segment);
    if (match) return value.filter((element) => textOf(element?.[match[1]]) === match[2]);
    return /^\d+$/.test(segment) ? value[Number(segment)] : undefined;
  }
  return isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

/**
 * Puts values in the place of names, however deep. A text that is nothing but a name becomes
 * the value itself, so that a number stays a number; names that are not known yet stay.
 */
export function fill(template, memory) {
  if (typeof template === "string") return fillText(template, memory);
  if (Array.isArray(template)) return template.map((element) => fill(element, memory));
  if (!isObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fill(value, memory)]));
}

function fillText(text, memory) {
  const [whole] = text.matchAll(NAME);
  if (whole?.[0] === text) return at(memory, whole[1]) ?? text;
  return text.replaceAll(NAME, (name, path) => textOf(at(memory, path) ?? name));
}

/** The names that are not known yet, each once. */
export function unknownNames(template, memory) {
  const names = [...JSON.stringify(template).matchAll(NAME)].map(([, path]) => path);
  return [...new Set(names)].filter((path) => (at(memory, path) ?? null) === null);
}

function textOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
