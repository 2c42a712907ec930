// Watching the four services, and breaking them on purpose.

import { createReplays } from "./replays.js";
import { createRooms } from "./rooms.js";
import { poller } from "../poll.js";
import { trafficOfOthers } from "../traffic.js";
import { SERVICES, hopsOf, readTrace, spansBelow } from "../trace.js";
import { isTag, remembered } from "../vitals.js";

const LOOK_MS = 1_000;
/** Faults and policies change only by hand; everybody's own changes are seen at once. */
const LAB_EVERY = 5;
/** Marks on the map that are kept, and for how long: each travels for less than a second. */
const PULSES_MAX = 60;
const PULSE_MS = 1_000;
/** More than this between two looks are only a crowd. */
const OTHERS_MAX = 6;
/** From one arrow to the next: slow enough to follow with the eyes. */
const HOP_MS = 260;
/** When a finished request is looked at for what it caused, the second time for deliveries. */
const TRACE_LOOKS_MS = [150, 1_500];

const BLANK = { isUp: null, health: null, faults: [], policies: {}, points: [], armed: [], letters: [], history: [], labAt: 0 };

export function systemActs(page) {
  const { state, update, guarded, request, say, traces } = page;
  const rooms = createRooms(page);
  const replays = createReplays(page, "system");
  let looks = 0;
  let pulses = 0;
  let traffic = trafficOfOthers();
  update("system", {
    services: Object.fromEntries(SERVICES.map((service) => [service, BLANK])), pulses: [], isMine: false, ttl: 120, slowMs: 1_000, now: Date.now(),
  });

  function change(service, news) {
    const { services } = state.system;
    update("system", { services: { ...services, [service]: { ...services[service], ...news } } });
  }

  async function look() {
    const lookEnds = replays.lookBegins();
    const withLab = looks % LAB_EVERY === 0;
    looks += 1;
    await Promise.all(SERVICES.map((service) => lookAt(service, withLab)));
    lookEnds();
    const now = Date.now();
    update("system", { now, pulses: state.system.pulses.filter(({ endsAt }) => endsAt > now) });
    if (state.lab.isOpen === false) timer.stop();
  }

  async function lookAt(service, withLab) {
    const health = (await rooms.read(service, "health"))?.body ?? null;
    const { history, isUp: wasUp } = state.system.services[service];
    const isUp = state.lab.isReached === false ? null : health !== null;
    change(service, { health, isUp, history: remembered(history, health, Date.now()) });
    if (health === null) return;
    showTraffic(service, health.requests.total);
    if (withLab || wasUp !== true) await lookIntoLab(service);
    await lookForLetters(service, health.outbox?.dead ?? 0);
  }

  async function lookIntoLab(service) {
    const [faults, policies, crash] = await Promise.all(["faults", "policy", "crash"].map((room) => rooms.read(service, room)));
    if (!faults || !policies || !crash) return;
    change(service, { faults: faults.body.faults, policies: policies.body, points: crash.body.points, armed: crash.body.armed, labAt: Date.now() });
  }

  async function lookForLetters(service, count) {
    if (count === 0) {
      if (state.system.services[service].letters.length > 0) change(service, { letters: [] });
      return;
    }
    const outbox = await rooms.read(service, "outbox");
    if (outbox) change(service, { letters: outbox.body.filter((message) => message.dead_at) });
  }

  const timer = poller(look, LOOK_MS);

  // --- What travels over the map ---

  function send(hops) {
    const fresh = hops.map(([from, to], index) => ({ id: (pulses += 1), from, to, delayMs: index * HOP_MS, endsAt: Date.now() + index * HOP_MS + PULSE_MS }));
    update("system", { pulses: [...state.system.pulses, ...fresh].slice(-PULSES_MAX) });
  }

  /** Requests of others are only counted, so they are seen from the door on. */
  function showTraffic(service, total) {
    const others = Math.min(OTHERS_MAX, traffic.look(service, total));
    if (others > 0) send(Array.from({ length: others }, () => ["nginx", service]));
  }

  /** The way of a request of this page: known at once up to its service, or to a door that is shut, ... */
  function firstHops({ service }) {
    const endsAtDoor = service === "nginx" || state.lab.isReached === false;
    return endsAtDoor ? [["browser", "nginx"]] : [["browser", "nginx"], ["nginx", service]];
  }

  /** A service does not count what is asked of its lab. */
  function depart(action) {
    if (!action.path.startsWith("/lab/")) traffic.begin(action.spanId);
    send(firstHops(action));
  }

  /** ... and the rest from its trace, when its answer is there. */
  async function arrive({ traceId, spanId, service }) {
    const mine = traffic;
    let shown = firstHops({ service });
    let own = [];
    for (const pause of TRACE_LOOKS_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (state.lab.isOpen === false || state.route.view !== "system") break;
      const { spans } = await traces.read(traceId, SERVICES.filter(rooms.isResting));
      own = spansBelow(spanId, spans);
      const hops = hopsOf(readTrace([], own).rows);
      send(hops.slice(Math.max(0, shown.length - 1)));
      if (hops.length >= shown.length) shown = [null, ...hops];
    }
    mine.end(spanId, own);
  }

  // --- What the reader breaks ---

  const myTag = () => (state.system.isMine ? state.settings.tag : null);
  const scope = () => (state.system.isMine ? { only_for: myTag() } : {});
  const whose = (tag) => (tag === null ? "untagged=true" : String(new URLSearchParams({ only_for: tag })));

  /** Faults for a tag need one; without it they would be for nobody. */
  function canScope() {
    const isNeeded = state.system.isMine && !isTag(state.settings.tag);
    if (isNeeded) say(TAG_NEEDED, "problem");
    else if (state.message.text === TAG_NEEDED) say("");
    return !isNeeded;
  }

  async function tell(service, method, room, about, draft) {
    const body = draft && JSON.stringify(draft);
    const answer = await request(method, `/lab/${service}/${room}`, { about, body });
    rooms.wake(service);
    await lookIntoLab(service);
    return answer;
  }

  async function setFault(service, kind) {
    if (!canScope()) return;
    const { ttl, slowMs } = state.system;
    const draft = { kind, ttl_s: ttl, ...(kind === "slow" ? { latency_ms: slowMs } : {}), ...scope() };
    await tell(service, "PUT", "faults", `Make the ${service} service ${WORDS[kind]}`, draft);
  }

  /** Of one room, what is for a tag or for everybody; what others have set stays. */
  function end(service, room, { only_for: tag }) {
    return tell(service, "DELETE", `${room}?${whose(tag)}`, `${ENDINGS[room]} ${service} ${tag === null ? "for everybody" : `for ${tag}`}`);
  }

  async function setPolicy(service, name, choice) {
    if (!canScope()) return;
    const { choice: standing, overrides } = state.system.services[service].policies[name];
    const isForced = myTag() !== null && overrides.some((other) => other.only_for === null && other.choice !== standing);
    if (choice === standing && !isForced) await end(service, "policy", { only_for: myTag() });
    else await tell(service, "PUT", "policy", `Set ${name} to ${choice}`, { [name]: choice, ttl_s: state.system.ttl, ...scope() });
  }

  async function armCrash(service, point) {
    if (!canScope()) return;
    await tell(service, "POST", "crash", `Make ${service} die at ${point}`, { at: point, ttl_s: state.system.ttl, ...scope() });
    say(`The ${service} service dies the next time a request passes "${point}". It is started again at once.`, "caution");
  }

  /** Of everybody and every tag, or only of mine: whichever the switches are for. */
  async function endAll() {
    if (!canScope()) return;
    const query = state.system.isMine ? `?${whose(myTag())}` : "";
    const alive = SERVICES.filter((service) => state.system.services[service].isUp);
    await Promise.all(alive.map(async (service) => {
      const ask = (room) => request("DELETE", `/lab/${service}/${room}${query}`, { about: `${ENDINGS[room]} ${service}` });
      await Promise.all(Object.keys(ENDINGS).map(ask));
      await lookIntoLab(service);
    }));
    const them = state.system.isMine ? "Your faults" : "All faults";
    say(`${them} have ended, the policies are what they were, and no crash point is armed.`);
  }

  function start() {
    looks = 0;
    traffic = trafficOfOthers();
    update("system", { pulses: [] });
    rooms.forget();
    return timer.start();
  }

  return {
    start, stop: timer.stop, depart, arrive, arrange: (news) => update("system", news),
    setFault: guarded(setFault), end: guarded(end), setPolicy: guarded(setPolicy),
    armCrash: guarded(armCrash), replay: replays.replay, endAll: guarded(endAll),
  };
}

/** What it means to empty a room of the lab. */
const ENDINGS = { faults: "End the faults of", policy: "Put back the policies of", crash: "Disarm the crash points of" };
const TAG_NEEDED = "Enter a tag first: 1 to 64 characters of A-Z a-z 0-9 . _ -";
const WORDS = { down: "break every connection", slow: "slow", error: "answer 500", hang: "never answer" };
