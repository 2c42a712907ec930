// What is fetched only when it is first needed, so that the shop itself appears at once.

import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js";

/** Adds a stylesheet and waits until it holds: nothing may be seen without its clothes. */
export function addSheet(path) {
  if (document.querySelector(`link[href="${path}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: path, onload: resolve });
    link.onerror = () => {
      link.remove(); // so that another try asks again
      reject(new Error(`${path} did not arrive`));
    };
    document.head.append(link);
  });
}

/**
 * A view whose module is fetched when it is first opened. The module exports
 * `connect(page)`, which returns `draw()`, `load()` and, if it has something to stop, `leave()`.
 */
export function lazyView({ sheet, fetch: fetchModule, ...view }, page, redraw) {
  let connected = null;
  let failed = false;

  async function load() {
    try {
      const [module] = await Promise.all([fetchModule(), addSheet(sheet)]);
      connected ??= module.connect(page());
      failed = false;
    } catch {
      failed = true; // the part of the page did not arrive; the view says so
    }
    // The view brings a title of its own, and reading goes on at that.
    const isAtTitle = document.activeElement.id === "view-title";
    redraw();
    if (isAtTitle) document.getElementById("view-title").focus();
    return connected?.load();
  }

  function draw() {
    if (connected) return connected.draw();
    return html`
      <h1 id="view-title" tabindex="-1">${view.title}</h1>
      ${failed
        ? html`<div class="problem"><p>This part of the page did not arrive. Is the shop running?</p>
            <button type="button" onClick=${load}>Load it again</button></div>`
        : html`<p class="quiet" role="status">Loading</p>`}`;
  }

  return { ...view, draw, load, leave: () => connected?.leave?.() };
}

/** The same for a component within a view. */
export function lazyPart(fetchComponent, sheet) {
  let Component = null;
  return function Part(props) {
    const [, setArrived] = useState(Component !== null);
    useEffect(() => {
      if (Component) return;
      Promise.all([fetchComponent(), addSheet(sheet)]).then(
        ([component]) => {
          Component = component;
          setArrived(true);
        },
        () => {}, // stays "Loading"; opening it again asks again
      );
    }, []);
    return Component ? html`<${Component} ...${props} />` : html`<p class="quiet" role="status">Loading</p>`;
  };
}
