// The page's state and the few ways to change it. Views read it, acts change it through here.

import { ShopError } from "./api.js";
import { explain } from "./problems.js";

/** Long enough to be read twice. A problem stays until it is dismissed or replaced. */
const SHOWN_MS = { news: 6_000, caution: 12_000 };

/**
 * `draw` is called once after any number of changes in a row; `onLocked` when the shop
 * refused the API key, wherever that happened.
 */
export function createStore(state, { draw, onLocked }) {
  let drawing = false;
  let said = 0;

  /** Merges news into one slice of the state. `null` empties the slice. */
  function update(slice, news) {
    state[slice] = news === null ? null : { ...state[slice], ...news };
    if (drawing) return;
    drawing = true;
    queueMicrotask(() => {
      drawing = false;
      draw();
    });
  }

  /** Shows a sentence; the count makes saying the same thing twice visible twice. */
  function say(text, kind = "news") {
    const count = (said += 1);
    update("message", { text, kind, count });
    const forget = () => state.message.count === count && update("message", { text: "" });
    if (kind in SHOWN_MS) setTimeout(forget, SHOWN_MS[kind]);
  }

  function complain(error) {
    if (!(error instanceof ShopError)) throw error;
    if (error.status === 401) onLocked();
    else say(explain(error), "problem");
  }

  /** An act of the reader: whatever goes wrong is said in a sentence, and no longer once the same act succeeds. */
  function guarded(work) {
    let complaint = null;
    return async (...given) => {
      try {
        const result = await work(...given);
        if (state.message.count === complaint) update("message", { text: "" });
        return result;
      } catch (error) {
        const before = state.message.count;
        complain(error);
        complaint = state.message.count > before ? state.message.count : null;
      }
    };
  }

  /** Fills a slice with what `load` finds; a failure stays visible in that slice's place. */
  async function fill(slice, load) {
    update(slice, { loading: true });
    try {
      update(slice, { ...(await load()), loading: false, problem: null });
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      const isLocked = error.status === 401;
      if (isLocked) onLocked();
      const problem = isLocked ? "Waiting for an API key that the shop accepts." : explain(error);
      update(slice, { loading: false, problem, isAway: !isLocked });
    }
  }

  return { state, update, say, complain, guarded, fill };
}
