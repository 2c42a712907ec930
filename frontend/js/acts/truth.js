// Reading the four books for the truth board, and sending dead letters once more.

import { createReplays } from "./replays.js";
import { createRooms } from "./rooms.js";
import { poller } from "../poll.js";
import { SERVICES } from "../trace.js";
import { balance } from "../truth.js";

const LOOK_MS = 1_200;
/** The cart sends nothing, so it has no outbox. */
const SENDERS = ["catalog", "order", "payment"];

export function truthActs(page) {
  const { state, update } = page;
  const rooms = createRooms(page);
  const replays = createReplays(page, "truth");
  update("truth", { checks: null, readAt: null });

  async function look() {
    const lookEnds = replays.lookBegins();
    const [ledgers, outboxes] = await Promise.all([
      Promise.all(SERVICES.map((service) => rooms.read(service, "ledger"))),
      Promise.all(SENDERS.map((service) => rooms.read(service, "outbox"))),
    ]);
    if (state.lab.isOpen === false) return timer.stop();
    const books = Object.fromEntries(SERVICES.map((service, index) => [service, ledgers[index]?.body ?? null]));
    const messages = SENDERS.flatMap((service, index) => (outboxes[index]?.body ?? []).map((message) => ({ ...message, service })));
    update("truth", { checks: balance(books, messages, timeOf(ledgers)), readAt: Date.now() });
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
