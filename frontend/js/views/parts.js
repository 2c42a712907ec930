// Small pieces that several views share.

import { html, useState } from "../../vendor/htm-preact-standalone.js";
import { Icon } from "./icons.js";

/** A sign and the word beside the color: no status is told by color alone. */
const SIGNS = {
  CREATED: "ring", PENDING: "clock", HELD: "disc", PAID: "check", COMPLETED: "check", COMMITTED: "check",
  REJECTED: "cross", REFUSED: "cross", FAILED: "cross", CANCELLED: "dash", EXPIRED: "dash", RELEASED: "dash",
  REFUNDED: "back",
};

export function Badge({ status, about }) {
  return html`
    <span class="badge" data-status=${status}>
      <${Icon} name=${SIGNS[status] ?? "question"} />${about && html`<span>${about} </span>`}${status}
    </span>`;
}

/** The service's color, for eyes; its name is always next to it, for everybody. */
export function ServiceDot({ service }) {
  return html`<i class="dot" data-service=${service} aria-hidden="true"></i>`;
}

/** A product's picture; without one, or when it does not load, its first letter. */
export function Picture({ src, name, category }) {
  const [broken, setBroken] = useState(false);
  return html`
    <span class="picture" data-category=${(category ?? 0) % 5}>
      ${src && !broken
        ? html`<img src=${src} alt="" width="96" height="96" loading="lazy" onError=${() => setBroken(true)} />`
        : html`<b aria-hidden="true">${name.charAt(0)}</b>`}
    </span>`;
}

export function Problem({ text, children }) {
  return html`<div class="problem"><p>${text}</p>${children}</div>`;
}

/**
 * A button that is off while there is nothing for it to do, its own work included. It is never
 * `disabled`: that would throw the keyboard off the page.
 */
export function Act({ off, onClick, children, ...given }) {
  return html`<button type="button" ...${given} aria-disabled=${off} onClick=${off ? null : onClick}>${children}</button>`;
}

/** Says what to do next, with a picture that asks for no attention. */
export function Empty({ title, children }) {
  return html`<div class="empty"><p class="empty-title">${title}</p><p>${children}</p></div>`;
}

/** Parts of the page that look inside the services have nothing to show when they may not. */
export function Closed({ what }) {
  return html`
    <${Empty} title="The lab of this shop is closed.">
      ${what} while it is open. Start the shop with <code>LAB=1 scripts/up.sh</code>.<//>`;
}
