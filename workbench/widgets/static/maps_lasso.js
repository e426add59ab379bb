// Choosing items by drawing around them on a map.

const LASSO_STEP = 3; // pixels between the points of its outline

class Lasso {
  constructor(map, x, y) {
    this.map = map;
    this.outline = [[x, y]];
  }

  /** Draw on to a place, in pixels of the map. */
  add(x, y) {
    const [lastX, lastY] = this.outline.at(-1);
    if (Math.hypot(x - lastX, y - lastY) < LASSO_STEP) return;
    this.outline.push([x, y]);
    this.draw();
  }

  draw() {
    this.map.drawRings();
    const pen = this.map.rings.getContext("2d");
    pen.beginPath();
    this.outline.forEach(([x, y]) => pen.lineTo(x, y));
    pen.closePath();
    pen.fillStyle = "rgb(0 114 178 / 12%)";
    pen.fill();
    pen.setLineDash([5, 4]);
    pen.lineWidth = 1.5;
    pen.strokeStyle = "#0072b2";
    pen.stroke();
    pen.setLineDash([]);
  }

  /** The points of the map inside, of those that are shown and bright. */
  inside() {
    const { map } = this;
    const found = [];
    for (let i = 0; i < map.count; i++) {
      if (map.marks.shown(i) && map.marks.bright(i) && isInside(map.place(i), this.outline)) {
        found.push(i);
      }
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
 * The line below the maps that tells of the chosen items: how many, clear, make a task of them.
 *
 * `actions`: draw(isOn), clear(), makeTask(name) which promises what to say, null without Python.
 */
class Chosen {
  constructor({ draw, clear, makeTask }) {
    this.root = make("div", "wb-maps-chosen");
    this.drawing = button("Choose by drawing", () => {
      const isOn = this.drawing.getAttribute("aria-pressed") !== "true";
      this.drawing.setAttribute("aria-pressed", String(isOn));
      draw(isOn);
    });
    this.drawing.setAttribute("aria-pressed", "false");
    this.drawing.title = "Draw around points; or hold Shift while you drag, or press S on a point";
    this.count = make("span", "wb-muted");
    this.name = make("input");
    this.name.placeholder = "name of a rating task";
    this.name.setAttribute("aria-label", "Name of a rating task");
    this.name.maxLength = 80;
    const create = async () => {
      this.said.textContent = await makeTask(this.name.value);
    };
    this.name.addEventListener("keydown", (event) => {
      event.stopPropagation(); // letters are typed here and mean nothing else
      if (event.key === "Enter") create();
    });
    this.said = make("span", "wb-maps-said");
    this.said.setAttribute("role", "status");
    this.more = make("span", "wb-maps-more");
    this.more.append(button("Clear", clear));
    if (makeTask) this.more.append(this.name, button("Make a rating task", create));
    this.root.append(this.drawing, this.count, this.more, this.said);
    this.show(0);
  }

  show(count) {
    this.count.textContent = count ? `${count} chosen` : "";
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
