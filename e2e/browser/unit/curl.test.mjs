// The curl text, checked by the shell that will have to read it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { curlText, quote } from "../../../frontend/js/curl.js";

/** The words a shell makes of a command, seen by a curl that only prints its arguments. */
function wordsOf(command) {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

test("a shell gets back exactly what was quoted", () => {
  for (const nasty of ["it's", "$HOME `id` $(id)", 'a "b" \\ c', "''", "", "line\nbreak", "!important & more; rm *"]) {
    assert.deepEqual(wordsOf(`curl ${quote(nasty)}`), [nasty]);
  }
});

test("a plain GET is one short command", () => {
  const text = curlText({ method: "GET", url: "http://shop/api/catalog", headers: { "X-API-Key": "k" } });
  assert.equal(text, "curl -i 'http://shop/api/catalog' \\\n  -H 'X-API-Key: k'");
});

test("method, headers and body arrive as they were sent", () => {
  const headers = { "X-API-Key": "it's $secret", "Idempotency-Key": "1" };
  const body = '[{"product_id":1,"price":329.00}]';
  const text = curlText({ method: "POST", url: "http://shop/api/orders?user_id=a&b='", headers, body });
  assert.deepEqual(wordsOf(text), [
    "-i", "-X", "POST", "http://shop/api/orders?user_id=a&b='", "-H", "X-API-Key: it's $secret", "-H", "Idempotency-Key: 1",
    "--data-raw", body,
  ]);
});
