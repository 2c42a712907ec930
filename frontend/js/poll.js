// Looking again and again, only while somebody is looking.

/**
 * Calls `look` every `ms` from `start()` to `stop()`, never twice at once and never while the
 * page is hidden. A look that fails is the business of `look`.
 */
export function poller(look, ms) {
  let timer = null;
  let round = 0;

  async function turn(mine) {
    if (!document.hidden) await look();
    if (mine === round) timer = setTimeout(turn, ms, mine);
  }

  function stop() {
    round += 1;
    clearTimeout(timer);
    timer = null;
  }

  function start() {
    stop();
    return turn(round);
  }

  return { start, stop };
}
