// A query, a weight per dimension, filters, and a list to listen to. Titles are only ever text.

const MOST_COLUMNS = 6; // beside titles, on a page of usual width
const TOO_MANY = "There are too many pieces to keep the neighbours of each in an export; the served page has them.";
const PIECE = 1 << 20; // bytes of a file that travel at once: servers refuse long messages

/** A slider from unlike (-1) over nothing to alike (1). */
function weightSlider(name, value, change) {
  const label = make("label", "", name);
  const slider = make("input");
  Object.assign(slider, { type: "range", min: -1, max: 1, step: 0.1, value });
  slider.setAttribute("aria-label", `How much ${name} counts`);
  const amount = make("span", "wb-muted");
  const track = make("div", "wb-similar-track");
  track.append(slider);
  const paint = () => {
    const weight = Number(Number(slider.value).toFixed(1));
    amount.textContent = weight > 0 ? `alike × ${weight.toFixed(1)}` : weight < 0 ? `unlike × ${(-weight).toFixed(1)}` : "ignored";
    label.dataset.side = Math.sign(weight);
    slider.setAttribute("aria-valuetext", amount.textContent);
    return weight;
  };
  slider.addEventListener("input", () => change(paint()));
  slider.addEventListener("dblclick", () => {
    slider.value = 0;
    change(paint());
  });
  paint();
  label.append(track, amount);
  return label;
}

/** A button that sends a file of this computer to Python; `taken` gets its address in the page. */
function fileChooser(model, experimental, say, taken) {
  const root = make("div", "wb-similar-file");
  const input = make("input");
  const button = make("button", "", "Start from a file…");
  button.type = "button";
  Object.assign(input, { type: "file", hidden: true, accept: "audio/*,.mid,.midi,.musicxml,.mxl,.xml,.abc" });
  button.addEventListener("click", () => input.click());
  const send = async (file) => {
    const largest = model.get("largest");
    if (file.size > largest) return `${file.name} is larger than ${Math.floor(largest / 2 ** 20)} MB; import it into the catalogue instead.`;
    for (let at = 0; at < Math.max(1, file.size); at += PIECE) {
      button.textContent = `Sending ${Math.round((100 * at) / file.size) || 0} %`;
      const piece = await file.slice(at, at + PIECE).arrayBuffer();
      const message = { name: file.name, size: file.size, at };
      const signal = AbortSignal.timeout(60_000); // the last piece waits for the search
      const [reply] = await experimental.invoke("_upload", message, { buffers: [new DataView(piece)], signal });
      if (reply.said) return reply.said;
    }
    return "";
  };
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    input.value = "";
    button.disabled = true;
    taken(file);
    const problem = await send(file).catch(() => "The file could not be sent; Python does not answer.");
    if (problem) say(problem);
    button.disabled = false;
    button.textContent = "Start from a file…";
  });
  root.append(button, input);
  return root;
}

/** Seconds from and to, of which only this much of the query counts. */
function spanInputs(model, set) {
  const root = make("div", "wb-similar-span wb-muted", "only from");
  const inputs = ["from", "to"].map((words) => {
    const input = make("input");
    Object.assign(input, { type: "number", min: 0, step: 0.5 });
    input.setAttribute("aria-label", `Compare only ${words} second`);
    input.addEventListener("change", () => {
      const values = inputs.map((other) => other.value);
      if (values.every((value) => value === "")) set("span", []);
      else if (values.every((value) => value !== "")) set("span", values.map(Number));
    });
    return input;
  });
  root.append(inputs[0], "to", inputs[1], "s");
  const draw = () => inputs.forEach((input, i) => (input.value = model.get("span")[i] ?? ""));
  return { root, draw };
}

