// Starts Swagger UI on this service's document.
//
// All addresses are relative to the page, because it is seen in two places: on the service's own
// port as /docs/, and through nginx as /docs/<service>/.

const hint = document.querySelector("#hint");
const behindNginx = /^\/docs\/[^/]+\//.test(location.pathname);

followColorScheme(matchMedia("(prefers-color-scheme: dark)"));
try {
  const openapi = await fetchDocument();
  draw(openapi);
  explain(openapi);
} catch (error) {
  hint.textContent = `The document could not be drawn: ${error.message}`;
}

async function fetchDocument() {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`openapi.json was answered with ${answer.status}`);
  const openapi = await answer.json();
  // The document lists two servers: the service's own port, then the way through nginx. A request
  // tried from this page goes back to where the page came from, so only one of them can work.
  openapi.servers = [openapi.servers[behindNginx ? 1 : 0]];
  return openapi;
}

function draw(openapi) {
  SwaggerUIBundle({
    spec: openapi,
    domNode: document.querySelector("#docs"),
    deepLinking: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    persistAuthorization: true, // the key survives a reload, in this browser only
    tryItOutEnabled: true,
    validatorUrl: null, // would send the document to a public web service
    plugins: [tryOnlyWhatIsRouted(openapi)],
  });
}

// A path with `servers` of its own is one that nginx does not route. Behind nginx it is still
// there to be read, without the button to try it.
function tryOnlyWhatIsRouted(openapi) {
  const isRouted = (path) => !behindNginx || !openapi.paths[path].servers;
  const allowTryItOutFor = () => (state, path) => isRouted(path);
  return () => ({ statePlugins: { spec: { wrapSelectors: { allowTryItOutFor } } } });
}

function explain(openapi) {
  document.title = openapi.info.title;
  hint.textContent = behindNginx
    ? "Routes that nginx does not let through can be read here, but not tried."
    : "This is the service's own port, so every route can be tried.";
}

function followColorScheme(dark) {
  const apply = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", apply);
  apply();
}
