// Watching the four services, and breaking them on purpose.

import { createRooms } from "./rooms.js";
import { poller } from "../poll.js";
import { SERVICES, hopsOf, readTrace, spansBelow } from "../trace.js";
import { isTag, remembered } from "../vitals.js";

const LOOK_MS = 1_000;
/** Faults and policies change only by hand; everybody's own changes are seen at once. */
const LAB_EVERY = 5;
/** Marks on the map that are kept, and for how long: each travels for less than a second. */
const PULSES_MAX = 60;
const PULSE_MS = 1_000;
/** From one arrow to the next: slow enough to follow with the eyes. */
const HOP_MS = 260;
/** When a finished request is looked at for what it caused, the second time for deliveries. */
const TRACE_LOOKS_MS = [150, 1_500];

const BLANK = { isUp: null, health: null, faults: [], policies: {}, points: [], letters: [], history: [], labAt: 0 };

export function systemActs(page) {
  const { state, update, guarded, request, say, traces } = page;
  const rooms = createRooms(page);
  let looks = 0;
  let pulses = 0;
  update("system", {
    services: Object.fromEntries(SERVICES.map((service) => [service, BLANK])), pulses: [], isMine: false, ttl: 120, slowMs: 1_000, now: Date.now(),
  });

  function change(service, news) {
    const { services } = state.system;
    update("system", { services: { ...services, [service]: { ...services[service], ...news } } });
  }

  async function look() {
    const withLab = looks % LAB_EVERY === 0;
    looks += 1;
    await Promise.all(SERVICES.map((service) => lookAt(service, withLab)));
    const now = Date.now();
    update("system", { now, pulses: state.system.pulses.filter(({ endsAt }) => endsAt > now) });
    if (state.lab.isOpen === false) timer.stop();
  }

  async function lookAt(service, withLab) {
    const health = (await rooms.read(service, "health"))?.body ?? null;
    const { history, isUp: wasUp } = state.system.services[service];
    change(service, { health, isUp: health !== null, history: remembered(history, health, Date.now()) });
    if (health === null) return;
    showTraffic(service, health.requests?.per_second ?? 0);
    if (withLab || wasUp !== true) await lookIntoLab(service);
    await lookForLetters(service, health.outbox?.dead ?? 0);
  }

  async function lookIntoLab(service) {
    const [faults, policies, crash] = await Promise.all(["faults", "policy", "crash"].map((room) => rooms.read(service, room)));
    if (!faults || !policies || !crash) return;
    change(service, { faults: faults.body.faults, policies: policies.body, points: crash.body.points, labAt: Date.now() });
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
  function showTraffic(service, perSecond) {
    const own = state.actions.list.filter((action) => action.service === service && Date.now() - action.startedAt < 10_000).length;
    const others = Math.min(6, Math.round(perSecond - own / 10));
    if (others > 0) send(Array.from({ length: others }, () => ["nginx", service]));
  }

  /** The way of a request of this page: known at once up to its service, then from its trace. */
  async function travel({ traceId, spanId, service }) {
    let shown = service === "nginx" ? [["browser", "nginx"]] : [["browser", "nginx"], ["nginx", service]];
    send(shown);
    for (const pause of TRACE_LOOKS_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (state.lab.isOpen === false || state.route.view !== "system") return;
      const { spans } = await traces.read(traceId, SERVICES.filter(rooms.isResting));
      const hops = hopsOf(readTrace([], spansBelow(spanId, spans)).rows);
      send(hops.slice(Math.max(0, shown.length - 1)));
      if (hops.length >= shown.length) shown = [null, ...hops];
    }
  }

  // --- What the reader breaks ---

  const scope = () => (state.system.isMine ? { only_for: state.settings.tag } : {});

  /** Faults for a tag need one; without it they would be for nobody. */
  function canScope() {
    if (!state.system.isMine || isTag(state.settings.tag)) return true;
    say("Enter a tag first: 1 to 64 characters of A-Z a-z 0-9 . _ -", "problem");
    return false;
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

  async function endFault(service, { only_for: tag }) {
    const all = state.system.services[service].faults;
    // Without a tag in the query, the service ends all its faults, those of others, too.
    const isAlone = all.every((fault) => fault.only_for === null);
    if (tag === null && !isAlone) return tell(service, "PUT", "faults", `End the fault of ${service} for everybody`, { kind: "slow", latency_ms: 0, ttl_s: 1 });
    const query = tag === null ? "" : `?${new URLSearchParams({ only_for: tag })}`;
    return tell(service, "DELETE", `faults${query}`, `End the fault of ${service}`);
  }

  async function setPolicy(service, name, choice) {
    if (!canScope()) return;
    const { choice: standing } = state.system.services[service].policies[name];
    // Back to what stands anyway: nothing has to outlive this second.
    const ttl = choice === standing ? 1 : state.system.ttl;
    await tell(service, "PUT", "policy", `Set ${name} to ${choice}`, { [name]: choice, ttl_s: ttl, ...scope() });
  }

  async function armCrash(service, point) {
    if (!canScope()) return;
    await tell(service, "POST", "crash", `Make ${service} die at ${point}`, { at: point, ttl_s: state.system.ttl, ...scope() });
    say(`The ${service} service dies the next time a request passes "${point}". It is started again at once.`, "caution");
  }

  async function replay(service, letter) {
    await request("POST", `/lab/${service}/outbox/${letter.id}/replay`, { about: `Send the dead letter of ${service} once more` });
    say("Sent once more.");
  }

  async function endAll() {
    const broken = SERVICES.filter((service) => state.system.services[service].isUp);
    await Promise.all(broken.flatMap((service) => [
      tell(service, "DELETE", "faults", `End all faults of ${service}`),
      tell(service, "DELETE", "policy", `Put the policies of ${service} back`),
    ]));
    say("All faults have ended, and all policies are what they were.");
  }

  function start() {
    looks = 0;
    update("system", { pulses: [] });
    rooms.forget();
    return timer.start();
  }

  return {
    start, stop: timer.stop, travel, arrange: (news) => update("system", news),
    setFault: guarded(setFault), endFault: guarded(endFault), setPolicy: guarded(setPolicy),
    armCrash: guarded(armCrash), replay: guarded(replay), endAll: guarded(endAll),
  };
}

const WORDS = { down: "break every connection", slow: "slow", error: "answer 500", hang: "never answer" };
