// The cart: its lines, their quantities, and the way to checkout.

import { html, useState } from "../../vendor/htm-preact-standalone.js";
import { formatMoney, plural, sumCents } from "../format.js";
import { canRetry, isRunning } from "../checkout.js";
import { Icon } from "./icons.js";
import { Act, Empty, Picture, Problem } from "./parts.js";

export function Cart({ cart, lines, checkout, user, acts, titleRef }) {
  /** The button that was pressed goes away with its line, so the focus needs a new place. */
  const leaving = (act) => (...given) => {
    titleRef.current.focus({ preventScroll: true });
    act(...given);
  };
  return html`
    <section class="cart">
      <h2 id="cart-title" tabindex="-1" ref=${titleRef}>Cart <small>of ${user}</small></h2>
      ${cart.problem && html`
        <${Problem} text=${cart.problem}><button type="button" onClick=${acts.loadCart}>Load the cart again</button><//>`}
      ${lines.length === 0
        ? !cart.problem && html`<${Nothing} isKnown=${cart.isKnown} afterCheckout=${checkout !== null} />`
        : html`
          <ul class="lines">
            ${lines.map((line) => html`
              <${CartLine} key=${line.productId} line=${line} onQuantity=${acts.setQuantity} onRemove=${leaving(acts.remove)} />`)}
          </ul>
          <${CartFoot} ...${{ lines, checkout, acts }} onClear=${leaving(acts.clear)} />`}
    </section>`;
}

function Nothing({ isKnown, afterCheckout }) {
  if (!isKnown) return html`<p class="quiet" role="status">Loading the cart</p>`;
  if (afterCheckout) return html`<p class="quiet">The cart is empty.</p>`;
  return html`<${Empty} title="The cart is empty.">Add something from the shelf.<//>`;
}

function CartLine({ line, onQuantity, onRemove }) {
  const { name, priceCents, quantity, isAvailable } = line;
  const noPrice = isAvailable ? "price unknown" : "no price";
  return html`
    <li class="line">
      <${Picture} src=${line.image} name=${name} />
      <div class="line-name">
        <span>${name}</span>
        <small>${priceCents === null ? noPrice : `${formatMoney(priceCents)} each`}</small>
      </div>
      <button type="button" class="bare" aria-label=${`Remove ${name}`} onClick=${() => onRemove(line)}><${Icon} name="cross" /></button>
      <${Quantity} name=${name} quantity=${quantity} onChange=${(wanted) => onQuantity(line, wanted)} />
      <span class="line-total">${priceCents === null ? "" : formatMoney(priceCents * quantity)}</span>
      <${Doubt} line=${line} />
    </li>`;
}

/** Why a line may not be ordered as it stands: nobody has asked yet, or the answer was no. */
function Doubt({ line }) {
  if (!line.isAvailable) {
    return html`<p class="doubt"><b>Not for sale.</b> The catalog has no such product, or no longer. Remove it to check out.</p>`;
  }
  if (line.verified) return null;
  return html`<p class="doubt"><b>Not verified.</b> The catalog was away when this was added; checkout asks again.</p>`;
}

/**
 * What is typed counts when it is finished (Enter, or leaving the field), not at every digit. Whether it
 * makes sense is for the cart service to say.
 */
function Quantity({ name, quantity, onChange }) {
  const [draft, setDraft] = useState(null);
  function commit(event) {
    const wanted = event.currentTarget.valueAsNumber;
    setDraft(null);
    if (!Number.isNaN(wanted) && wanted !== quantity) onChange(wanted);
  }
  return html`
    <span class="quantity" role="group" aria-label=${`Quantity of ${name}`}>
      <${Act} aria-label=${`One ${name} less`} off=${quantity <= 1} onClick=${() => onChange(quantity - 1)}><${Icon} name="dash" /><//>
      <input type="number" min="1" max="1000" step="1" inputmode="numeric" aria-label=${`Quantity of ${name}`}
        value=${draft ?? String(quantity)} onInput=${(event) => setDraft(event.currentTarget.value)} onChange=${commit} />
      <button type="button" aria-label=${`One ${name} more`} onClick=${() => onChange(quantity + 1)}><${Icon} name="plus" /></button>
    </span>`;
}

/** While an attempt waits for "Try again", a second way to order would be a trap, so the button steps aside. */
function CartFoot({ lines, checkout, acts, onClear }) {
  const priced = lines.filter((line) => line.priceCents !== null);
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  const running = isRunning(checkout);
  const open = checkout !== null && canRetry(checkout);
  return html`
    <div class="cart-foot">
      <p class="total"><span>Total <small>${plural(count, "item")}</small></span> <b>${formatMoney(sumCents(priced))}</b></p>
      ${!open && html`
        <${Act} class="primary" off=${running} aria-busy=${running} onClick=${acts.checkout}>${running ? "Checking out" : "Check out"}<//>`}
      <button type="button" class="bare" onClick=${onClear}>Clear cart</button>
    </div>`;
}