export default {
  render({ model, el, experimental }) {
    const root = make("div", "wb wb-similar");
    keepKeys(root);
    el.append(root);
    if (!isAnswered(model, "item")) {
      root.append(make("div", "wb-note", TOO_MANY));
      return () => root.remove();
    }
    const problem = make("div", "wb-note");
    problem.setAttribute("role", "status");
    const player = new Player((words) => say(words || model.get("problem")));
    const say = (words) => {
      problem.textContent = words;
      problem.hidden = !words;
    };
    const set = (trait, value) => {
      model.set(trait, value);
      model.save_changes();
    };
    let blob = null; // the sound of a chosen file, in this page
    let selected = null; // id of the result whose pair is drawn

    const query = make("div", "wb-similar-query");
    const find = picker(model, (id) => set("item", id));
    const files = fileChooser(model, experimental, say, (file) => {
      if (blob) URL.revokeObjectURL(blob);
      blob = URL.createObjectURL(file);
    });
    const tools = make("div", "wb-similar-tools");
    tools.append(find.root, files);
    const filters = filterPanel(model);
    const span = spanInputs(model, set);
    const able = (trait, element) => isAnswered(model, trait) || element.classList.add("wb-unable");
    able("file", files), able("filters", filters.root), able("span", span.root);

    const weights = make("div", "wb-similar-weights");
    able("weights", weights);
    const table = make("table");
    const head = make("thead");
    const body = make("tbody");
    table.append(head, body);
    const scroll = make("div", "wb-similar-scroll");
    scroll.append(table);
    const pair = make("div", "wb-similar-pair");
    const columns = make("div", "wb-similar-columns");
    columns.append(scroll, pair);
    const source = make("div", "wb-muted wb-similar-source");
    const tagged = taggedSection(model, player, set);
    root.append(tools, query, filters.root, weights, problem, columns, source, tagged.root);

    const sendWeights = debounce((values) => set("weights", values), 80);
    // As many columns as fit: those that count most. The diagram of a pair has all of them.
    const columnNames = () => {
      const values = model.get("weights");
      const counted = model.get("dimensions").filter((name) => values[name]);
      const size = (name) => Math.abs(values[name]);
      const most = [...counted].sort((a, b) => size(b) - size(a)).slice(0, MOST_COLUMNS);
      return counted.filter((name) => most.includes(name));
    };
    const drawColumns = () => {
      const row = make("tr");
      row.append(make("th"), make("th", "", "Most related"), make("th", "", "Closer than"));
      for (const name of columnNames()) row.append(make("th", "", name));
      head.replaceChildren(row);
    };
    const drawHead = () => {
      const dimensions = model.get("dimensions");
      const values = { ...model.get("weights") };
      weights.replaceChildren(...dimensions.map((name) => weightSlider(name, values[name] ?? 0, (weight) => {
        values[name] = weight;
        sendWeights({ ...values });
      })));
      weights.hidden = !dimensions.length;
    };
    const drawQuery = () => {
      const item = model.get("query");
      const isFile = item.kind === "file";
      query.hidden = !item.title;
      query.replaceChildren();
      if (!item.title) return;
      const shown = isFile ? { ...item, blob } : item;
      query.append(player.button(shown), names({ ...shown, artist: isFile ? "a file of yours" : shown.artist, kind: isFile ? "song" : shown.kind }), span.root);
      span.draw();
    };
    const drawPair = () => {
      const item = model.get("results").find(({ id }) => id === selected);
      pair.hidden = !item;
      if (!item) return;
      const words = Object.fromEntries(Object.entries(item.percentiles).map(([name, share]) => [name, `> ${percent(share)}`]));
      const again = make("button", "", "Use as query");
      again.type = "button";
      again.addEventListener("click", () => set("item", item.id));
      pair.replaceChildren(make("div", "wb-similar-pair-title", item.title), make("div", "wb-muted", "and the query, by relevance (1 at the rim); below each dimension, how many others are further away"), kiviat(item.parts, words), again);
    };
    const select = (row, id, { focus = false } = {}) => {
      selected = id;
      for (const other of body.children) {
        const chosen = other === row;
        other.setAttribute("aria-selected", String(chosen));
        other.tabIndex = chosen ? 0 : -1;
      }
      if (focus) row.focus();
      drawPair();
    };
    const resultRow = (item) => {
      const row = make("tr");
      const closer = make("div", "wb-similar-relevance");
      closer.append(level(item.percentile, "wb-similar-bar"), make("span", "", percent(item.percentile)));
      closer.title = `relevance ${item.relevance.toFixed(2)}`;
      const named = names(item);
      if (item.by_machine) {
        const passes = make("div", "wb-muted wb-heard", `heard: ${item.by_machine}`);
        passes.title = "It passes the filters by what a machine heard";
        named.append(passes);
      }
      const cells = [player.button(item), named, closer];
      for (const name of columnNames()) {
        const cell = make("div", "wb-similar-part");
        cell.title = `${name}: relevance ${item.parts[name].toFixed(2)}`;
        cell.append(level(item.percentiles[name], "wb-similar-mini"), make("span", "wb-muted", percent(item.percentiles[name])));
        cells.push(cell);
      }
      for (const content of cells) {
        const cell = make("td");
        cell.append(content);
        row.append(cell);
      }
      row.addEventListener("click", () => select(row, item.id));
      row.addEventListener("keydown", (event) => {
        if (event.target !== row) return;
        const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
        if (next) next.workbenchSelect();
        else if (event.key === " ") row.querySelector(".wb-item-play").click();
        else if (event.key === "Enter") set("item", item.id);
        else return;
        event.preventDefault();
      });
      row.workbenchSelect = () => select(row, item.id, { focus: true });
      return row;
    };
    const drawResults = () => {
      const results = model.get("results");
      drawColumns();
      body.replaceChildren(...results.map(resultRow));
      columns.hidden = !results.length;
      const kept = Math.max(0, results.findIndex(({ id }) => id === selected));
      if (results.length) select(body.children[kept], results[kept].id);
      else drawPair();
    };
    const drawWords = () => {
      say(model.get("problem"));
      source.textContent = [model.get("note"), model.get("source")].filter(Boolean).join(" ");
      tools.hidden = !model.get("dimensions").length;
    };

    const watched = {
      dimensions: drawHead, query: drawQuery, span: span.draw, results: drawResults, found: find.fill,
      choices: filters.draw, filters: filters.draw, tags: tagged.draw, tagged: tagged.draw, problem: drawWords, source: drawWords, note: drawWords,
    };
    for (const [trait, draw] of Object.entries(watched)) model.on(`change:${trait}`, draw);
    for (const draw of new Set(Object.values(watched))) draw();
    root.workbenchPlayer = player; // what is playing, for tests and for the curious
    return () => {
      player.stop();
      player.audio.removeAttribute("src");
      if (blob) URL.revokeObjectURL(blob);
      for (const [trait, draw] of Object.entries(watched)) model.off(`change:${trait}`, draw);
    };
  },
};
