// Promises about the documents: what they send a reader to is there.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const REPOSITORY = new URL("../../../", import.meta.url);
// In a document, a path may begin where its paragraph is about.
const ROOTS = ["", "chassis/src/", "cart/src/", "catalog/src/", "order/src/", "payment/src/", "nginx/"];

/** The texts of the files that a path may mean. */
function textsOf(path) {
  const places = ROOTS.map((root) => new URL(root + path, REPOSITORY)).filter((place) => existsSync(place));
  return places.map((place) => readFileSync(place, "utf8"));
}

for (const document of ["README.md", "ARCHITECTURE.md"]) {
  test(`every file that ${document} names is there, and holds the name beside it`, () => {
    const text = readFileSync(new URL(document, REPOSITORY), "utf8");
    const named = [...text.matchAll(/`([a-z0-9_/]+\.(?:rs|js|template))`(?:,\s+`([A-Za-z_:]+)`)?/g)];
    assert.ok(named.length > 5, "the pattern finds what it is for");
    for (const [, path, symbol] of named) {
      const texts = textsOf(path);
      assert.ok(texts.length > 0, `${path} is not there`);
      const name = symbol?.split("::").at(-1) ?? "";
      assert.ok(texts.some((source) => source.includes(name)), `${path} holds no ${name}`);
    }
  });
}
