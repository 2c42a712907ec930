// Runs before the first paint (see `blocking` in index.html), so that a reader who chose
// dark is never flashed by a white page.

import { applyTheme, loadSettings } from "./settings.js";

applyTheme(document.documentElement, loadSettings().theme);
