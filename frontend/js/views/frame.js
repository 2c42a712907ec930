// What surrounds every view: skip link, brand, navigation, settings and the message line.

import { html, useEffect, useRef, useState } from "../../vendor/htm-preact-standalone.js";
import { hashFor } from "../route.js";
import { cleaned, isUser } from "../settings.js";
import { Icon } from "./icons.js";

const THEMES = { auto: "light", light: "dark", dark: "auto" };
const THEME_SIGNS = { auto: "half", light: "sun", dark: "moon" };

export function Frame({ views, route, settings, settingsOpen, keyProblem, message, busy, acts, children }) {
  return html`
    <a class="skip" href="#main" onClick=${skipToMain}>Skip to content</a>
    <header>
      <div class="bar">
        <${Brand} busy=${busy} />
        <nav aria-label="Views">
          ${views.map(({ name, title }) => html`
            <a key=${name} href=${hashFor(name)} aria-current=${name === route.view ? "page" : null}>${title}</a>`)}
        </nav>
        <${ThemeButton} theme=${settings.theme} onChange=${acts.setTheme} />
        <button type="button" class="settings-button" aria-expanded=${settingsOpen} aria-controls="settings"
          onClick=${acts.toggleSettings}>
          <${Icon} name="sliders" /><span class="who">${settings.user}</span>
          <span class="unseen">, settings</span>
        </button>
      </div>
      <div class="progress" data-busy=${busy.length > 0} aria-hidden="true"></div>
      <div id="settings" hidden=${!settingsOpen}>
        ${settingsOpen && html`<${Settings} ...${{ settings, keyProblem }} onSave=${acts.saveSettings} />`}
      </div>
    </header>
    <main id="main" tabindex="-1">${children}</main>
    <${Message} message=${message} onDismiss=${acts.hush} />`;
}

/** A link whose address would be taken for a view, so the jump is made by hand. */
function skipToMain(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** Four panes, one per service: a pane lights up while that service is being asked. */
function Brand({ busy }) {
  const panes = [["cart", 2, 2], ["catalog", 17, 2], ["order", 2, 17], ["payment", 17, 17]];
  return html`
    <span class="brand">
      <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
        ${panes.map(([service, x, y]) => html`
          <rect key=${service} x=${x} y=${y} width="13" height="13" rx="2.5" data-service=${service}
            class=${busy.includes(service) ? "pane lit" : "pane"} />`)}
      </svg>
      Glass Shop
    </span>`;
}

function ThemeButton({ theme, onChange }) {
  return html`
    <button type="button" class="theme-button" onClick=${() => onChange(THEMES[theme])}>
      <${Icon} name=${THEME_SIGNS[theme]} />
      <span class="unseen">Theme: ${theme}. Switch to ${THEMES[theme]}.</span>
    </button>`;
}

const USER_RULE = "Use 1 to 64 characters of A-Z a-z 0-9 . _ - @, and not only dots.";

/** A refused key opens this form with the reason, and puts the cursor where it is mended. */
function Settings({ settings, keyProblem, onSave }) {
  const keyField = useRef(null);
  const userField = useRef(null);
  const [userProblem, setUserProblem] = useState(null);
  useEffect(() => {
    if (!keyProblem) return;
    keyField.current.focus();
    keyField.current.select();
  }, [keyProblem]);
  function save(event) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    if (isUser(cleaned(fields).user)) return onSave(fields);
    setUserProblem(USER_RULE);
    userField.current.focus();
  }
  return html`
    <form onSubmit=${save} autocomplete="off">
      <${Field} name="user" label="User name" value=${settings.user} inputRef=${userField} problem=${userProblem}
        hint="Whose cart and orders these are." maxlength="64" />
      <${Field} name="key" label="API key" value=${settings.key} inputRef=${keyField} problem=${keyProblem}
        hint="Sent as X-API-Key with every request." />
      <${Field} name="tag" label="Lab tag" value=${settings.tag} maxlength="64"
        hint="Optional. Faults can be limited to requests with this tag." />
      <button type="submit" class="primary">Save</button>
    </form>`;
}

function Field({ name, label, value, hint, problem, inputRef, maxlength = "200" }) {
  return html`
    <div class="field">
      <label for=${`field-${name}`}>${label}</label>
      <input id=${`field-${name}`} ref=${inputRef} name=${name} defaultValue=${value} maxlength=${maxlength}
        spellcheck=${false} autocapitalize="off" aria-invalid=${problem ? "true" : null} aria-describedby=${`hint-${name}`} />
      <p id=${`hint-${name}`} class=${problem ? "field-problem" : "hint"} role=${problem ? "alert" : null}>${problem ?? hint}</p>
    </div>`;
}

/** Always present, so that screen readers notice when its content changes. */
function Message({ message, onDismiss }) {
  const { text, kind, count } = message;
  return html`
    <div class="message" role="status">
      ${text && html`
        <p key=${count} data-kind=${kind}>
          <span>${text}</span>
          <button type="button" aria-label="Dismiss" onClick=${onDismiss}><${Icon} name="cross" /></button>
        </p>`}
    </div>`;
}
