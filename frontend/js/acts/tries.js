// Something to watch on the system view: requests as a shopper would send them.

import { toCents, toDecimal } from "../format.js";
import { randomHex } from "../ids.js";

export function tryActs({ state, update, guarded, request, say }) {
  update("tries", { isBuying: false });
  const user = () => encodeURIComponent(state.settings.user);

  async function add() {
    const about = "Add a mouse to the cart";
    const { headers } = await request("POST", `/api/cart/${user()}/add?product_id=2&quantity=1`, { about });
    if (headers.get("X-Degraded")) say("Added, but not verified: the catalog did not answer.", "caution");
    else say("A mouse is in the cart.");
  }

  /** Whoever has seen the shelf knows the price, also while the catalog is away. */
  async function priceOfMouse() {
    const known = state.catalog.products.find(({ id }) => id === 2);
    const mouse = known ?? (await request("GET", "/api/catalog/products/2", { about: "Look up the price of a mouse" })).body;
    return toDecimal(toCents(mouse.price));
  }

  /** Order and payment share a trace, so that they open as one story. */
  async function orderAndPay() {
    const traceId = randomHex(16);
    const price = await priceOfMouse();
    const order = await request("POST", `/api/orders?user_id=${user()}`, {
      about: "Order a mouse", traceId, idempotencyKey: randomHex(16), body: `[{"product_id":2,"quantity":1,"price":${price}}]`,
    });
    const search = new URLSearchParams({ order_id: order.body.order_id, amount: price });
    const paid = await request("POST", `/api/pay?${search}`, { about: "Pay for the mouse", traceId, idempotencyKey: randomHex(16) });
    say(paid.status === 202 ? `${paid.body.message}.` : "Ordered and paid.", paid.status === 202 ? "caution" : "news");
  }

  /** A second click while the first one is on its way is the same wish. */
  async function buy() {
    if (state.tries.isBuying) return;
    update("tries", { isBuying: true });
    try {
      await orderAndPay();
    } finally {
      update("tries", { isBuying: false });
    }
  }

  return { add: guarded(add), buy: guarded(buy) };
}
