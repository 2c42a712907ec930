// What the address says: `#/orders/<id>?all=1&after=<id>`. The address is the only place
// where the page keeps "where am I", so that back, forward and bookmarks just work. Pure.

/** Unknown views lead to the first one. */
export function parseRoute(hash, views) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, id] = path.split("/");
  return {
    view: views.includes(view) ? view : views[0],
    id: views.includes(view) && id ? decode(id) : null,
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The address of a view; parameters without a value are left out. */
export function hashFor(view, { id, ...query } = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const search = new URLSearchParams(given).toString();
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ""}${search ? `?${search}` : ""}`;
}

/**
 * The `after` of a `Link: <?limit=10&after=...>; rel="next"` header, or null on the last page.
 * The reference may be relative, so it is read against an address that does not matter.
 */
export function nextAfter(link) {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  return target === undefined ? null : new URL(target, "http://shop").searchParams.get("after");
}

/** A hand-typed address may hold a stray percent sign. */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
