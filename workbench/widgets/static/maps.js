const KINDS = { song: "Songs", score: "Scores", track: "Tracks", submix: "Submixes" };
const HINT = "Click a point to hear it.";
const TRAILS = 300; // how many of those that moved most are followed

class MapsView {
  constructor(model, el, invoke) {
    this.model = model;
    this.invoke = invoke;
    this.root = make("div", "wb wb-maps");
    keepKeys(this.root);
    el.append(this.root);
    this.bar = new PlayBar(HINT);
    this.said = make("div", "wb-unseen");
    this.said.setAttribute("aria-live", "polite");
    this.cards = [];
    this.observer = new ResizeObserver(() => {
      if (!this.marks.colours) this.recolour(); // only now it stands on the page
      this.cards.forEach(({ map }) => map.resize());
    });
    this.forgetTheme = onTheme(() => this.recolour());
    this.events = {
      maps: () => this.build(),
      colours: () => this.recolour(),
      selected: () => this.select(this.place(model.get("selected"))),
      kinds: () => this.redraw(),
      chosen: () => this.showChosen(),
      near: () => this.showNear(),
      trails: () => this.showTrails(),
    };
    for (const [name, act] of Object.entries(this.events)) model.on(`change:${name}`, act);
    this.build();
  }

  // -- what is there ----------------------------------------------------------------------------

  build() {
    const { model } = this;
    this.observer.disconnect();
    this.items = { id: [], title: [], artist: [], kind: [], ...model.get("items") };
    this.places = new Map(this.items.id.map((id, i) => [id, i]));
    this.filters = new Map(); // by map: its pressed legend entries with their colours
    this.drawing = "";
    this.chosen = new Set(model.get("chosen"));
    this.marks = { hovered: -1, selected: this.place(model.get("selected")), state: new Uint8Array(0) };
    this.cards = model.get("maps").map((data) => new MapCard(data, this));
    if (!this.cards.length) {
      this.root.replaceChildren(make("div", "wb-note", model.get("note") || "There are no maps yet."));
      return;
    }
    this.grid = make("div", "wb-maps-grid");
    this.grid.append(...this.cards.map((card) => card.root));
    this.tip = make("div", "wb-maps-tip");
    this.tip.hidden = true;
    this.chosenLine = new Chosen({
      draw: (how) => (this.drawing = how),
      clear: () => this.choose([]),
      save: () => this.save("chosen", (i) => this.chosen.has(this.items.id[i])),
      makeTask: model.get("may_ask") && !exported() ? (name) => this.makeTask(name) : null,
    });
    this.near = new Near({
      play: (id) => this.listen(this.place(id)),
      point: (id) => this.hover(id === null ? -1 : this.place(id), this.cards[0], false, false),
    });
    const warning = make("div", "wb-note", model.get("note"));
    warning.hidden = !model.get("note");
    const parts = [warning, this.grid, this.controls(), this.chosenLine.root, this.bar.root];
    this.root.replaceChildren(...parts, this.near.root, this.footer(), this.tip, this.said);
    this.cards.forEach(({ map }) => this.observer.observe(map.root));
    this.recolour();
    this.showChosen();
    this.showNear();
    this.showTrails();
  }

  /** Below the maps: whether tracks are shown, the end of a filter, colours and trails. */
  controls() {
    const { model } = this;
    const row = make("div", "wb-maps-controls");
    this.boxes = [];
    this.counted = make("span", "wb-muted");
    this.clear = button("Show all", () => this.clearFilters());
    const kinds = [...new Set(this.items.kind)].sort();
    for (const kind of kinds.length > 1 ? kinds : []) {
      const label = make("label", "wb-maps-kind");
      const box = Object.assign(make("input"), { type: "checkbox", value: kind });
      box.onchange = () => {
        const wanted = this.boxes.filter((each) => each.checked).map((each) => each.value);
        if (wanted.length) this.send("kinds", wanted);
        else box.checked = true; // an empty map helps nobody
      };
      this.boxes.push(box);
      label.append(box, make("span", "", KINDS[kind] ?? kind));
      row.append(label);
    }
    row.append(this.counted, this.clear);
    const menus = make("span", "wb-maps-menus");
    const versions = model.get("versions");
    if (versions.length && isAnswered(model, "trails_from")) {
      const none = { value: "", label: "no trails" };
      const choices = [none, ...versions.map((name) => ({ value: name, label: `from ${name}` }))];
      menus.append(menu("Trails", choices, model.get("trails_from"), (value) => this.send("trails_from", value)));
    }
    const colours = model.get("colourings");
    if (colours.length > 1 && isAnswered(model, "colour")) {
      menus.append(menu("Colour", colours, model.get("colour"), (value) => this.send("colour", value)));
    }
    row.append(menus);
    return row;
  }

