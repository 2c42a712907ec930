// Reading the lab's rooms of the four services, quietly, again and again.
//
// A browser writes every 503 into its console, so a service that is silent is asked ever less
// often, down to once in five seconds, and is found again within that time.

import { ShopError } from "../api.js";

const REST_MS = 1_000;
const REST_MAX_MS = 5_000;
/** A room answers in milliseconds. Whoever looks every second must not wait for a frozen service. */
const TIMEOUT_MS = 2_000;

export function createRooms({ state, update, complain, request }) {
  const rests = new Map();
  let first = null;

  const isResting = (service) => (rests.get(service)?.until ?? 0) > Date.now();

  function rest(service) {
    const pause = Math.min(REST_MAX_MS, (rests.get(service)?.pause ?? REST_MS / 2) * 2);
    rests.set(service, { pause, until: Date.now() + pause });
  }

  /** From here on it is not known whether the lab is open, nor whether the door answers. */
  function forget() {
    first = null;
    update("lab", { isOpen: null, isReached: null });
  }

  /** Whatever has a status came through the door. When it is back, everybody is asked at once. */
  function noteDoor(isReached) {
    if (isReached && state.lab.isReached === false) rests.clear();
    update("lab", { isReached });
  }

  /**
   * The answer, or null when there is none to be had. While nobody knows whether the lab is
   * open, one request finds out and the others wait: a closed door is knocked at once.
   */
  async function read(service, room) {
    if (isResting(service)) return null;
    if (state.lab.isOpen === null && first) await first;
    if (state.lab.isOpen === false) return null;
    const answer = ask(service, room);
    first ??= answer;
    return answer;
  }

  async function ask(service, room) {
    try {
      const answer = await request("GET", `/lab/${service}/${room}`, { quiet: true, timeoutMs: TIMEOUT_MS });
      noteDoor(true);
      rests.delete(service);
      update("lab", { isOpen: true });
      return answer;
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      if (!error.isLate) noteDoor(error.status !== 0);
      if (error.status === 404) update("lab", { isOpen: false });
      else rest(service);
      if (error.status === 401) complain(error);
      return null;
    }
  }

  /** Whoever is changed by the reader is looked at again at once. */
  const wake = (service) => rests.delete(service);

  return { read, forget, wake, isResting };
}
