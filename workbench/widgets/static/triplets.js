// Triplets to listen to: anchor, the candidate that is closer by tags or people, and the other.

const ROLES = ["Anchor", "A, the closer one", "B"];
const PLAYS = { x: 0, a: 1, b: 2 };
const WIDEST = 1; // a margin that fills its bar

/** A select for one filter; `change` gets the chosen value. */
function narrowing({ name, options }, counts, value, change) {
  const label = make("label", "wb-triplets-filter", name);
  const select = make("select");
  for (const [option, words] of options) {
    const count = counts(option);
    select.append(Object.assign(make("option", "", `${words} (${count})`), { value: option, disabled: !count && option !== value }));
  }
  select.value = value;
  select.addEventListener("change", () => change(select.value));
  label.append(select);
  return label;
}

/** Which candidate a model chose, right or wrong, and by how much. */
function answered({ model, margin }) {
  const right = margin > 0;
  const row = make("div", `wb-triplet-answer ${right ? "wb-right" : "wb-wrong"}`);
  const bar = level(Math.abs(margin) / WIDEST, "wb-triplet-margin");
  const words = margin === 0 ? "finds both alike" : `chose ${right ? "A" : "B"}, by ${Math.abs(margin).toFixed(2)}`;
  row.append(make("strong", "", model), make("span", "", right ? "✓" : "✗"), make("span", "", words), bar);
  row.querySelector("span").setAttribute("aria-label", right ? "right" : "wrong");
  return row;
}

/** One of the three pieces: what it is here, its sound, its names and its tags. */
function piece(item, role, value, player) {
  const box = make("div", "wb-triplet-piece");
  const block = names(item);
  if (value) block.append(Object.assign(make("div", "wb-triplet-value", value), { title: value }));
  box.append(make("div", "wb-triplet-role", role), player.button(item), block);
  return box;
}

function tripletRow(one, items, player) {
  const row = make("li", "wb-triplet");
  row.tabIndex = -1;
  const pieces = make("div", "wb-triplet-pieces");
  const three = one.items.map((id) => items[id]);
  pieces.append(...three.map((item, place) => piece(item, ROLES[place], one.values[place], player)));
  row.setAttribute("aria-label", `Anchor ${three[0].title}, A ${three[1].title}, B ${three[2].title}`);
  const said = make("div", "wb-triplet-said");
  said.append(make("p", "", one.why), ...one.answers.map(answered));
  row.append(pieces, said);
  row.addEventListener("keydown", (event) => {
    const place = PLAYS[event.key.toLowerCase()];
    if (place === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    pieces.querySelectorAll("button")[place].click();
  });
  return row;
}

export default {
  render({ model, el }) {
    const root = make("div", "wb wb-triplets");
    keepKeys(root);
    el.append(root);
    const tools = make("div", "wb-triplets-tools");
    const problem = make("div", "wb-note");
    problem.setAttribute("role", "status");
    problem.hidden = true;
    const list = make("ol", "wb-triplets-list");
    const empty = make("div", "wb-note");
    const pager = make("div", "wb-triplets-pager");
    root.append(tools, problem, list, empty, pager);
    const player = new Player((words) => {
      problem.textContent = words;
      problem.hidden = !words;
    });
    root.workbenchPlayer = player;
    let page = 0;
    let chosen = {};

    const passes = (one, but = null) =>
      Object.entries(chosen).every(([key, value]) => key === but || value === "" || one.keys[key] === value);
    const drawTools = () => {
      const all = model.get("triplets");
      const filters = model.get("filters");
      for (const { key, options } of filters) chosen[key] ??= options[0]?.[0] ?? "";
      const place = [...tools.querySelectorAll("select")].indexOf(document.activeElement);
      tools.replaceChildren(...filters.map((filter) => {
        const { key } = filter;
        const counts = (value) => all.filter((one) => passes(one, key) && (value === "" || one.keys[key] === value)).length;
        return narrowing(filter, counts, chosen[key], (value) => {
          chosen[key] = value;
          page = 0;
          draw();
        });
      }));
      if (place >= 0) tools.querySelectorAll("select")[place]?.focus();
      tools.hidden = !all.length || !filters.length;
    };
    const turn = (words, to, disabled) => {
      const button = Object.assign(make("button", "", words), { type: "button", disabled });
      button.addEventListener("click", () => {
        page = to;
        draw();
        list.firstChild?.focus();
      });
      return button;
    };
    const draw = () => {
      drawTools();
      const [items, size] = [model.get("items"), model.get("page_size")];
      const shown = model.get("triplets").filter((one) => passes(one));
      const from = page * size;
      const rows = shown.slice(from, from + size).map((one) => tripletRow(one, items, player));
      if (rows.length) rows[0].tabIndex = 0;
      list.replaceChildren(...rows);
      list.start = from + 1;
      empty.textContent = model.get("empty");
      empty.hidden = rows.length > 0;
      const words = `${from + 1} to ${from + rows.length} of ${shown.length}`;
      const many = shown.length > size;
      pager.replaceChildren(
        ...(many ? [turn("Back", page - 1, page === 0), make("span", "wb-muted", words), turn("Next", page + 1, from + size >= shown.length)] : []),
        make("span", "wb-muted wb-triplets-keys", "Keys: ↑ ↓ choose a triplet; X, A and B play its pieces."),
      );
      pager.hidden = !rows.length;
    };
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const row = event.target.closest(".wb-triplet");
      if (!step || !row) return;
      event.preventDefault();
      const next = step > 0 ? row.nextSibling : row.previousSibling;
      if (!next) return;
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    const restart = () => {
      page = 0;
      chosen = {};
      draw();
    };
    const events = ["triplets", "items", "filters", "empty"].map((name) => `change:${name}`);
    events.forEach((event) => model.on(event, restart));
    draw();
    return () => {
      events.forEach((event) => model.off(event, restart));
      player.stop();
      root.remove();
    };
  },
};
