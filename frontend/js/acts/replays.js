// Sending dead letters once more, for a view that looks at them again and again.
//
// A letter that was sent stays in sight until the next look, and a second click would find no
// letter any more. So it counts as being sent until a look has begun after its answer.

export function createReplays({ state, update, guarded, request, say }, slice) {
  const answered = new Set();
  update(slice, { replaying: [] });

  async function replay(service, letter) {
    if (state[slice].replaying.includes(letter)) return;
    update(slice, { replaying: [...state[slice].replaying, letter] });
    try {
      await request("POST", `/lab/${service}/outbox/${letter}/replay`, { about: `Send the dead letter of ${service} once more` });
      say("Sent once more.");
    } finally {
      answered.add(letter);
    }
  }

  /** To be called when a look begins; what it returns, when what was seen is shown. */
  function lookBegins() {
    const seen = new Set(answered);
    return () => {
      seen.forEach((letter) => answered.delete(letter));
      update(slice, { replaying: state[slice].replaying.filter((letter) => !seen.has(letter)) });
    };
  }

  return { replay: guarded(replay), lookBegins };
}
