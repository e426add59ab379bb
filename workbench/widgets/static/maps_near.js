// The nearest neighbours of the selected item, one list per dimension.

class Near {
  /** `play(id)` and `point(id or null)` are called for the entry pressed, and under the pointer. */
  constructor({ play, point }) {
    this.root = make("section", "wb-near");
    this.root.hidden = true;
    this.actions = { play, point };
  }

  /** Show lists of [id, relevance] by dimension; `named(id)` gives a title and an artist. */
  show(title, lists, named) {
    const columns = Object.entries(lists ?? {});
    this.root.hidden = !columns.length;
    const head = make("h3", "", "Nearest to ");
    head.append(make("em", "", title));
    const grid = make("div", "wb-near-grid");
    for (const [dimension, found] of columns) {
      const column = make("div");
      column.append(make("h4", "", capital(dimension)));
      const list = make("ol");
      for (const [id, relevance] of found) list.append(this.entry(id, relevance, named(id)));
      column.append(found.length ? list : make("p", "wb-muted", "Nothing else is on this map."));
      grid.append(column);
    }
    const how = "Found in each subspace itself, not on its map. 100 % is as close as can be.";
    this.root.replaceChildren(head, make("p", "wb-muted", how), grid);
  }

  entry(id, relevance, { title, artist }) {
    const line = make("li");
    const button = Object.assign(make("button", "wb-near-item"), { type: "button" });
    button.title = artist ? `${title} – ${artist}` : title;
    button.append(make("span", "", title), make("b", "", `${Math.round(100 * relevance)} %`));
    button.setAttribute("aria-label", `Play ${title}, ${Math.round(100 * relevance)} percent`);
    button.onclick = () => this.actions.play(id);
    button.onpointerenter = button.onfocus = () => this.actions.point(id);
    button.onpointerleave = button.onblur = () => this.actions.point(null);
    line.append(button);
    return line;
  }
}
