// The page: its state, its views, and what connects them.
//
// Data goes down to the views as arguments, acts come up as callbacks. The order of reading:
// this file, views/shop.js, acts/cart.js, checkout.js with acts/checkout.js, api.js.

import { html, render } from "../vendor/htm-preact-standalone.js";
import { createApi } from "./api.js";
import { SHELF_SIZE, catalogActs } from "./acts/catalog.js";
import { cartActs } from "./acts/cart.js";
import { checkoutActs } from "./acts/checkout.js";
import { orderActs } from "./acts/orders.js";
import { traceActs } from "./acts/traces.js";
import { copyText } from "./copy.js";
import { lazyView } from "./lazy.js";
import { poller } from "./poll.js";
import { hashFor, parseRoute } from "./route.js";
import { applyTheme, cleaned, loadSettings, saveSettings } from "./settings.js";
import { createStore } from "./store.js";
import { Frame } from "./views/frame.js";
import { Orders } from "./views/orders.js";
import { Panel } from "./views/panel.js";
import { Shop } from "./views/shop.js";

/** One row per view: its address, its title, how it is drawn, and what it needs loaded. */
const VIEWS = [
  { name: "shop", title: "Shop", draw: drawShop, load: loadShop },
  { name: "orders", title: "Orders", draw: drawOrders, load: loadOrders },
  later({ name: "system", title: "System", sheet: "css/system.css", fetch: () => import("./views/system.js") }),
  later({ name: "truth", title: "Truth", sheet: "css/truth.css", fetch: () => import("./views/truth.js") }),
  later({ name: "lessons", title: "Lessons", sheet: "css/lessons.css", fetch: () => import("./views/lessons.js") }),
];

/** Requests listed behind the scenes. Enough for a lesson, few enough to scroll. */
const KEPT_ACTIONS = 50;
/** What is still to settle is looked at this often: well within the five seconds it may take. */
const LOOK_MS = 1_500;
/** A shelf older than this is read again when the reader comes back to the page. */
const STALE_MS = 10_000;

const state = {
  route: parseRoute(location.hash, VIEWS.map(({ name }) => name)),
  settings: loadSettings(),
  lock: { settingsOpen: false, keyProblem: null },
  message: { text: "", kind: "news", count: 0 },
  catalog: { products: [], categories: [], readAt: null, loading: true, problem: null, isAway: false },
  filter: { text: "", category: null, shown: SHELF_SIZE },
  cart: { lines: [], confirmed: [], adding: [], isKnown: false, loading: true, problem: null },
  checkout: null,
  orders: { list: null, next: null, loading: true, problem: null },
  opened: { id: null, order: null, payments: [], paymentsKnown: true, doing: null, problem: null },
  actions: { list: [] },
  panel: { chosen: null, mode: innerWidth < 640 ? "list" : "diagram", isTall: false }, // ten lanes do not fit a phone
  trace: { id: null, spans: [], messages: [], silent: [], isKnown: false, isLooking: false },
  lab: { isOpen: null }, // null until the shop has been asked
};

const root = document.getElementById("app");
const store = createStore(state, { draw, onLocked: askForKey });
const { update } = store;
const request = createApi({ settings: () => state.settings, record, origin: location.origin });
const parts = { ...store, request };
const catalog = catalogActs(parts);
const cart = cartActs(parts);
const checkout = checkoutActs(parts, { cart, catalog });
const orders = orderActs(parts);
const traces = traceActs(parts);

const acts = {
  loadCatalog: catalog.load,
  filter: catalog.filter,
  loadCart: cart.load,
  add: cart.add,
  setQuantity: cart.setQuantity,
  remove: cart.remove,
  clear: cart.clear,
  checkout: checkout.start,
  retry: checkout.retry,
  dismiss: checkout.dismiss,
  loadOrders,
  pay: orders.pay,
  cancel: orders.cancel,
  go: (view, given) => (location.hash = hashFor(view, given)),
  hush: () => update("message", { text: "" }),
  toggleSettings: () => update("lock", { settingsOpen: !state.lock.settingsOpen, keyProblem: null }),
  saveSettings: changeSettings,
  setTheme: (theme) => {
    applyTheme(document.documentElement, theme);
    remember({ theme });
  },
  remember,
  togglePanel: () => remember({ panelOpen: !isPanelOpen() }),
  arrangePanel: (news) => update("panel", news),
  choose: chooseAction,
  lookAtTrace: (action) => traces.open(action.traceId),
  copy: (text) => copyText(text).then(() => store.say("Copied."), () => store.say("The browser did not allow copying.", "problem")),
};

