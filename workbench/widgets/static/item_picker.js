// An input with the titles that match what was typed.

const MOST_OPTIONS = 30; // of a list that is searched here
let lists = 0; // numbers the list boxes of a page

/** The items whose title and artist have all the words, on an exported page that holds them all. */
function matching(items, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = ({ title, artist }) => wanted.every((word) => `${title} ${artist}`.toLowerCase().includes(word));
  return items.filter(has).slice(0, MOST_OPTIONS);
}

/** An input with a list of matches below it; Python does the search, if there is one. */
function picker(model, choose) {
  const root = make("div", "wb-item-picker");
  const input = make("input");
  const list = make("div", "wb-item-options");
  list.id = `wb-item-options-${++lists}`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  Object.assign(input, { type: "search", placeholder: "Find a piece by title or artist", autocomplete: "off" });
  for (const [name, value] of [["role", "combobox"], ["aria-controls", list.id], ["aria-expanded", "false"], ["aria-autocomplete", "list"], ["aria-label", "Find a piece"]]) {
    input.setAttribute(name, value);
  }
  root.append(input, list);
  let active = -1;

  const open = (shown) => {
    list.hidden = !shown;
    input.setAttribute("aria-expanded", String(shown));
    if (!shown) active = -1;
  };
  const mark = (index) => {
    active = Math.max(-1, Math.min(index, list.children.length - 1));
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    list.children[active]?.scrollIntoView({ block: "nearest" });
    if (active >= 0) input.setAttribute("aria-activedescendant", list.children[active].id);
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (item) => {
    input.value = "";
    open(false);
    choose(item.id);
  };
  const listed = () => (exported() ? matching(model.get("found"), input.value) : model.get("found"));
  const fill = () => {
    const found = listed();
    list.replaceChildren(...found.map((item, index) => {
      const option = names(item);
      option.id = `${list.id}-${index}`;
      option.classList.add("wb-item-option");
      option.setAttribute("role", "option");
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the input keeps the focus
        take(item);
      });
      return option;
    }));
    if (!found.length) list.append(make("div", "wb-item-option wb-muted", "Nothing found."));
    mark(-1);
  };
  const ask = debounce((words) => {
    model.set("search", words);
    model.save_changes();
  }, 120);
  const search = exported() ? fill : ask;

  input.addEventListener("input", () => {
    open(true);
    search(input.value);
  });
  input.addEventListener("focus", () => {
    search(input.value);
    open(true);
  });
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      open(true);
      mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      const item = listed()[Math.max(active, 0)];
      if (item && !list.hidden) take(item);
    } else if (event.key === "Escape") open(false);
  });
  fill();
  return { root, fill };
}
