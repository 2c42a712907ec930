// The shop view: the shelf with search and categories, and the cart beside it.

import { html, useRef } from "../../vendor/htm-preact-standalone.js";
import { formatMoney, formatTime, plural, sumCents, toCents } from "../format.js";
import { matching, pricedLines } from "../shelf.js";
import { Icon } from "./icons.js";
import { Cart } from "./cart.js";
import { Receipt } from "./receipt.js";
import { Act, Empty, Picture, Problem } from "./parts.js";

export function Shop({ catalog, filter, cart, checkout, user, acts }) {
  const cartTitle = useRef(null);
  const lines = pricedLines(cart.lines, catalog.products);
  const found = matching(catalog.products, filter);
  const goToCart = () => {
    cartTitle.current.focus();
    cartTitle.current.scrollIntoView({ block: "start" });
  };
  return html`
    <div class="shop">
      <section class="shelf" aria-labelledby="view-title">
        <div class="shelf-head">
          <h1 id="view-title" tabindex="-1">Shop</h1>
          <p class="count" role="status">${catalog.readAt ? plural(found.length, "product") : ""}</p>
        </div>
        <${Finder} ...${{ catalog, filter }} onFilter=${acts.filter} />
        <${CartJump} lines=${lines} onJump=${goToCart} />
        ${catalog.problem && html`<${CatalogProblem} ...${{ catalog }} onRetry=${acts.loadCatalog} />`}
        <${Shelf} ...${{ catalog, filter, found, adding: cart.adding, acts }} />
      </section>
      <aside class="side" aria-labelledby="cart-title">
        <${Cart} ...${{ cart, lines, checkout, user, acts }} titleRef=${cartTitle} />
        ${checkout && html`<${Receipt} attempt=${checkout} onRetry=${acts.retry} onDismiss=${acts.dismiss} />`}
      </aside>
    </div>`;
}

function Finder({ catalog, filter, onFilter }) {
  const choices = [{ id: null, name: "All" }, ...catalog.categories];
  return html`
    <div class="finder" role="search">
      <label class="unseen" for="search">Search products</label>
      <input id="search" type="search" placeholder="Search products" value=${filter.text}
        onInput=${(event) => onFilter({ text: event.currentTarget.value })} />
      <div class="chips" role="group" aria-label="Categories">
        ${choices.map(({ id, name }) => html`
          <button type="button" key=${id} aria-pressed=${filter.category === id} data-category=${(id ?? 0) % 5}
            onClick=${() => onFilter({ category: id })}>${name}</button>`)}
      </div>
    </div>`;
}

/** On a narrow screen the cart is far below the shelf; this stays in sight. */
function CartJump({ lines, onJump }) {
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  return html`
    <button type="button" class="cart-jump" onClick=${onJump}>
      Cart: ${plural(count, "item")}, ${formatMoney(sumCents(lines))} <${Icon} name="down" />
    </button>`;
}

function CatalogProblem({ catalog, onRetry }) {
  const consequence = catalog.readAt
    ? `The shelf shows what the catalog said at ${formatTime(catalog.readAt)}.`
    : "Without the catalog there are no products to show; your cart and orders still work.";
  return html`
    <${Problem} text=${catalog.isAway ? `${catalog.problem} ${consequence}` : catalog.problem}>
      <button type="button" onClick=${onRetry}>Load the products again</button>
    <//>`;
}

function Shelf({ catalog, filter, found, adding, acts }) {
  if (!catalog.readAt) return catalog.loading ? html`<${Waiting} />` : null;
  if (catalog.products.length === 0) {
    return html`<${Empty} title="The catalog is empty.">Add a product with POST /api/catalog/products, or reset the shop.<//>`;
  }
  if (found.length === 0) {
    return html`
      <${Empty} title="Nothing matches.">
        Try another word, or <button type="button" class="linklike" onClick=${() => acts.filter({ text: "", category: null })}>
        show all products</button>.
      <//>`;
  }
  const more = found.length - filter.shown;
  return html`
    <h2 class="unseen">Products</h2>
    <ul class="products">
      ${found.slice(0, filter.shown).map((product) => html`
        <${ProductCard} key=${product.id} ...${{ product, adding: adding.includes(product.id) }} onAdd=${acts.add} />`)}
    </ul>
    ${more > 0 && html`
      <button type="button" class="more" onClick=${() => acts.filter({ shown: filter.shown * 2 })}>
        Show more (${plural(more, "product")} left)
      </button>`}`;
}

/** Empty cards of the right size: what comes later lands where it will stay. */
function Waiting() {
  const places = Array.from({ length: 12 }, (_, place) => place);
  return html`
    <p class="unseen" role="status">Loading the products</p>
    <ul class="products" aria-hidden="true">${places.map((place) => html`<li key=${place} class="card waiting"></li>`)}</ul>`;
}

function ProductCard({ product, adding, onAdd }) {
  const deed = product.stock === 0 ? "Sold out" : "Add to cart";
  return html`
    <li class="card">
      <${Picture} src=${product.image} name=${product.name} category=${product.category_id} />
      <div class="card-words">
        <h3>${product.name}</h3>
        <p class="description">${product.description ?? ""}</p>
      </div>
      <p class="price">${formatMoney(toCents(product.price))}</p>
      <p class="stock"><${Stock} left=${product.stock} /></p>
      <${Act} off=${product.stock === 0} aria-label=${`${deed}: ${product.name}`} aria-busy=${adding} onClick=${() => onAdd(product)}>${deed}<//>
    </li>`;
}

function Stock({ left }) {
  if (left === 0) return html`<b>none left</b>`;
  // Few enough that two shoppers of a class can meet over the last one.
  if (left <= 5) return html`<b>only ${left} left</b>`;
  return `${left.toLocaleString("en-US")} left`;
}
