// What the reader does with the cart.
//
// Changes are sent one after the other, in the order of the clicks: two requests on their
// way at once could arrive the other way round, and the older number would win.

import { plural } from "../format.js";

export function cartActs({ state, update, fill, guarded, request, say }) {
  let last = Promise.resolve();
  let waiting = 0;

  const pathOf = (rest = "") => `/api/cart/${encodeURIComponent(state.settings.user)}${rest}`;

  /** Only the last answer of a row of clicks is shown, so that no number flickers. */
  async function inTurn(send) {
    const { user } = state.settings;
    waiting += 1;
    const turn = last.then(send);
    last = turn.catch(() => {});
    try {
      const answer = await turn;
      if (user === state.settings.user) show(answer.body.cart, waiting === 1);
      return answer;
    } catch (error) {
      if (waiting === 1) update("cart", { lines: state.cart.confirmed });
      throw error;
    } finally {
      waiting -= 1;
    }
  }

  function show(lines, isLast) {
    update("cart", isLast ? { lines, confirmed: lines } : { confirmed: lines });
  }

  async function read() {
    const { body } = await request("GET", pathOf(), { about: "Load the cart" });
    return { lines: body.cart, confirmed: body.cart, isKnown: true };
  }

  async function add(product) {
    const path = pathOf(`/add?product_id=${product.id}&quantity=1`);
    update("cart", { adding: [...state.cart.adding, product.id] });
    try {
      const about = `Add ${product.name} to the cart`;
      const { headers } = await inTurn(() => request("POST", path, { about }));
      if (headers.get("X-Degraded")) {
        say(`${product.name} added, but not verified: the catalog did not answer.`, "caution");
      } else say(`${product.name} added to the cart.`);
    } finally {
      const one = state.cart.adding.indexOf(product.id);
      update("cart", { adding: state.cart.adding.filter((_, index) => index !== one) });
    }
  }

  async function setQuantity(line, quantity) {
    const changed = (shown) => (shown.product_id === line.productId ? { ...shown, quantity } : shown);
    const path = pathOf(`/items/${line.productId}?quantity=${quantity}`);
    update("cart", { lines: state.cart.lines.map(changed) });
    await inTurn(() => request("PUT", path, { about: `Change ${line.name} to ${quantity}` }));
  }

  async function remove(line) {
    const path = pathOf(`/items/${line.productId}`);
    await inTurn(() => request("DELETE", path, { about: `Remove ${line.name} from the cart` }));
    say(`${line.name} removed.`);
  }

  async function clear() {
    const count = state.cart.lines.length;
    await inTurn(() => request("DELETE", pathOf("/clear"), { about: "Clear the cart" }));
    say(`Cart cleared: ${plural(count, "line")} removed.`);
  }

  return {
    load: () => fill("cart", read),
    add: guarded(add),
    setQuantity: guarded(setQuantity),
    remove: guarded(remove),
    clear: guarded(clear),
    /** Resolves when every change clicked so far has an answer. */
    settled: () => last,
  };
}
