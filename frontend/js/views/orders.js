// The orders view: the list, page by page, and the order that is open beside it.

import { html } from "../../vendor/htm-preact-standalone.js";
import { formatDay, formatMoney, plural, shortId, toCents } from "../format.js";
import { hashFor } from "../route.js";
import { Order } from "./order.js";
import { Badge, Empty, Problem } from "./parts.js";

export function Orders({ orders, opened, route, user, products, acts }) {
  return html`
    <div class="orders" data-open=${route.id !== null}>
      <h1 id="view-title" tabindex="-1">Orders</h1>
      <section class="order-list" aria-labelledby="view-title">
        <div class="list-head">
          <label class="switch">
            <input type="checkbox" role="switch" checked=${Boolean(route.query.all)}
              onChange=${(event) => acts.go("orders", { all: event.currentTarget.checked ? "1" : "" })} />
            Orders of all users
          </label>
          <button type="button" onClick=${acts.loadOrders}>Refresh</button>
        </div>
        ${orders.problem && html`<${Problem} text=${orders.problem} />`}
        <${List} ...${{ orders, route, user }} />
        <${Pages} next=${orders.next} route=${route} />
      </section>
      <section class="order-open" aria-label="The open order">
        ${route.id
          ? html`<${Order} ...${{ opened, products, route, acts }} />`
          : orders.list?.length !== 0 && html`<${Empty} title="No order is open.">Choose one to see its lines, its payment and what happened to it.<//>`}
      </section>
    </div>`;
}

function List({ orders, route, user }) {
  if (orders.list === null) {
    return orders.problem ? null : html`<p class="reserved" role="status">Loading the orders</p>`;
  }
  if (orders.list.length === 0) {
    const whose = route.query.all ? "Nobody has ordered anything yet." : `${user} has not ordered anything yet.`;
    return html`<${Empty} title=${whose}><a href=${hashFor("shop")}>Go to the shop</a>, fill the cart and check out.<//>`;
  }
  return html`
    <ul class="rows">
      ${orders.list.map((order) => html`<${Row} key=${order.order_id} order=${order} route=${route} />`)}
    </ul>`;
}

function Row({ order, route }) {
  const id = order.order_id;
  const count = order.items.reduce((sum, item) => sum + item.quantity, 0);
  return html`
    <li>
      <a class="row" href=${hashFor("orders", { ...route.query, id })} aria-current=${route.id === id ? "true" : null}>
        <span class="row-id"><code>...${shortId(id)}</code> <small>${route.query.all ? order.user_id : ""}</small></span>
        <span class="row-sum">${formatMoney(toCents(order.total_amount))} <small>${plural(count, "item")}</small></span>
        <time datetime=${order.created_at}>${formatDay(order.created_at)}</time>
        <span class="row-badges">
          <${Badge} status=${order.status} /> <${Badge} status=${order.reservation} about="goods" />
        </span>
      </a>
    </li>`;
}

/** The address holds the page, so the browser's own back button leads to newer orders. */
function Pages({ next, route }) {
  const { all, after } = route.query;
  return html`
    <nav class="pages" aria-label="Pages of orders">
      ${after && html`<a href=${hashFor("orders", { all })}>Newest orders</a>`}
      ${next && html`<a href=${hashFor("orders", { all, after: next })}>Older orders</a>`}
    </nav>`;
}