function draw() {
  const view = currentView();
  const { settings, route, lock, message, actions, panel, trace, lab } = state;
  const busy = actions.list.filter(({ status }) => status === null).map(({ service }) => service);
  document.documentElement.dataset.panel = isPanelOpen() ? "open" : "closed";
  render(html`
    <${Frame} views=${VIEWS} ...${{ route, settings, message, busy, acts }} ...${lock}>${view.draw()}<//>
    <${Panel} actions=${actions.list} open=${isPanelOpen()} ...${{ panel, trace, lab, acts }} />`, root);
}

/** A view in a file of its own, which is fetched when it is first opened. */
function later(view) {
  return lazyView(view, () => ({ ...parts, traces, catalog, cart, acts }), () => draw());
}

function drawShop() {
  const { filter, settings } = state;
  const given = { catalog: state.catalog, cart: state.cart, checkout: state.checkout, filter, acts };
  return html`<${Shop} ...${given} user=${settings.user} />`;
}

function drawOrders() {
  const { route, settings, opened } = state;
  const given = { orders: state.orders, opened, route, acts };
  return html`<${Orders} ...${given} user=${settings.user} products=${state.catalog.products} />`;
}

function loadShop() {
  return Promise.all([catalog.loadOnce(), cart.load()]);
}

function loadOrders() {
  const names = state.catalog.readAt ? null : catalog.load();
  return Promise.all([names, orders.load(), orders.open(state.route.id)]);
}

function currentView() {
  return VIEWS.find(({ name }) => name === state.route.view);
}

/** Behind the scenes starts open where there is room for it beside the view. */
function isPanelOpen() {
  return state.settings.panelOpen ?? (innerWidth >= 1100 && innerHeight >= 860);
}

function record(entry) {
  const others = state.actions.list.filter(({ id }) => id !== entry.id);
  const list = [{ ...entry }, ...others].sort((a, b) => b.id - a.id).slice(0, KEPT_ACTIONS);
  update("actions", { list });
  traces.noticed(entry);
}

/** Opens a request behind the scenes, or closes it when it is the open one. */
function chooseAction(action) {
  const isOpen = action === null || state.panel.chosen === action.id;
  update("panel", { chosen: isOpen ? null : action.id });
  if (isOpen) traces.close();
  else traces.open(action.traceId);
}

function remember(news) {
  update("settings", news);
  saveSettings({ ...loadSettings(), ...news }); // another tab may have changed the others
}

function changeSettings(fields) {
  const { user } = state.settings;
  remember(cleaned(fields));
  update("lock", { settingsOpen: false, keyProblem: null });
  document.querySelector(".settings-button").focus();
  if (state.settings.user !== user) {
    checkout.dismiss();
    update("cart", { lines: [], confirmed: [], isKnown: false });
    update("orders", { list: null, next: null });
  }
  return currentView().load();
}

/** Several requests may be refused at once; the reader is asked once. */
function askForKey() {
  if (state.lock.keyProblem) return;
  update("lock", { settingsOpen: true, keyProblem: "The shop did not accept this API key. Enter the right one and save." });
}

/** A new view is announced by its title, and reading goes on at its heading. */
function followAddress() {
  const before = state.route;
  update("route", parseRoute(location.hash, VIEWS.map(({ name }) => name)));
  document.title = `${currentView().title} - Glass Shop`;
  if (before.view !== state.route.view) VIEWS.find(({ name }) => name === before.view).leave?.();
  currentView().load();
  if (before.view !== state.route.view) queueMicrotask(() => document.getElementById("view-title").focus());
}

function refreshWhatIsStale() {
  if (document.hidden) return;
  if (state.catalog.readAt && Date.now() - state.catalog.readAt > STALE_MS) catalog.refresh();
  if (state.cart.isKnown) cart.refresh();
  orders.refresh();
}

addEventListener("hashchange", followAddress);
document.addEventListener("visibilitychange", refreshWhatIsStale);
root.replaceChildren();
document.title = `${currentView().title} - Glass Shop`;
checkout.restore();
draw();
currentView().load();
// Nobody asked for these looks, so nobody is told when one fails; the next one may not.
for (const { look } of [checkout, cart, orders]) poller(() => look().catch(() => {}), LOOK_MS).start();
