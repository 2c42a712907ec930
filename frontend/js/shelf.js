// The shelf and the cart as the page shows them: which products match, and what a cart
// line costs. Pure.

import { toCents } from "./format.js";

/** Products of the chosen category whose name or description holds every word. */
export function matching(products, { text, category }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return products.filter((product) => {
    if (category !== null && product.category_id !== category) return false;
    const searched = `${product.name} ${product.description ?? ""} ${product.category_name ?? ""}`.toLowerCase();
    return words.every((word) => searched.includes(word));
  });
}

/**
 * The cart knows ids and quantities; names and prices belong to the catalog. A line whose
 * product the page has not seen keeps its id as a name and has no price. Neither has a line
 * whose product cannot be had, whatever the shelf may still say.
 */
export function pricedLines(lines, products) {
  const known = new Map(products.map((product) => [product.id, product]));
  return lines.map(({ product_id: productId, quantity, validated, available }) => {
    const product = known.get(productId);
    const isAvailable = available !== false;
    return {
      productId,
      quantity,
      isAvailable,
      verified: validated !== false,
      name: product?.name ?? `Product ${productId}`,
      image: product?.image ?? null,
      priceCents: product && isAvailable ? toCents(product.price) : null,
    };
  });
}

/** Whether the cart service has still to ask about a line. What it heard once needs no second look. */
export function awaitsCheck(lines) {
  return lines.some(({ validated, available }) => validated === false && available !== false);
}

/** An order of 100 lines is the largest the order service takes; every line needs a price. */
export function whyNoCheckout(lines) {
  if (lines.length === 0) return "The cart is empty.";
  const gone = namesOf(lines.filter((line) => !line.isAvailable));
  if (gone) return `Not for sale: ${gone}. Remove that from the cart, then check out.`;
  const unknown = namesOf(lines.filter((line) => line.priceCents === null));
  if (!unknown) return null;
  return `No price is known for ${unknown}: the catalog is away, or does not have it. Remove it, or load the products again.`;
}

function namesOf(lines) {
  return lines.map((line) => line.name).join(", ");
}
