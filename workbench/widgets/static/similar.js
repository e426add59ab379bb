// A query item, a weight per dimension, and a list to listen to. Titles are only ever text.

const PLAY = "M4 2.5v11l9-5.5z";
const STOP = "M3.5 3.5h9v9h-9z";
const PLURAL = { song: "songs", track: "tracks", submix: "submixes" };
let lists = 0; // numbers the list boxes of a page

/** One sound for all rows: press to play, press again to stop. */
class Player {
  constructor(say) {
    this.audio = new Audio();
    this.audio.preload = "none";
    this.say = say;
    this.id = null;
    this.buttons = new Map();
    this.audio.addEventListener("ended", () => this.stop());
    this.audio.addEventListener("error", () => this.id !== null && this.fail());
  }

  button(item) {
    const button = make("button", "wb-similar-play");
    button.type = "button";
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("viewBox", "0 0 16 16");
    icon.setAttribute("aria-hidden", "true");
    icon.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    button.append(icon);
    button.addEventListener("click", () => (this.id === item.id ? this.stop() : this.play(item)));
    this.paint(button, item, this.id === item.id);
    this.buttons.set(button, item);
    return button;
  }

  play(item) {
    this.release = claimSound(this, () => this.stop());
    this.say("");
    this.id = item.id;
    this.audio.src = routeUrl(item.url);
    this.audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.fail("Press play once more to allow sound.");
    });
    this.repaint();
  }

  stop() {
    this.id = null;
    this.audio.pause();
    this.release?.();
    this.repaint();
  }

  fail(words = "This sound could not be played.") {
    this.stop();
    this.say(words);
  }

  repaint() {
    for (const [button, item] of this.buttons) {
      if (button.isConnected) this.paint(button, item, this.id === item.id);
      else this.buttons.delete(button);
    }
  }

  paint(button, item, playing) {
    button.firstChild.firstChild.setAttribute("d", playing ? STOP : PLAY);
    button.setAttribute("aria-pressed", String(playing));
    button.setAttribute("aria-label", `${playing ? "Stop" : "Play"} ${item.title}`);
    button.classList.toggle("wb-playing", playing);
  }
}

function debounce(action, delay) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), delay);
  };
}

/** Title above, artist and kind below. */
function names(item) {
  const block = make("div", "wb-similar-names");
  const below = item.kind === "song" ? item.artist : [item.artist, item.kind].filter(Boolean).join(" · ");
  block.append(make("div", "wb-similar-title", item.title), make("div", "wb-muted", below));
  block.title = item.title;
  return block;
}

function level(value, className) {
  const bar = make("div", className);
  const fill = make("i");
  fill.style.width = `${100 * Math.min(1, Math.max(0, value))}%`;
  bar.append(fill);
  return bar;
}

/** An input with a list of matches below it; Python does the search. */
function picker(model, choose) {
  const root = make("div", "wb-similar-picker");
  const input = make("input");
  const list = make("div", "wb-similar-options");
  list.id = `wb-similar-options-${++lists}`;
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
  const fill = () => {
    const found = model.get("found");
    list.replaceChildren(...found.map((item, index) => {
      const option = names(item);
      option.id = `${list.id}-${index}`;
      option.classList.add("wb-similar-option");
      option.setAttribute("role", "option");
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the input keeps the focus
        take(item);
      });
      return option;
    }));
    if (!found.length) list.append(make("div", "wb-similar-option wb-muted", "Nothing found."));
    mark(-1);
  };
  const search = debounce((words) => {
    model.set("search", words);
    model.save_changes();
  }, 120);

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
      const item = model.get("found")[Math.max(active, 0)];
      if (item && !list.hidden) take(item);
    } else if (event.key === "Escape") open(false);
  });
  fill();
  return { root, fill };
}

