// Promises about the files themselves.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const FRONTEND = new URL("../../../frontend/", import.meta.url);
const files = readdirSync(FRONTEND, { recursive: true }).map((path) => path.replaceAll("\\", "/"));
const read = (path) => readFileSync(new URL(path, FRONTEND), "utf8");
const page = read("index.html");

test("every module is named in the page, so that all arrive side by side", () => {
  const modules = files.filter((path) => /^(js|vendor)\/.*\.js$/.test(path));
  const named = [...page.matchAll(/(?:href|src)="((?:js|vendor)\/[^"]+)"/g)].map(([, path]) => path);
  assert.deepEqual(named.toSorted(), modules.toSorted());
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
