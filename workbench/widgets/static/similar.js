// A query, a weight per dimension, filters, and a list to listen to. Titles are only ever text.

const MOST_COLUMNS = 6; // beside titles, on a page of usual width
const TOO_MANY = "There are too many pieces to keep the neighbours of each in an export; the served page has them.";
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
    let adding = false; // whether what is picked next joins the query
    const find = picker(model, (id) => {
      if (adding) set("together", [...model.get("together"), id]);
      else set("item", id);
      expect(false);
    });
    const expect = (more) => {
      adding = more;
      const input = find.root.querySelector("input");
      input.placeholder = adding ? "Find a part to add to the query" : "Find a piece by title or artist";
      if (adding) input.focus();
    };
    const joined = joinedItems(model, set, () => expect(true));
    const files = fileChooser(model, experimental, say, (file) => {
      if (blob) URL.revokeObjectURL(blob);
      blob = URL.createObjectURL(file);
    });
    const tools = make("div", "wb-similar-tools");
    tools.append(find.root, files);
    const filters = filterPanel(model);
    const span = spanInputs(model, set);
    const able = (trait, element) => isAnswered(model, trait) || element.classList.add("wb-unable");
    able("file", files), able("filters", filters.root), able("span", span.root), able("together", joined.root);

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
    const source = make("div", "wb-source");
    const save = () => {
      const dimensions = model.get("dimensions");
      const columns = ["item_id", "title", "artist", "kind", "relevance", "closer than", ...dimensions];
      const rows = model.get("results").map(({ id, title, artist, kind, relevance, percentile, parts }) =>
        [id, title, artist, kind, relevance, percentile, ...dimensions.map((name) => parts[name])]);
      download("related.csv", csvOf(columns, rows));
    };
    const [words, saves] = sourceParts("", [["CSV", "Save this list as CSV", save]]);
    source.append(words, saves);
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
      query.append(player.button(shown), names({ ...shown, artist: isFile ? "a file of yours" : shown.artist, kind: isFile ? "song" : shown.kind }), joined.root, span.root);
      joined.root.hidden = isFile;
      joined.draw();
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
      const join = make("button", "", "Add to the query");
      join.type = "button";
      join.title = "Look for what is related to both, heard together";
      join.addEventListener("click", () => set("together", [...model.get("together"), item.id]));
      join.hidden = model.get("query").kind === "file";
      able("together", join);
      const buttons = make("div", "wb-similar-tools");
      buttons.append(again, join);
      pair.replaceChildren(make("div", "wb-similar-pair-title", item.title), make("div", "wb-muted", "and the query, by relevance (1 at the rim); below each dimension, how many others are further away"), kiviat(item.parts, words), buttons);
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
      columns.hidden = saves.hidden = !results.length;
      const kept = Math.max(0, results.findIndex(({ id }) => id === selected));
      if (results.length) select(body.children[kept], results[kept].id);
      else drawPair();
    };
    const drawWords = () => {
      say(model.get("problem"));
      words.textContent = [model.get("note"), model.get("source")].filter(Boolean).join(" ");
      tools.hidden = !model.get("dimensions").length;
    };

    const watched = {
      dimensions: drawHead, query: drawQuery, joined: joined.draw, span: span.draw, results: drawResults, found: find.fill,
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
