// What the reader does with the cart.
//
// Changes are sent one after the other, in the order of the clicks: two requests on their
// way at once could arrive the other way round, and the older number would win.

import { afterPurchase } from "../checkout.js";
import { plural } from "../format.js";
import { awaitsCheck } from "../shelf.js";

export function cartActs({ state, update, fill, guarded, request, say }) {
  let last = Promise.resolve();
  let waiting = 0;

  const pathOf = (rest = "", user = state.settings.user) => `/api/cart/${encodeURIComponent(user)}${rest}`;

  /** Only the last answer of a row of clicks is shown, so that no number flickers. */
  async function inTurn(send, user = state.settings.user) {
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
    // Clicks that are still on their way know better what there is going to be.
    return { lines: waiting === 0 ? body.cart : state.cart.lines, confirmed: body.cart, isKnown: true };
  }

  /** Another tab may have changed the cart. Nobody asked for this look, so nobody is told when it fails. */
  const refresh = () => inTurn(() => request("GET", pathOf(), { quiet: true })).catch(() => {});

  /** The cart service asks the catalog by itself about what it could not check; the page shows what it heard. */
  async function look() {
    if (state.route.view === "shop" && waiting === 0 && awaitsCheck(state.cart.lines)) await refresh();
  }

  /**
   * Takes out what was bought. What was added meanwhile, here or in another tab, stays. `remember` is
   * told what is still to change: whoever tries again must not take the same lines out twice.
   */
  function takeOut({ user, lines, traceId, changes }, about, remember) {
    const options = { about, traceId };
    return inTurn(async () => {
      let answer = await request("GET", pathOf("", user), { quiet: true });
      const { cart } = answer.body;
      const plan = afterPurchase(cart, lines);
      if (!changes && plan.isEmpty) return request("DELETE", pathOf("/clear", user), options);
      const left = (changes ?? plan.changes).filter(({ id }) => cart.some((line) => line.product_id === id));
      for (const [index, { id, quantity }] of left.entries()) {
        remember(left.slice(index));
        const path = pathOf(`/items/${id}`, user);
        answer = await (quantity === 0 ? request("DELETE", path, options) : request("PUT", `${path}?quantity=${quantity}`, options));
      }
      return answer;
    }, user);
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
    if (Number.isInteger(quantity)) update("cart", { lines: state.cart.lines.map(changed) });
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
    refresh,
    look,
    takeOut,
    /** Resolves when every change clicked so far has an answer. */
    settled: () => last,
  };
}
