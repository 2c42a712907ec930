// What the page remembers in this browser: who is shopping, with which key, and how it looks.
//
// Storage is asked for through a function: where a browser forbids it, the mere mention of
// `localStorage` throws. The page works either way, it only forgets.

const NAME = "shop-settings";

export const DEFAULTS = {
  user: "demo-user",
  key: "secret-key-123",
  tag: "",
  theme: "auto",
  panelOpen: null, // null until the reader has opened or closed it: the screen decides
};

export function loadSettings(storage = () => localStorage) {
  try {
    const kept = { ...DEFAULTS, ...JSON.parse(storage().getItem(NAME)) };
    return isUser(kept.user) ? kept : { ...kept, user: DEFAULTS.user };
  } catch {
    return { ...DEFAULTS };
  }
}

export function saveSettings(settings, storage = () => localStorage) {
  try {
    storage().setItem(NAME, JSON.stringify(settings));
  } catch {
    // Forgotten on reload; nothing else depends on it.
  }
}

/** Whether the shop takes this for the name of a user. Dots alone would be a way through its addresses. */
export function isUser(text) {
  return /^(?!\.+$)[A-Za-z0-9._@-]{1,64}$/.test(text);
}

/**
 * The fields as they can travel: without stray spaces, and a header carries nothing outside
 * printable ASCII. An empty name or key means the one it was at first.
 */
export function cleaned({ user, key, tag }) {
  const printable = (text) => text.trim().replace(/[^\x20-\x7e]/g, "?");
  return {
    user: user.trim() || DEFAULTS.user,
    key: printable(key) || DEFAULTS.key,
    tag: printable(tag),
  };
}

/** "auto" follows the system: without the attribute, `color-scheme` allows both. */
export function applyTheme(root, theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
}