export default {
  render({ model, el }) {
    const root = make("div", "wb wb-similar");
    keepKeys(root);
    el.append(root);
    const problem = make("div", "wb-note");
    const player = new Player((words) => say(words || model.get("problem")));
    const say = (words) => {
      problem.textContent = words;
      problem.hidden = !words;
    };
    const set = (trait, value) => {
      model.set(trait, value);
      model.save_changes();
    };

    const query = make("div", "wb-similar-query");
    const find = picker(model, (id) => set("item", id));
    const kinds = make("select");
    kinds.setAttribute("aria-label", "What to list");
    kinds.addEventListener("change", () => set("kind", kinds.value || null));
    const kindLabel = make("label", "wb-similar-kinds wb-muted", "List ");
    kindLabel.append(kinds);
    const tools = make("div", "wb-similar-tools");
    tools.append(find.root, kindLabel);

    const table = make("table");
    const head = make("thead");
    const body = make("tbody");
    table.append(head, body);
    const scroll = make("div", "wb-similar-scroll");
    scroll.append(table);
    const source = make("div", "wb-muted wb-similar-source");
    root.append(tools, query, problem, scroll, source);

    const sendWeights = debounce((weights) => set("weights", weights), 80);
    const drawHead = () => {
      const row = make("tr");
      const weights = { ...model.get("weights") };
      row.append(make("th"), make("th", "", "Most related"), make("th", "", "Relevance"));
      for (const name of model.get("dimensions")) {
        const cell = make("th", "wb-similar-dimension");
        const label = make("label", "", name);
        const slider = make("input");
        Object.assign(slider, { type: "range", min: 0, max: 1, step: 0.05, value: weights[name] ?? 1 });
        slider.setAttribute("aria-label", `How much ${name} counts`);
        const amount = make("span", "wb-muted");
        const paint = () => {
          amount.textContent = Number(slider.value) ? `× ${Number(slider.value).toFixed(2)}` : "ignored";
        };
        slider.addEventListener("input", () => {
          weights[name] = Number(slider.value);
          paint();
          sendWeights({ ...weights });
        });
        paint();
        label.append(slider, amount);
        cell.append(label);
        row.append(cell);
      }
      row.append(make("th"));
      head.replaceChildren(row);
    };
    const drawQuery = () => {
      const item = model.get("query");
      query.hidden = !item.id;
      query.replaceChildren();
      if (!item.id) return;
      query.append(player.button(item), names(item));
    };
    const drawResults = () => {
      const dimensions = model.get("dimensions");
      body.replaceChildren(...model.get("results").map((item) => {
        const row = make("tr");
        const cells = [player.button(item), names(item)];
        const relevance = make("div", "wb-similar-relevance");
        relevance.append(level(item.relevance, "wb-similar-bar"), make("span", "", item.relevance.toFixed(2)));
        cells.push(relevance);
        for (const name of dimensions) {
          const part = item.parts[name] ?? 0;
          const cell = make("div", "wb-similar-part");
          cell.title = `${name}: ${part.toFixed(2)}`;
          cell.append(level(part, "wb-similar-mini"), make("span", "wb-muted", part.toFixed(2)));
          cells.push(cell);
        }
        for (const content of cells) {
          const cell = make("td");
          cell.append(content);
          row.append(cell);
        }
        const again = make("button", "wb-similar-more", "Use as query");
        again.type = "button";
        again.addEventListener("click", () => set("item", item.id));
        row.append(make("td"));
        row.lastChild.append(again);
        return row;
      }));
      scroll.hidden = !dimensions.length;
    };
    const drawKinds = () => {
      const names = model.get("kinds");
      const options = [...names.map((kind) => [kind, PLURAL[kind] ?? kind]), ["", "everything"]];
      kinds.replaceChildren(...options.map(([value, words]) => {
        const option = make("option", "", words);
        option.value = value;
        return option;
      }));
      kinds.value = model.get("kind") ?? "";
      tools.hidden = !names.length;
    };
    const drawWords = () => {
      say(model.get("problem"));
      source.textContent = model.get("source");
    };

    const watched = {
      dimensions: drawHead, query: drawQuery, results: drawResults, found: find.fill,
      kinds: drawKinds, kind: drawKinds, problem: drawWords, source: drawWords,
    };
    for (const [trait, draw] of Object.entries(watched)) model.on(`change:${trait}`, draw);
    for (const draw of new Set(Object.values(watched))) draw();
    root.workbenchPlayer = player; // what is playing, for tests and for the curious
    return () => {
      player.stop();
      player.audio.removeAttribute("src");
      for (const [trait, draw] of Object.entries(watched)) model.off(`change:${trait}`, draw);
    };
  },
};
