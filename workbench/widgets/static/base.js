// Shared by every widget: where the server is, how to fetch sound, one sound at a time.

/** The base URL of the Jupyter or Voila server, ending in "/". */
function baseUrl() {
  const config = document.getElementById("jupyter-config-data");
  try {
    const url = JSON.parse(config.textContent).baseUrl;
    if (url) return url.endsWith("/") ? url : url + "/";
  } catch {
    // A page without Jupyter's configuration: the server's root.
  }
  return "/";
}

/** What stands in for the server and for Python on an exported page; undefined on a live one. */
function exported() {
  return globalThis.workbenchExport;
}

/** Whether anything follows from a change of a trait: on an exported page only if asked before. */
function isAnswered(model, trait) {
  return !exported() || model.answers(trait);
}

/** A route of the workbench, such as "workbench/audio/0123456789ab/7", as a full path. */
function routeUrl(route) {
  return exported()?.url(route) ?? baseUrl() + route;
}

/** Fetch the bytes of a sound; JupyterHub wants the token that <audio src> does without. */
async function fetchAudio(route, options = {}) {
  if (exported()) throw new Error(exported().missing);
  const token = document.cookie.match(/(?:^|;\s*)_xsrf=([^;]*)/);
  const headers = token ? { "X-XSRFToken": decodeURIComponent(token[1]) } : {};
  const response = await fetch(routeUrl(route), { credentials: "same-origin", headers, ...options });
  const { ok, status } = response;
  if (!ok) throw Object.assign(new Error(soundProblem(status)), { status });
  return response.arrayBuffer();
}

/** One sentence for a sound that did not come. */
function soundProblem(status) {
  if (status === 404) return "The sound of this item is not on the server.";
  if (status === 403 || status === 401) return "The server refused the sound; log in again.";
  return `The sound could not be fetched (HTTP ${status}).`;
}

/**
 * Take the page's one sound: whoever plays is stopped first.
 *
 * `owner` is any object that stands for the player, `stop` silences it. The function returned
 * gives the sound back and may be called at any time.
 */
function claimSound(owner, stop) {
  const current = globalThis.workbenchSound;
  globalThis.workbenchSound = { owner, stop };
  if (current && current.owner !== owner) current.stop();
  return () => {
    if (globalThis.workbenchSound?.owner === owner) globalThis.workbenchSound = undefined;
  };
}

/**
 * Keep JupyterLab's shortcuts away from a widget: without this "x" cuts the cell it lies in.
 *
 * Lab asks the focused element before those around it, so each that gets the focus says it itself.
 */
function keepKeys(root) {
  const mark = (element) => (element.dataset.lmSuppressShortcuts = "true");
  mark(root);
  root.addEventListener("focusin", (event) => mark(event.target));
}

/** An element with a class and, always as plain text, its content. */
function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Seconds as "1:05". */
function clock(seconds) {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Colours of the style sheet as they are shown now, for canvases and charts: a variable itself
 * holds `light-dark(…)`, which only an element resolves.
 */
function themeColours(root, ...names) {
  const probe = make("i");
  root.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}

/** Call `act` when the page turns dark or light; returns how to stop that. */
function onTheme(act) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const lab = new MutationObserver(act);
  system.addEventListener("change", act);
  lab.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  return () => {
    system.removeEventListener("change", act);
    lab.disconnect();
  };
}
