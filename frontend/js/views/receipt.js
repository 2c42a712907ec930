// The receipt: what checkout did, step by step, and what each answer means.

import { html, useEffect, useRef } from "../../vendor/htm-preact-standalone.js";
import { STEPS, canRetry, isRunning, isSettling, nextStep, whatItDoes } from "../checkout.js";
import { formatMoney, plural, shortId } from "../format.js";
import { hashFor } from "../route.js";
import { Icon } from "./icons.js";
import { ServiceDot } from "./parts.js";

const SERVICES = { order: "order", pay: "payment", clear: "cart" };
const SIGNS = { waiting: "ring", running: "ring", done: "check", pending: "clock", undecided: "bang", refused: "cross" };

export function Receipt({ attempt, onRetry, onDismiss }) {
  const title = useRef(null);
  const section = useRef(null);
  const wasRunning = useRef(false);
  const running = isRunning(attempt);
  useEffect(() => {
    // Only while a checkout runs: news that comes later must not pull the page away.
    if (running || wasRunning.current) section.current.scrollIntoView({ block: "nearest" });
    wasRunning.current = running;
  }, [attempt.steps]);
  useEffect(() => {
    // The button that was pressed goes away with the lines that are bought.
    if (running) title.current.focus({ preventScroll: true });
  }, [attempt.keys.order]);
  return html`
    <section class="receipt" ref=${section} aria-labelledby="receipt-title" aria-busy=${running}>
      <h2 id="receipt-title" tabindex="-1" ref=${title}>${headline(attempt)}</h2>
      <p class="receipt-sum">${plural(attempt.lines.length, "product")}, ${formatMoney(attempt.totalCents)}${attempt.orderId && html`,
        order <a href=${hashFor("orders", { id: attempt.orderId })}>...${shortId(attempt.orderId)}</a>`}</p>
      <div role="status">
        <ol class="steps">
          ${STEPS.map((step) => html`<${Step} key=${step} step=${step} result=${attempt.steps[step]} />`)}
        </ol>
      </div>
      ${!running && html`
        <div class="receipt-foot">
          ${canRetry(attempt) && html`
            <button type="button" class="primary" onClick=${() => leave(title, onRetry)}>${retryLabel(attempt)}</button>`}
          <button type="button" onClick=${() => dismiss(onDismiss)}>${canRetry(attempt) ? "Leave it" : "Close"}</button>
        </div>`}
    </section>`;
}

/** The pressed button goes away, so the focus moves to the title above it first. */
function leave(title, act) {
  title.current.focus({ preventScroll: true });
  act();
}

/** The whole receipt goes away, so the focus moves to the cart. */
function dismiss(act) {
  document.getElementById("cart-title").focus({ preventScroll: true });
  act();
}

/** How an order ended that the shop had taken at first. */
const ENDS = {
  REFUNDED: "Ordered, paid and refunded", REJECTED: "Ordered, then refused", CANCELLED: "Ordered, then cancelled", EXPIRED: "Ordered, then expired",
};

function headline(attempt) {
  const { order, pay } = attempt.steps;
  if (attempt.end) return ENDS[attempt.end];
  if (order.outcome === "refused") return "The order was refused";
  if (pay.outcome === "refused") return "Ordered, not paid";
  if (isRunning(attempt)) return "Checking out";
  if (order.outcome === "undecided") return "No answer about the order";
  if (pay.outcome === "undecided") return "Ordered, but paying got no answer";
  if (isSettling(attempt)) return "Ordered; something is still to settle";
  return "Bought. Thank you!";
}

function retryLabel(attempt) {
  return { order: "Try again", pay: "Try paying this order again", clear: "Try clearing the cart again" }[nextStep(attempt)];
}

function Step({ step, result }) {
  const { outcome, status, text } = result;
  return html`
    <li data-outcome=${outcome}>
      <span class="sign"><${Icon} name=${SIGNS[outcome]} /></span>
      <span class="step-name"><${ServiceDot} service=${SERVICES[step]} />${whatItDoes(step)}</span>
      ${status ? html`<code>${status}</code>` : null}
      <p>${text ?? (outcome === "running" ? "Waiting for the answer." : "")}</p>
    </li>`;
}