  /** What the maps rest on, and their data. */
  footer() {
    const line = make("div", "wb-source");
    const save = () => this.save("maps", () => true);
    line.append(...sourceParts(this.model.get("source"), [["CSV", "Save the places of all items as CSV", save]]));
    return line;
  }

  /** Save items that `wanted` picks, with their places and what the colours say. */
  save(name, wanted) {
    const { id, title, artist, kind } = this.items;
    const columns = ["item_id", "title", "artist", "kind"];
    for (const { dimension, shows } of this.cards) {
      columns.push(`${dimension} x`, `${dimension} y`, `${dimension}: ${shows}`);
    }
    const rows = id.flatMap((_, i) => {
      if (!wanted(i)) return [];
      const places = this.cards.flatMap(({ map, texts }) => [map.xy[2 * i], map.xy[2 * i + 1], texts.at(i)]);
      return [[id[i], title[i], artist[i], kind[i], ...places]];
    });
    download(`${name}.csv`, csvOf(columns, rows));
  }

  // -- how it looks -----------------------------------------------------------------------------

  readTheme() {
    const [ink, accent, surface] = themeColours(this.root, "--wb-ink", "--wb-accent", "--wb-surface");
    this.marks.colours = { ink, accent, surface };
  }

  recolour() {
    const colours = this.model.get("colours");
    if (!this.root.isConnected || colours.length !== this.cards.length) return;
    this.readTheme();
    this.filters.clear(); // their entries are gone
    this.cards.forEach((card, i) => card.colour(colours[i]));
    this.redraw();
  }

  redraw() {
    if (!this.marks.colours) return;
    const kinds = new Set(this.model.get("kinds"));
    const { id } = this.items;
    let [shown, bright] = [0, 0];
    const filters = [...this.filters].map(([{ map }, entries]) => {
      const wanted = new Set([...entries.values()].flat());
      return (i) => wanted.has(map.colour[i]);
    });
    this.marks.state = Uint8Array.from(id, (each, i) => {
      if (!kinds.has(this.items.kind[i])) return 0;
      shown += 1;
      if (!filters.every((passes) => passes(i))) return FADED;
      if (this.chosen.size && !this.chosen.has(each)) return FADED;
      bright += 1;
      return BRIGHT;
    });
    const count = (number) => number.toLocaleString("en");
    this.counted.textContent = filters.length ? `${count(bright)} of ${count(shown)} items` : `${count(shown)} items`;
    this.clear.hidden = !filters.length;
    for (const box of this.boxes) box.checked = kinds.has(box.value);
    this.cards.forEach(({ map }) => map.width && map.draw());
  }

  /**
   * Press a legend entry, or let it go. Entries of one map add up; entries of two maps have to hold
   * together, unless all maps show the same colours.
   */
  filterBy(card, entry, colours) {
    if (this.model.get("colour").length && !this.filters.has(card)) this.clearFilters();
    const entries = this.filters.get(card) ?? new Map();
    if (!entries.delete(entry)) entries.set(entry, colours);
    entry.setAttribute("aria-pressed", String(entries.has(entry)));
    if (entries.size) this.filters.set(card, entries);
    else this.filters.delete(card);
    this.redraw();
  }

  clearFilters() {
    for (const entries of this.filters.values()) {
      for (const entry of entries.keys()) entry.setAttribute("aria-pressed", "false");
    }
    this.filters.clear();
    this.redraw();
  }

