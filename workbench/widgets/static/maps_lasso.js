// Choosing items by drawing around them on a map, freely or by a box.

const LASSO_STEP = 3; // pixels between the points of its outline

class Lasso {
  constructor(map, x, y, isBox) {
    this.map = map;
    this.isBox = isBox;
    this.outline = [[x, y]];
  }

  /** Draw on to a place, in pixels of the map. */
  add(x, y) {
    if (this.isBox) return this.stretch(x, y);
    const [lastX, lastY] = this.outline.at(-1);
    if (Math.hypot(x - lastX, y - lastY) < LASSO_STEP) return;
    this.outline.push([x, y]);
    this.draw();
  }

  /** Make the outline a box from where it began to a place. */
  stretch(x, y) {
    const [left, top] = this.outline[0];
    this.outline = [[left, top], [x, top], [x, y], [left, y]];
    this.draw();
  }

  draw() {
    this.map.drawRings();
    const pen = this.map.rings.getContext("2d");
    pen.beginPath();
    this.outline.forEach(([x, y]) => pen.lineTo(x, y));
    pen.closePath();
    const { accent } = this.map.marks.colours;
    pen.globalAlpha = 0.12;
    pen.fillStyle = accent;
    pen.fill();
    pen.globalAlpha = 1;
    pen.setLineDash([5, 4]);
    pen.lineWidth = 1.5;
    pen.strokeStyle = accent;
    pen.stroke();
    pen.setLineDash([]);
  }

  /** The points of the map inside, of those that are shown and bright. */
  inside() {
    const { map } = this;
    const found = [];
    for (let i = 0; i < map.count; i++) {
      if (map.marks.state[i] === BRIGHT && isInside(map.place(i), this.outline)) found.push(i);
    }
    return found;
  }
}

/** Whether a place lies in a polygon: a ray from it crosses the outline an odd number of times. */
function isInside([x, y], outline) {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [x1, y1] = outline[i];
    const [x2, y2] = outline[j];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  }
  return inside;
}

/**
 * The line below the maps that tells of the chosen items: how many, clear, save, make a task.
 *
 * `actions`: draw(how) with "", "free" or "box", clear(), save(), makeTask(name) which promises
 * what to say, and null where none can be made.
 */
class Chosen {
  constructor({ draw, clear, save, makeTask }) {
    this.root = make("div", "wb-maps-chosen");
    const ways = { free: "Choose by drawing", box: "Choose by a box" };
    this.ways = Object.entries(ways).map(([how, words]) => {
      const way = button(words, () => {
        const isOn = way.getAttribute("aria-pressed") !== "true";
        for (const each of this.ways) each.setAttribute("aria-pressed", String(isOn && each === way));
        draw(isOn ? how : "");
      });
      way.setAttribute("aria-pressed", "false");
      return way;
    });
    this.ways[0].title = "Draw around points; or hold Shift while you drag, or press S on a point";
    this.count = make("span", "wb-muted");
    this.said = make("span", "wb-maps-said");
    this.said.setAttribute("role", "status");
    this.more = make("span", "wb-maps-more");
    this.more.append(button("Clear", clear), button("Save as CSV", save));
    if (makeTask) this.more.append(...this.task(makeTask));
    this.root.append(...this.ways, this.count, this.more, this.said);
    this.show(0);
  }

  /** A name and a button that make a rating task of the chosen songs. */
  task(makeTask) {
    const name = make("input");
    name.placeholder = "name of a rating task";
    name.setAttribute("aria-label", "Name of a rating task");
    name.maxLength = 80;
    const create = async () => {
      this.said.textContent = await makeTask(name.value);
    };
    name.addEventListener("keydown", (event) => {
      event.stopPropagation(); // letters are typed here and mean nothing else
      if (event.key === "Enter") create();
    });
    return [name, button("Make a rating task", create)];
  }

  show(count) {
    this.count.textContent = count ? `${count.toLocaleString("en")} chosen` : "";
    this.more.hidden = !count;
    this.said.textContent = "";
  }
}

function button(text, action) {
  const element = make("button", "", text);
  element.type = "button";
  element.addEventListener("click", action);
  return element;
}
