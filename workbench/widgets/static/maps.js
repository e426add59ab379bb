const HINT = "Click a point to hear it.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The tooltip of the map under the pointer. Everything in it comes from files: text only. */
function describe(tip, title, artist, shows, tag) {
  tip.replaceChildren(make("strong", "", title));
  if (artist) tip.append(make("span", "", artist));
  tip.append(make("span", "wb-muted", tag ? `${capital(shows)}: ${tag}` : `No ${shows} tag`));
}

/** The legend of one map; `pick` is called with the colours of a clicked entry. */
function legendOf(legend, palette, pick) {
  const root = make("div", "wb-legend");
  if (legend.scale) {
    const { low, high, stops } = legend.scale;
    const bar = make("span", "wb-legend-scale");
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    root.append(make("span", "", low), bar, make("span", "", high));
  }
  for (const { label, colours, count } of legend.entries ?? []) {
    const entry = make("button", "wb-legend-entry");
    entry.type = "button";
    entry.title = `${label}: ${count}. Click to see where these lie on all maps.`;
    entry.setAttribute("aria-pressed", "false");
    const swatch = make("i");
    const [first, last] = [palette[colours[0]], palette[colours.at(-1)]];
    swatch.style.background = first === last ? first : `linear-gradient(135deg, ${first} 50%, ${last} 50%)`;
    entry.append(swatch, make("span", "", label));
    entry.onclick = () => pick(entry, colours);
    root.append(entry);
  }
  if (legend.note) root.append(make("span", "wb-muted", `(${legend.note})`));
  return root;
}

