// One map on two canvases: the points, and above them the rings of hovered and selected items.

const REACH = 14; // pixels from the pointer within which a point is meant
const FADED = 0.1;
const ROUNDS = 16;

class ScatterMap {
  /**
   * `data` is one map as Python sends it: xy (float32 pairs), colour (uint8 per point), palette. `marks` says, for every draw, which points are drawn (`shown`),
   * which stand out (`bright`), and which are `hovered` and `selected` (an index or -1).
   */
  constructor(data, marks) {
    this.marks = marks;
    this.palette = data.palette;
    this.colour = new Uint8Array(data.colour.buffer, data.colour.byteOffset, data.colour.byteLength);
    this.xy = new Float32Array(data.xy.buffer.slice(data.xy.byteOffset, data.xy.byteOffset + data.xy.byteLength));
    this.count = this.colour.length;
    this.extent = [0, 1].map((axis) => {
      let [low, high] = [Infinity, -Infinity];
      for (let i = axis; i < this.xy.length; i += 2) {
        low = Math.min(low, this.xy[i]);
        high = Math.max(high, this.xy[i]);
      }
      return { middle: (low + high) / 2, span: high - low || 1 };
    });
    this.zoom = { scale: 1, x: 0, y: 0 };
    this.root = make("div", "wb-map-plot");
    this.points = make("canvas");
    this.rings = make("canvas");
    this.root.append(this.points, this.rings);
  }

  get radius() {
    const base = Math.min(5, Math.max(1.2, 140 / Math.sqrt(this.count)));
    return base * Math.min(2, Math.max(1, Math.sqrt(this.width / 380))) * Math.sqrt(Math.min(this.zoom.scale, 4));
  }

  /** Fit the canvases to their place on the page. */
  resize() {
    const ratio = globalThis.devicePixelRatio || 1;
    this.width = this.root.clientWidth;
    this.height = this.root.clientHeight;
    for (const canvas of [this.points, this.rings]) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(this.height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.draw();
  }

  /** Where point `i` lies, in pixels; both axes have the same scale, so distances are true. */
  place(i) {
    const [across, up] = this.extent;
    const { scale, x, y } = this.zoom;
    const unit = Math.min((this.width - 36) / across.span, (this.height - 36) / up.span) * scale;
    return [
      this.width / 2 + (this.xy[2 * i] - across.middle) * unit + x,
      this.height / 2 - (this.xy[2 * i + 1] - up.middle) * unit + y,
    ];
  }

  draw() {
    const context = this.points.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    this.drawPoints(context, FADED, (i) => !this.marks.bright(i));
    this.drawPoints(context, 0.85, (i) => this.marks.bright(i));
    this.drawRings();
  }

  /**
   * Draw the shown points that `wanted` picks. One path per colour is what is fast; several
   * rounds keep the colour that is drawn last from covering the others.
   */
  drawPoints(context, alpha, wanted) {
    context.globalAlpha = alpha;
    for (let round = 0; round < ROUNDS; round++) {
      const paths = new Map();
      for (let i = round; i < this.count; i += ROUNDS) {
        if (this.marks.shown(i) && wanted(i)) this.addDot(paths, i);
      }
      for (const [colour, path] of paths) {
        context.fillStyle = this.palette[colour];
        context.fill(path);
      }
    }
  }

  addDot(paths, i) {
    const [x, y] = this.place(i);
    const radius = this.radius;
    if (x < -radius || y < -radius || x > this.width + radius || y > this.height + radius) return;
    let path = paths.get(this.colour[i]);
    if (!path) paths.set(this.colour[i], (path = new Path2D()));
    if (radius < 2) {
      path.rect(x - radius, y - radius, 2 * radius, 2 * radius); // a dot by eye, far faster
    } else {
      path.moveTo(x + radius, y);
      path.arc(x, y, radius, 0, 2 * Math.PI);
    }
  }

  drawRings() {
    const context = this.rings.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    const { selected, hovered } = this.marks;
    if (selected >= 0) this.ring(context, selected, "#0072b2", 6);
    if (hovered >= 0) this.ring(context, hovered, "#1f2933", 3.5);
  }

  ring(context, i, colour, gap) {
    const [x, y] = this.place(i);
    const radius = Math.max(this.radius, 3.5);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = this.palette[this.colour[i]];
    context.fill();
    for (const [width, style] of [[5, "#ffffff"], [2.2, colour]]) {
      context.beginPath();
      context.arc(x, y, radius + gap, 0, 2 * Math.PI);
      context.lineWidth = width;
      context.strokeStyle = style;
      context.stroke();
    }
  }

  /** The point nearest to a place in pixels, -1 when none is near. */
  nearest(x, y) {
    return this.best((px, py) => {
      const distance = Math.hypot(px - x, py - y);
      return distance <= REACH ? distance : Infinity;
    });
  }

  /** The next point from `i` in a direction such as [1, 0]; straight ahead counts most. */
  neighbour(i, [dx, dy]) {
    if (i < 0) return this.best((x, y) => Math.hypot(x - this.width / 2, y - this.height / 2));
    const [x, y] = this.place(i);
    const found = this.best((px, py, point) => {
      const ahead = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      return point === i || ahead <= 0 || aside > 2 * ahead ? Infinity : ahead + 2 * aside;
    });
    return found < 0 ? i : found;
  }

  best(cost) {
    let found = -1;
    let least = Infinity;
    for (let i = 0; i < this.count; i++) {
      if (!this.marks.shown(i) || !this.marks.bright(i)) continue;
      const [x, y] = this.place(i);
      const value = cost(x, y, i);
      if (value < least) [found, least] = [i, value];
    }
    return found;
  }

  /** Zoom by `factor` around a place in pixels. */
  zoomAt(x, y, factor) {
    const zoom = this.zoom;
    const scale = Math.min(40, Math.max(1, zoom.scale * factor));
    const real = scale / zoom.scale;
    const [cx, cy] = [x - this.width / 2, y - this.height / 2];
    this.moveTo(scale, cx - (cx - zoom.x) * real, cy - (cy - zoom.y) * real);
  }

  pan(dx, dy) {
    this.moveTo(this.zoom.scale, this.zoom.x + dx, this.zoom.y + dy);
  }

  /** Show the map moved and scaled, but never without any of it in view. */
  moveTo(scale, x, y) {
    const reach = scale === 1 ? 0 : (scale * Math.min(this.width, this.height)) / 2;
    const within = (value) => Math.min(reach, Math.max(-reach, value));
    this.zoom = { scale, x: within(x), y: within(y) };
    this.draw();
  }
}
