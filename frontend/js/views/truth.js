// The truth board: do money, orders and goods agree? Zeros are good.

import { html } from "../../vendor/htm-preact-standalone.js";
import { truthActs } from "../acts/truth.js";
import { formatTime, plural } from "../format.js";
import { hashFor } from "../route.js";
import { verdict } from "../truth.js";
import { Icon } from "./icons.js";
import { Closed, ServiceDot } from "./parts.js";

const SIGNS = { right: "check", wrong: "bang", moving: "clock", unknown: "question" };
const WORDS = { right: "agrees", wrong: "wrong", moving: "in flight", unknown: "not known" };
const QUESTIONS = {
  money: "Payment says the money is here. Does the order know?",
  orders: "The order says it is paid. Is there a payment, and of the right amount?",
  pending: "Recorded, but the order has not confirmed it.",
  units: "Received = in stock + held + sold, and each order holds what it should.",
  lines: "Somebody may have added them while nobody could check.",
  letters: "Messages that were given up. Sending them once more is safe: every receiver knows a repeat.",
};

export function connect(page) {
  const acts = truthActs(page);
  const { state } = page;
  return {
    draw: () => html`<${Truth} ...${state.truth} lab=${state.lab} acts=${acts} />`,
    load: acts.start,
    leave: acts.stop,
  };
}

function Truth({ checks, readAt, replaying, lab, acts }) {
  return html`
    <div class="truth">
      <div class="truth-head">
        <h1 id="view-title" tabindex="-1">Truth</h1>
        <p class="quiet">Four services keep four books, and no transaction spans two of them. Do they agree?</p>
      </div>
      ${lab.isOpen === false
        ? html`<${Closed} what="The books can only be read" />`
        : checks === null
          ? html`<p class="quiet truth-waiting" role="status">Reading the four books</p>`
          : html`
            <${Verdict} checks=${checks} readAt=${readAt} />
            <ul class="checks">
              ${checks.map((check) => html`<${Check} key=${check.id} ...${{ check, replaying, acts }} />`)}
            </ul>`}
    </div>`;
}

/** Announced only when the sentence changes, not at every look. */
function Verdict({ checks, readAt }) {
  const { state, text } = verdict(checks);
  const moving = checks.reduce((sum, check) => sum + check.moving, 0);
  return html`
    <div class="verdict" data-state=${state}>
      <span class="verdict-sign"><${Icon} name=${SIGNS[state]} /></span>
      <p class="verdict-text" role="status">${text}</p>
      <p class="verdict-when">Read at ${formatTime(readAt)}.
        ${moving > 0 ? html` <b>A moving target:</b> ${plural(moving, "row is", "rows are")} younger than 3 seconds.` : " Nothing is in flight."}</p>
    </div>`;
}

function Check({ check, replaying, acts }) {
  const { id, title, state, wrongs, moving, missing, note } = check;
  return html`
    <li class="check" data-state=${state} data-check=${id} aria-labelledby=${`check-${id}`}>
      <p class="check-number">${state === "unknown" ? "?" : wrongs.length}</p>
      <div class="check-words">
        <h2 id=${`check-${id}`}>${title}</h2>
        <p class="quiet">${QUESTIONS[id]}</p>
      </div>
      <p class="check-state"><${Icon} name=${SIGNS[state]} />${WORDS[state]}</p>
      <p class="check-note">
        ${missing.length > 0 ? `${listed(missing)} ${missing.length > 1 ? "do" : "does"} not answer, so ${state === "wrong" ? "there may be more" : "this cannot be told"}.` : note}
        ${moving > 0 && html` <b>${moving} in flight.</b>`}
      </p>
      ${wrongs.length > 0 && html`
        <ul class="wrongs">
          ${wrongs.slice(0, 20).map((wrong) => html`<${Wrong} key=${wrong.letter ?? wrong.id} ...${{ wrong, check, replaying, acts }} />`)}
          ${wrongs.length > 20 && html`<li>and ${wrongs.length - 20} more</li>`}
        </ul>`}
    </li>`;
}

function listed(names) {
  return names.join(", ").replace(/, (?!.*, )/, " and ");
}

function Wrong({ wrong, check, replaying, acts }) {
  const { id, service, text, order, letter } = wrong;
  const orderId = order ?? (service === "order" && id.length > 12 ? id : null);
  return html`
    <li>
      <${ServiceDot} service=${service} />
      <div>
        <p>${text}</p>
        <p class="wrong-ids">
          ${orderId !== id && html`<span>${nounOf(check, service)} <code>${id}</code></span>`}
          ${orderId && html`<span>order <a href=${hashFor("orders", { id: orderId })}><code>${orderId}</code></a></span>`}
        </p>
      </div>
      ${letter && html`
        <button type="button" aria-busy=${replaying.includes(letter)} onClick=${() => acts.replay(service, letter)}>
          <${Icon} name="again" />Send it again
        </button>`}
    </li>`;
}

function nounOf({ id }, service) {
  if (id === "letters") return "about";
  return service === "payment" ? "payment" : "product";
}
