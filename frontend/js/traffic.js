// Which of the requests that a service has counted are not this page's own. Pure.
//
// A service counts all of them; those of this page, and what they cause between the services,
// are drawn from their traces. While one of them is under way it may be counted and not yet
// told by its trace, so the rest waits for that.

export function trafficOfOthers() {
  const underway = new Set();
  const counts = new Map();

  const countOf = (service) => counts.get(service) ?? { total: null, fresh: 0, own: 0 };

  function begin(spanId) {
    underway.add(spanId);
  }

  /** `spans` are what the services recorded of it. */
  function end(spanId, spans) {
    if (!underway.delete(spanId)) return;
    for (const { service, kind } of spans) {
      const count = countOf(service);
      if (kind === "server") counts.set(service, { ...count, own: count.own + 1 });
    }
  }

  /** How many requests of others there were at this service since they were last told. */
  function look(service, total) {
    const { total: before, fresh, own } = countOf(service);
    const hasRestarted = before !== null && total < before;
    const news = before === null ? 0 : total - (hasRestarted ? 0 : before);
    const isWaiting = underway.size > 0;
    counts.set(service, { total, fresh: isWaiting ? fresh + news : 0, own: isWaiting ? own : 0 });
    return isWaiting ? 0 : Math.max(0, fresh + news - own);
  }

  return { begin, end, look };
}
