// The same request as a curl command, safe to paste into a shell. Pure.

/**
 * Quotes one shell word. Inside single quotes a shell changes nothing at all, and a
 * single quote itself is written by closing, escaping and opening again.
 */
export function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** `-i` shows the answer's headers too: they are half of what there is to see. */
export function curlText({ method, url, headers, body }) {
  const command = method === "GET" ? "curl -i" : `curl -i -X ${method}`;
  const words = [`${command} ${quote(url)}`];
  for (const [name, value] of Object.entries(headers)) words.push(`-H ${quote(`${name}: ${value}`)}`);
  if (body !== undefined) words.push(`--data-raw ${quote(body)}`);
  return words.join(" \\\n  ");
}