  enlarge(card) {
    this.hover(-1);
    const isLarge = !card.isLarge;
    for (const each of this.cards) if (each.isLarge || each === card) each.setLarge(isLarge && each === card);
  }

  showTrails() {
    const trails = this.model.get("trails");
    this.cards.forEach(({ map }, i) => {
      const data = trails[i];
      const moved = data && floats(data.moved);
      const order = moved && [...moved.keys()].filter((at) => moved[at] > 0).sort((a, b) => moved[b] - moved[a]);
      map.trails = data ? { before: floats(data.xy), which: order.slice(0, TRAILS) } : null;
      if (map.width) map.draw();
    });
  }

  // -- items ------------------------------------------------------------------------------------

  place(id) {
    return this.places?.get(id) ?? -1;
  }

  /** Mark an item on all maps, and describe it on one of them. */
  hover(i, card, aloud = false, described = true) {
    this.tip.hidden = i < 0 || !described;
    this.grid.classList.toggle("wb-over-point", i >= 0);
    if (i >= 0) {
      const { title, artist } = this.items;
      const text = card.texts.at(i);
      describe(this.tip, title[i], artist[i], card.shows, text);
      placeTip(this.tip, card.map.place(i), card.map.root, this.root);
      if (aloud) this.said.textContent = `${title[i]}, ${artist[i]}, ${text}`;
    }
    if (i === this.marks.hovered) return;
    this.marks.hovered = i;
    this.cards.forEach(({ map }) => map.drawRings());
  }

  /** Play an item and make it the selected one. */
  play(i) {
    if (i < 0) return;
    this.listen(i);
    this.select(i);
    this.send("selected", this.items.id[i]);
  }

  listen(i) {
    if (i < 0) return;
    const { id, title, artist } = this.items;
    this.bar.play(this.model.get("route") + id[i], title[i], artist[i]);
  }

  select(i) {
    this.marks.selected = i;
    this.showNear();
  }

  /** The neighbours of the selected item: lists below the maps, and lines on each. */
  showNear() {
    if (!this.cards.length) return;
    const i = this.marks.selected;
    const { id, title, artist } = this.items;
    const lists = i < 0 ? undefined : this.model.get("near")[id[i]];
    const named = (other) => {
      const at = this.place(other);
      return at < 0 ? { title: `item ${other}`, artist: "" } : { title: title[at], artist: artist[at] };
    };
    this.near.show(title[i] ?? "", lists, named);
    for (const { map, dimension } of this.cards) {
      map.near = (lists?.[dimension] ?? []).map(([other]) => this.place(other)).filter((at) => at >= 0);
      if (map.width) map.drawRings();
    }
  }

  // -- chosen items -----------------------------------------------------------------------------

  beginDrawing() {
    this.chosen = new Set(); // every drawing begins anew
    this.redraw();
  }

  /** Choose items by their places in the list, on all maps. */
  choose(places) {
    this.send("chosen", places.map((i) => this.items.id[i]));
    this.showChosen();
  }

  showChosen() {
    this.chosen = new Set(this.model.get("chosen"));
    if (!this.cards.length) return;
    this.chosenLine.show(this.chosen.size);
    this.redraw();
  }

  /** Add an item to the chosen ones, or take it out. */
  toggleChosen(i) {
    const chosen = new Set(this.chosen);
    if (!chosen.delete(this.items.id[i])) chosen.add(this.items.id[i]);
    this.choose([...this.places].flatMap(([id, place]) => (chosen.has(id) ? [place] : [])));
  }

  async makeTask(name) {
    try {
      const signal = AbortSignal.timeout(8000);
      const [reply] = await this.invoke("_make_task", { name }, { signal });
      return reply.said;
    } catch {
      return "Python does not answer; open the page again.";
    }
  }

  send(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  close() {
    this.observer.disconnect();
    this.forgetTheme();
    this.bar.close();
    for (const [name, act] of Object.entries(this.events)) this.model.off(`change:${name}`, act);
  }
}

export default {
  render({ model, el, experimental }) {
    const view = new MapsView(model, el, experimental.invoke);
    return () => view.close();
  },
};
