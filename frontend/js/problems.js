// What a refused or unanswered request means, in a sentence that says what to do. Pure.

import { sentence } from "./format.js";

/** Whether the same request could still succeed: nothing was decided about it. */
export function isUndecided(status) {
  return status === 0 || status === 401 || status === 429 || status >= 500;
}

export function explain({ status, detail, retryAfter }) {
  switch (status) {
    case 0:
      return detail;
    case 401:
      return "The shop did not accept the API key. Enter the right one in the settings.";
    case 429:
      return `Too many requests. Wait ${retryAfter ?? "a few"} seconds, then try again.`;
    case 503:
      return `${sentence(detail)} The other services carry on; try again in a moment.`;
    default:
      return sentence(detail);
  }
}
