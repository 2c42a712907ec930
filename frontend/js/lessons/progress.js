// What this browser remembers of the lessons: which are passed, what was predicted, and the
// runs that were not cleaned up when the page was closed, so that they still can be.

const NAME = "shop-lessons";
const NOTHING = { passed: [], predictions: {}, left: {} };

/** Storage is asked for through a function, because where it is forbidden its mention throws. */
export function loadProgress(storage = () => localStorage) {
  try {
    return { ...NOTHING, ...JSON.parse(storage().getItem(NAME)) };
  } catch {
    return { ...NOTHING };
  }
}

export function saveProgress(progress, storage = () => localStorage) {
  try {
    storage().setItem(NAME, JSON.stringify(progress));
  } catch {
    // Forgotten on reload; faults end by themselves all the same.
  }
}

/**
 * What this tab knows and what the tabs have stored since, put together. Which runs are left
 * only storage knows: another tab may have begun one, or cleaned one up.
 */
export function together(here, stored) {
  return {
    passed: [...new Set([...stored.passed, ...here.passed])],
    predictions: { ...here.predictions, ...stored.predictions },
    left: stored.left,
  };
}

/** The part of a run's memory that its cleanup needs: names and ids, no answers. */
export function essence(memory) {
  return Object.fromEntries(Object.entries(memory).filter(([, value]) => ["string", "number"].includes(typeof value)));
}
