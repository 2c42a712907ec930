// One order: its lines, its payment, and its history as a timeline.

import { html, useEffect, useRef } from "../../vendor/htm-preact-standalone.js";
import { formatCount, formatMoment, formatMoney, formatPreciseTime, shortId, toCents } from "../format.js";
import { hashFor } from "../route.js";
import { currentPayment, timeline } from "../timeline.js";
import { Icon } from "./icons.js";
import { Badge, Problem, ServiceDot } from "./parts.js";

export function Order({ opened, products, route, acts }) {
  const { order, payments, paymentsKnown, problem, doing } = opened;
  const title = useRef(null);
  useEffect(() => {
    // On a narrow page the list makes room for the order, and with it the link that was pressed.
    if (isFocusLost()) title.current?.focus();
  }, [order?.order_id]);
  useEffect(() => {
    // Buttons go away when an order is paid or over, and with them the one that was pressed.
    if (isFocusLost()) title.current?.focus({ preventScroll: true });
  }, [order?.status]);
  return html`
    <a class="back" href=${hashFor("orders", route.query)}><${Icon} name="left" />Back to the list</a>
    ${problem && html`<${Problem} text=${problem} />`}
    ${!order && !problem && html`<p class="reserved" role="status">Loading the order</p>`}
    ${order && html`
      <article aria-labelledby="order-title">
        <h2 id="order-title" tabindex="-1" ref=${title}>Order <code>...${shortId(order.order_id)}</code></h2>
        <p class="row-badges"><${Badge} status=${order.status} /> <${Badge} status=${order.reservation} about="goods" /></p>
        <${Facts} order=${order} />
        <${Lines} order=${order} products=${products} />
        <${Payment} ...${{ order, payments, paymentsKnown, doing, acts }} />
        <${Timeline} events=${timeline(order, payments)} />
      </article>`}`;
}

/** What is hidden keeps the focus until the browser draws the next picture, and then nobody has it. */
function isFocusLost() {
  const { activeElement } = document;
  return activeElement === document.body || activeElement.getClientRects().length === 0;
}

function Facts({ order }) {
  return html`
    <dl class="facts">
      <div><dt>Id</dt><dd><code>${order.order_id}</code></dd></div>
      <div><dt>Ordered by</dt><dd>${order.user_id}</dd></div>
      <div><dt>Ordered</dt><dd><time datetime=${order.created_at}>${formatMoment(order.created_at)}</time></dd></div>
      ${order.status === "CREATED" && order.expires_at && html`
        <div><dt>Expires unless paid</dt><dd><time datetime=${order.expires_at}>${formatMoment(order.expires_at)}</time></dd></div>`}
    </dl>`;
}

/** The price is the order's own: a receipt does not change when the catalog does. */
function Lines({ order, products }) {
  const nameOf = (id) => products.find((product) => product.id === id)?.name ?? `Product ${id}`;
  return html`
    <table>
      <caption class="unseen">Lines of this order</caption>
      <thead><tr><th scope="col">Product</th><th scope="col">Price</th><th scope="col">Quantity</th><th scope="col">Sum</th></tr></thead>
      <tbody>
        ${order.items.map(({ product_id: id, quantity, price }) => html`
          <tr key=${id}>
            <th scope="row">${nameOf(id)}</th>
            <td>${formatMoney(toCents(price))}</td>
            <td>${formatCount(quantity)}</td>
            <td>${formatMoney(toCents(price) * quantity)}</td>
          </tr>`)}
      </tbody>
      <tfoot><tr><th scope="row" colspan="3">Total</th><td>${formatMoney(toCents(order.total_amount))}</td></tr></tfoot>
    </table>`;
}

function Payment({ order, payments, paymentsKnown, doing, acts }) {
  const payment = currentPayment(payments);
  const payable = order.status === "CREATED" && payment?.status !== "PENDING";
  return html`
    <h3>Payment</h3>
    ${payment
      ? html`<p><${Badge} status=${payment.status} /> ${formatMoney(toCents(payment.amount))} <code>...${shortId(payment.payment_id)}</code>
          ${payment.reason && html`<br />${payment.reason}`}</p>`
      : html`<p class="quiet">${paymentsKnown ? "None yet." : "The payment service is away, so its side is not known."}</p>`}
    ${payment?.status === "PENDING" && html`
      <p class="caution">The money is recorded; the order service will be told until it answers. This page looks again by itself.</p>`}
    ${order.status === "CREATED" && html`
      <p class="buttons">
        ${payable && html`
          <button type="button" class="primary" aria-busy=${doing === "pay"} aria-disabled=${doing !== null}
            onClick=${() => acts.pay(order)}>Pay ${formatMoney(toCents(order.total_amount))}</button>`}
        <button type="button" aria-busy=${doing === "cancel"} aria-disabled=${doing !== null}
          onClick=${() => acts.cancel(order)}>Cancel the order</button>
      </p>`}`;
}

function Timeline({ events }) {
  return html`
    <h3>What happened</h3>
    <ol class="timeline">
      ${events.map((event, index) => html`
        <li key=${index} data-service=${event.service}>
          <time datetime=${event.at}>${formatPreciseTime(event.at)}</time>
          <span class="event"><${ServiceDot} service=${event.service} /><span class="quiet">${event.service}</span> <b>${event.status}</b></span>
          ${event.detail && html`<p>${event.detail}</p>`}
        </li>`)}
    </ol>`;
}
