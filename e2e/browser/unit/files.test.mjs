// Promises about the files themselves.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const FRONTEND = new URL("../../../frontend/", import.meta.url);
const files = readdirSync(FRONTEND, { recursive: true }).map((path) => path.replaceAll("\\", "/"));
const read = (path) => readFileSync(new URL(path, FRONTEND), "utf8");
const page = read("index.html");

/** The modules that a module needs before it runs; what it imports later is not among them. */
function neededBy(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, target] of read(path).matchAll(/^(?:import|export) [^;]*?from "(\.[^"]+)";/gms)) {
    neededBy(new URL(target, new URL(path, FRONTEND)).href.slice(FRONTEND.href.length), found);
  }
  return found;
}

test("the page names every module that the first view needs, so that all arrive side by side", () => {
  const named = [...page.matchAll(/(?:href|src)="((?:js|vendor)\/[^"]+)"/g)].map(([, path]) => path);
  assert.deepEqual(named.toSorted(), [...neededBy("js/theme.js", neededBy("js/main.js"))].toSorted());
});

test("everything in the page's folder arrives in less than 150 KB, compressed", () => {
  const sent = files.filter((path) => /\.(html|css|js|json|svg)$/.test(path) && path !== "package.json");
  const bytes = sent.reduce((sum, path) => sum + gzipSync(read(path)).length, 0);
  assert.ok(bytes < 150_000, `${bytes} bytes`);
});

test("only api.js calls fetch", () => {
  const callers = files.filter((path) => /^js\/.*\.js$/.test(path) && /\bfetch\(/.test(read(path)));
  assert.deepEqual(callers, ["js/api.js"]);
});

test("the page holds no inline script, no inline style and no foreign address", () => {
  assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)/);
  assert.doesNotMatch(page, /\sstyle=|<style|\son\w+=/);
  assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\//);
});

test("no module is too long to read in one sitting", () => {
  for (const path of files.filter((name) => /^(js|css)\/.*\.(js|css)$|^style\.css$/.test(name))) {
    assert.ok(read(path).split("\n").length <= 300, path);
  }
});
