// Keys: the commands they run, the buttons they are printed on, and whose they are.

const KEY_NAMES = {
  " ": "Space",
  ArrowLeft: "\u2190",
  ArrowUp: "\u2191",
  ArrowRight: "\u2192",
  ArrowDown: "\u2193",
  Escape: "Esc",
};

/** Something that can be done: `run` is given the page's own object. */
function command(id, keys, label, help, run) {
  return { id, keys, label, help, run };
}

/** A button with its key printed on it. */
function keyButton(label, key, action, className = "") {
  const element = make("button", className);
  element.type = "button";
  element.append(make("span", "", label));
  if (key) {
    const shown = make("kbd", "", key);
    shown.setAttribute("aria-hidden", "true");
    element.append(shown);
  }
  element.addEventListener("click", () => {
    element.closest(".wb[tabindex]")?.focus({ preventScroll: true }); // keys go on working
    action();
  });
  return element;
}

/** A key as it is printed on a button. */
function keyName(key) {
  return KEY_NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** The key of an event, letters in lower case. */
function keyOf(event) {
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** Whether a key press is somebody typing, a shortcut of the browser or of a focused button. */
function isNotForUs(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const { tagName, isContentEditable } = event.target;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(tagName) || isContentEditable) return true;
  return tagName === "BUTTON" && (event.key === " " || event.key === "Enter");
}
