// Reading the four books for the truth board, and sending dead letters once more.

import { createReplays } from "./replays.js";
import { createRooms } from "./rooms.js";
import { poller } from "../poll.js";
import { SERVICES } from "../trace.js";
import { SENDERS, balance } from "../truth.js";

const LOOK_MS = 1_200;

export function truthActs(page) {
  const { state, update } = page;
  const rooms = createRooms(page);
  const replays = createReplays(page, "truth");
  update("truth", { checks: null, readAt: null });

  async function look() {
    const lookEnds = replays.lookBegins();
    const readAll = (services, room) => Promise.all(services.map((service) => rooms.read(service, room)));
    const [ledgers, outboxes] = await Promise.all([readAll(SERVICES, "ledger"), readAll(SENDERS, "outbox")]);
    if (state.lab.isOpen === false) return timer.stop();
    const byService = (services, answers) => Object.fromEntries(services.map((service, index) => [service, answers[index]?.body ?? null]));
    update("truth", { checks: balance(byService(SERVICES, ledgers), byService(SENDERS, outboxes), timeOf(ledgers)), readAt: Date.now() });
    lookEnds();
  }

  /** The services' own time: the reader's clock may be minutes off. */
  function timeOf(answers) {
    const dates = answers.map((answer) => Date.parse(answer?.headers.get("Date"))).filter(Number.isFinite);
    return dates.length > 0 ? Math.max(...dates) : Date.now();
  }

  const timer = poller(look, LOOK_MS);

  function start() {
    rooms.forget();
    return timer.start();
  }

  return { start, stop: timer.stop, replay: replays.replay };
}
