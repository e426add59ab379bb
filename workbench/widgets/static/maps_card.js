// One map with its title, its legend, and what pointer and keys do on it.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class MapCard {
  /** `data` is one map as Python sends it; `view` the widget, which all its cards share. */
  constructor(data, view) {
    this.view = view;
    this.dimension = data.dimension;
    this.map = new ScatterMap(floats(data.xy), view.marks);
    this.root = make("section", "wb-map");
    this.legend = make("div");
    this.root.append(this.head(data), this.map.root, this.legend);
    this.name(data);
    this.wire();
  }

  head({ dimension, quality }) {
    const head = make("div", "wb-map-head");
    const hint = make("span", "wb-map-hint wb-muted", "Scroll to zoom, drag to move");
    const trust = make("span", "wb-map-quality wb-muted", quality);
    trust.title =
      "Trustworthiness: how far neighbours on the map are neighbours in the subspace. " +
      "Continuity: how far neighbours in the subspace are neighbours on the map. 1 is perfect.";
    this.button = button("Enlarge", () => this.view.enlarge(this));
    this.button.className = "wb-map-enlarge";
    head.append(make("h3", "", capital(dimension)), trust, hint, this.button);
    return head;
  }

  name({ dimension }) {
    const plot = this.map.root;
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    const keys = "arrows move, Enter plays, plus and minus zoom, S chooses, Escape stops";
    plot.setAttribute("aria-label", `Map of ${dimension}: ${keys}`);
  }

  /** Colour the points, and say in the legend what the colours mean. */
  colour({ shows, palette, colour, texts, legend }) {
    this.shows = shows;
    this.texts = new Texts(texts);
    const seen = onPage(palette, this.view.marks.colours.ink);
    this.map.paintWith(seen, new Uint8Array(colour.buffer, colour.byteOffset, colour.byteLength));
    const made = legendOf(legend, seen, (entry, colours) => this.view.filterBy(this, entry, colours));
    this.legend.replaceWith(made);
    this.legend = made;
  }

  get isLarge() {
    return this.root.classList.contains("wb-map-large");
  }

  setLarge(isLarge) {
    this.root.classList.toggle("wb-map-large", isLarge);
    this.button.textContent = isLarge ? "Shrink" : "Enlarge";
    this.map.zoom = { scale: 1, x: 0, y: 0 };
    this.map.resize();
  }

  wire() {
    const { map, view } = this;
    const plot = map.root;
    let drag = null;
    let lasso = null;
    const at = (event) => {
      const box = plot.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    plot.onpointermove = (event) => {
      if (lasso) return lasso.add(...at(event));
      if (drag) {
        drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
        if (drag.moved && this.isLarge) map.pan(event.movementX, event.movementY);
        if (drag.moved) return view.hover(-1);
      }
      view.hover(map.nearest(...at(event)), this);
    };
    plot.onpointerleave = () => view.hover(-1);
    plot.onpointerdown = (event) => {
      drag = { x: event.clientX, y: event.clientY, moved: false };
      if (!event.shiftKey && !view.drawing) return;
      plot.setPointerCapture(event.pointerId);
      view.hover(-1);
      view.beginDrawing();
      lasso = new Lasso(map, ...at(event), view.drawing === "box");
      drag.moved = true; // what follows is no click
    };
    plot.onpointerup = plot.onpointercancel = () => {
      if (lasso) view.choose(lasso.outline.length > 2 ? lasso.inside() : []);
      lasso = null;
      setTimeout(() => (drag = null));
    };
    plot.onclick = (event) => {
      if (drag?.moved) return;
      const { hovered } = view.marks; // what the tooltip says is what is heard
      view.play(hovered >= 0 ? hovered : map.nearest(...at(event)));
    };
    plot.ondblclick = () => this.isLarge && map.zoomAt(0, 0, 0);
    plot.addEventListener("wheel", (event) => {
      if (!this.isLarge) return; // a small map must not hold up the page
      event.preventDefault();
      map.zoomAt(...at(event), Math.exp(-event.deltaY / 300));
      view.hover(-1);
    }, { passive: false });
    plot.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.key(event.key)) event.preventDefault();
    };
  }

  /** Do what a key asks for; whether it asks for anything. */
  key(key) {
    const { map, view } = this;
    const { hovered, selected } = view.marks;
    const from = hovered >= 0 ? hovered : selected;
    const middle = from >= 0 ? map.place(from) : [map.width / 2, map.height / 2];
    if (ARROWS[key]) view.hover(map.neighbour(from, ARROWS[key]), this, true);
    else if (key === "Enter" || key === " ") view.play(from);
    else if (key === "Escape") view.bar.stop();
    else if (key === "+" || key === "=") map.zoomAt(...middle, 1.4);
    else if (key === "-") map.zoomAt(...middle, 1 / 1.4);
    else if (key.toLowerCase() === "s" && from >= 0) view.toggleChosen(from);
    else return false;
    return true;
  }
}