/** What all maps are coloured by: `choices` in their groups, `change` gets the chosen value. */
function colourChooser(choices, value, change) {
  const label = make("label", "wb-maps-colour", "Colour");
  const select = make("select");
  const groups = new Map();
  choices.forEach((choice, place) => {
    const option = Object.assign(make("option", "", choice.label), { value: String(place) });
    if (!choice.group) return select.append(option);
    if (!groups.has(choice.group)) {
      groups.set(choice.group, Object.assign(make("optgroup"), { label: choice.group }));
      select.append(groups.get(choice.group));
    }
    groups.get(choice.group).append(option);
  });
  const same = (other) => JSON.stringify(other) === JSON.stringify(value);
  select.value = String(Math.max(0, choices.findIndex((choice) => same(choice.value))));
  select.onchange = () => change(choices[Number(select.value)].value);
  label.append(select);
  return label;
}

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
    this.observer = new ResizeObserver(() => this.maps.forEach((map) => map.resize()));
    this.onData = () => this.build();
    this.onSelected = () => this.select(this.items.id.indexOf(model.get("selected")));
    this.onKind = () => this.redraw();
    model.on("change:maps", this.onData);
    model.on("change:selected", this.onSelected);
    model.on("change:kind", this.onKind);
    this.onChosen = () => this.showChosen();
    model.on("change:chosen", this.onChosen);
    this.build();
  }

  build() {
    const { model } = this;
    this.observer.disconnect();
    this.items = { id: [], title: [], artist: [], kind: [], ...model.get("items") };
    this.filter = null;
    this.maps = [];
    const view = this;
    this.marks = {
      hovered: -1,
      selected: this.items.id.indexOf(model.get("selected")),
      shown: (i) => !view.kindShown || view.items.kind[i] === view.kindShown,
      bright: (i) =>
        (!view.filter || view.filter.colours.includes(view.filter.map.colour[i])) &&
        (!view.chosen.size || view.chosen.has(view.items.id[i])),
    };
    this.chosen = new Set(model.get("chosen"));
    this.kindShown = model.get("kind");
    if (!model.get("maps").length) {
      this.root.replaceChildren(make("div", "wb-note", model.get("note") || "There are no maps yet."));
      return;
    }
    this.grid = make("div", "wb-maps-grid");
    this.tip = make("div", "wb-maps-tip");
    this.tip.hidden = true;
    for (const data of model.get("maps")) this.grid.append(this.card(data));
    this.chosenLine = new Chosen({
      draw: (isOn) => (this.drawing = isOn),
      clear: () => this.choose([]),
      makeTask: exported() ? null : (name) => this.makeTask(name),
    });
    const below = [this.controls(), this.chosenLine.root, this.bar.root];
    this.root.replaceChildren(this.grid, ...below, this.tip, this.said);
    this.maps.forEach((map) => this.observer.observe(map.root));
    this.chosenLine.show(this.chosen.size);
    this.redraw();
    if (this.refocus) this.root.querySelector(".wb-maps-colour select")?.focus({ preventScroll: true });
    this.refocus = false;
  }

  /** Choose items by their places in the list, on all maps. */
  choose(places) {
    this.send("chosen", places.map((i) => this.items.id[i]));
    this.showChosen();
  }

  showChosen() {
    this.chosen = new Set(this.model.get("chosen"));
    if (!this.maps.length) return;
    this.chosenLine.show(this.chosen.size);
    this.redraw();
  }

  /** Add an item to the chosen ones, or take it out. */
  toggleChosen(i) {
    const id = this.items.id[i];
    const chosen = new Set(this.chosen);
    if (!chosen.delete(id)) chosen.add(id);
    this.choose(this.items.id.flatMap((each, place) => (chosen.has(each) ? [place] : [])));
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

  /** Below the maps: whether tracks are shown, and how to end a filter. */
  controls() {
    const row = make("div", "wb-maps-controls");
    const kinds = new Set(this.items.kind);
    this.counted = make("span", "wb-muted");
    this.clear = make("button", "", "Show all");
    this.clear.type = "button";
    this.clear.onclick = () => this.setFilter(null);
    if (kinds.size > 1) {
      const label = make("label", "wb-maps-tracks");
      this.tracks = make("input");
      this.tracks.type = "checkbox";
      this.tracks.onchange = () => this.send("kind", this.tracks.checked ? null : "song");
      label.append(this.tracks, make("span", "", "Show tracks too"));
      row.append(label);
    }
    row.append(this.counted, this.clear);
    const choices = this.model.get("colourings");
    if (choices.length > 1 && isAnswered(this.model, "colour")) {
      row.append(colourChooser(choices, this.model.get("colour"), (value) => {
        this.refocus = true; // the maps are built again
        this.send("colour", value);
      }));
    }
    return row;
  }

  /** One map with its title and legend. */
  card(data) {
    const map = new ScatterMap(data, this.marks);
    const index = this.maps.push(map) - 1;
    const card = make("section", "wb-map");
    const head = make("div", "wb-map-head");
    const enlarge = make("button", "wb-map-enlarge", "Enlarge");
    enlarge.type = "button";
    enlarge.onclick = () => this.enlarge(card, enlarge);
    const hint = make("span", "wb-map-hint wb-muted", "Scroll to zoom, drag to move");
    head.append(make("h3", "", capital(data.dimension)), hint, enlarge);
    const legend = legendOf(data.legend, data.palette, (entry, colours) =>
      this.setFilter(this.filter?.entry === entry ? null : { map, entry, colours }),
    );
    card.append(head, map.root, legend);
    this.wire(map, data, card);
    map.root.tabIndex = 0;
    map.root.dataset.map = String(index);
    map.root.setAttribute("role", "application");
    map.root.setAttribute("aria-label", `Map of ${data.dimension}: arrows move, Enter plays, S chooses, Escape stops`);
    return card;
  }

  wire(map, data, card) {
    const plot = map.root;
    let drag = null;
    let lasso = null;
    const large = () => card.classList.contains("wb-map-large");
    const at = (event) => {
      const box = plot.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    plot.onpointermove = (event) => {
      if (lasso) return lasso.add(...at(event));
      if (drag) {
        drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
        if (drag.moved && large()) map.pan(event.movementX, event.movementY);
        if (drag.moved) return this.hover(-1);
      }
      this.hover(map.nearest(...at(event)), map, data);
    };
    plot.onpointerleave = () => this.hover(-1);
    plot.onpointerdown = (event) => {
      drag = { x: event.clientX, y: event.clientY, moved: false };
      if (!event.shiftKey && !this.drawing) return;
      plot.setPointerCapture(event.pointerId);
      this.hover(-1);
      this.chosen = new Set(); // every drawing begins anew
      this.redraw();
      lasso = new Lasso(map, ...at(event));
      drag.moved = true; // what follows is no click
    };
    plot.onpointerup = plot.onpointercancel = () => {
      if (lasso) this.choose(lasso.outline.length > 2 ? lasso.inside() : []);
      lasso = null;
      setTimeout(() => (drag = null));
    };
    plot.onclick = (event) => {
      if (drag?.moved) return;
      const { hovered } = this.marks; // what the tooltip says is what is heard
      this.play(hovered >= 0 ? hovered : map.nearest(...at(event)));
    };
    plot.ondblclick = () => large() && map.zoomAt(0, 0, 0);
    plot.addEventListener("wheel", (event) => {
      if (!large()) return; // a small map must not hold up the page
      event.preventDefault();
      map.zoomAt(...at(event), Math.exp(-event.deltaY / 300));
      this.hover(-1);
    }, { passive: false });
    plot.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { hovered, selected } = this.marks;
      const from = hovered >= 0 ? hovered : selected;
      if (ARROWS[event.key]) this.hover(map.neighbour(from, ARROWS[event.key]), map, data, true);
      else if (event.key === "Enter" || event.key === " ") this.play(from);
      else if (event.key === "Escape") this.bar.stop();
      else if (event.key.toLowerCase() === "s" && from >= 0) this.toggleChosen(from);
      else return;
      event.preventDefault();
    };
  }

  /** Mark an item on all maps and describe it where the pointer is. */
  hover(i, map, data, aloud = false) {
    this.tip.hidden = i < 0;
    this.grid.classList.toggle("wb-over-point", i >= 0);
    if (i >= 0) {
      const { title, artist } = this.items;
      describe(this.tip, title[i], artist[i], data.shows, data.texts[i]);
      const [x, y] = map.place(i);
      const [box, own] = [map.root.getBoundingClientRect(), this.root.getBoundingClientRect()];
      const left = box.left - own.left + x;
      const width = this.tip.offsetWidth;
      this.tip.style.left = `${Math.max(0, Math.min(left - width / 2, own.width - width))}px`;
      this.tip.style.top = `${box.top - own.top + y - this.tip.offsetHeight - 16}px`;
      if (aloud) this.said.textContent = `${title[i]}, ${artist[i]}, ${data.texts[i]}`;
    }
    if (i === this.marks.hovered) return;
    this.marks.hovered = i;
    this.maps.forEach((each) => each.drawRings());
  }

  play(i) {
    if (i < 0) return;
    const { id, title, artist } = this.items;
    this.bar.play(this.model.get("route") + id[i], title[i], artist[i]);
    this.select(i);
    this.send("selected", id[i]);
  }

  select(i) {
    this.marks.selected = i;
    this.maps.forEach((map) => map.drawRings());
  }

  /** Keep the items of one legend entry bright on all maps; null ends it. */
  setFilter(filter) {
    this.filter?.entry.setAttribute("aria-pressed", "false");
    filter?.entry.setAttribute("aria-pressed", "true");
    this.filter = filter;
    this.redraw();
  }

  redraw() {
    this.kindShown = this.model.get("kind");
    if (!this.maps.length) return;
    let shown = 0;
    let bright = 0;
    this.items.id.forEach((_, i) => {
      if (!this.marks.shown(i)) return;
      shown += 1;
      bright += this.marks.bright(i);
    });
    this.counted.textContent = this.filter ? `${bright} of ${shown} items` : `${shown} items`;
    this.clear.hidden = !this.filter;
    if (this.tracks) this.tracks.checked = !this.kindShown;
    this.maps.forEach((map) => map.width && map.draw());
  }

  enlarge(card, button) {
    this.hover(-1);
    const large = card.classList.toggle("wb-map-large");
    for (const other of this.grid.querySelectorAll(".wb-map-large")) {
      if (other !== card) other.querySelector(".wb-map-enlarge").click();
    }
    button.textContent = large ? "Shrink" : "Enlarge";
    const map = this.maps[Number(card.querySelector("[data-map]").dataset.map)];
    map.zoom = { scale: 1, x: 0, y: 0 };
    map.resize();
  }

  send(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  close() {
    this.observer.disconnect();
    this.bar.close();
    this.model.off("change:maps", this.onData);
    this.model.off("change:selected", this.onSelected);
    this.model.off("change:kind", this.onKind);
    this.model.off("change:chosen", this.onChosen);
  }
}

export default {
  render({ model, el, experimental }) {
    const view = new MapsView(model, el, experimental.invoke);
    return () => view.close();
  },
};
