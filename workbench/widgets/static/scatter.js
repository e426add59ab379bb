// One map on two canvases: the points, and above them what is hovered, selected and near.

const REACH = 14; // pixels from the pointer within which a point is meant

class ScatterMap {
  /**
   * `xy` holds float32 pairs. `marks` says, for every draw: the `state` of each point (not drawn,
   * faded, bright), which are `hovered` and `selected` (an index or -1), and the page's `colours`
   * (ink, accent, surface).
   */
  constructor(xy, marks) {
    this.marks = marks;
    this.xy = xy;
    this.count = xy.length / 2;
    this.extent = [0, 1].map((axis) => {
      let [low, high] = [Infinity, -Infinity];
      for (let i = axis; i < xy.length; i += 2) {
        low = Math.min(low, xy[i]);
        high = Math.max(high, xy[i]);
      }
      return this.count ? { middle: (low + high) / 2, span: high - low || 1 } : { middle: 0, span: 1 };
    });
    this.grid = new PointGrid(xy, this.extent);
    this.zoom = { scale: 1, x: 0, y: 0 };
    this.near = []; // points that are joined with the selected one
    this.trails = null; // where points lay before, and which of them to show
    this.root = make("div", "wb-map-plot");
    this.points = make("canvas");
    this.rings = make("canvas");
    this.root.append(this.points, this.rings);
  }

  /** Colour the points: CSS colours, and the place of each point's in them. */
  paintWith(palette, colour) {
    this.palette = palette;
    this.colour = colour;
    this.rgb = palette.map(rgbOf);
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

  /** How the map lies on its canvas: both axes have the same scale, so distances are true. */
  view() {
    const [across, up] = this.extent;
    const { scale, x, y } = this.zoom;
    const unit = Math.min((this.width - 36) / across.span, (this.height - 36) / up.span) * scale;
    return { middle: [across.middle, up.middle], unit, shift: [x, y] };
  }

  /** Where point `i` lies, in pixels; `xy` may be that of another time. */
  place(i, xy = this.xy) {
    const { middle, unit, shift } = this.view();
    return [
      this.width / 2 + (xy[2 * i] - middle[0]) * unit + shift[0],
      this.height / 2 - (xy[2 * i + 1] - middle[1]) * unit + shift[1],
    ];
  }

  /** Draw before the next frame, however often it is asked for. */
  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawNow();
    });
  }

  drawNow() {
    if (!this.width || !this.height || !this.palette) return;
    paintPoints(this);
    if (this.trails) this.drawTrails(this.points.getContext("2d"));
    this.drawRings();
  }

  /** Lines from where points lay before to where they lie now. */
  drawTrails(context) {
    const { before, which } = this.trails;
    context.lineCap = "round";
    for (const i of which) {
      if (!this.marks.state[i]) continue;
      const [from, to] = [this.place(i, before), this.place(i)];
      const fade = context.createLinearGradient(...from, ...to);
      fade.addColorStop(0, "transparent");
      fade.addColorStop(1, this.palette[this.colour[i]]);
      context.strokeStyle = fade;
      context.lineWidth = 1.6;
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
    }
  }

  drawRings() {
    if (!this.marks.colours) return;
    const context = this.rings.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    const { selected, hovered, colours } = this.marks;
    if (selected >= 0) {
      this.drawNear(context, selected);
      this.ring(context, selected, colours.accent, 6);
    }
    if (hovered >= 0) this.ring(context, hovered, colours.ink, 3.5);
  }

  drawNear(context, selected) {
    context.strokeStyle = context.fillStyle = this.marks.colours.accent;
    context.lineWidth = 1.2;
    for (const i of this.near) {
      if (!this.marks.state[i]) continue;
      const [x, y] = this.place(i);
      context.beginPath();
      context.moveTo(...this.place(selected));
      context.lineTo(x, y);
      context.stroke();
      context.beginPath();
      context.arc(x, y, Math.max(this.radius, 3), 0, 2 * Math.PI);
      context.fill();
    }
  }

  ring(context, i, colour, gap) {
    const [x, y] = this.place(i);
    const radius = Math.max(this.radius, 3.5);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = this.palette[this.colour[i]];
    context.fill();
    for (const [width, style] of [[5, this.marks.colours.surface], [2.2, colour]]) {
      context.beginPath();
      context.arc(x, y, radius + gap, 0, 2 * Math.PI);
      context.lineWidth = width;
      context.strokeStyle = style;
      context.stroke();
    }
  }

  /** The bright point nearest to a place in pixels, -1 when none is near. */
  nearest(x, y) {
    const { middle, unit, shift } = this.view();
    const across = (x - this.width / 2 - shift[0]) / unit + middle[0];
    const up = -(y - this.height / 2 - shift[1]) / unit + middle[1];
    return this.best(this.grid.around(across, up, REACH / unit), (px, py) => {
      const distance = Math.hypot(px - x, py - y);
      return distance <= REACH ? distance : Infinity;
    });
  }

  /** The next point from `i` in a direction such as [1, 0]; straight ahead counts most. */
  neighbour(i, [dx, dy]) {
    const all = Array(this.count).keys();
    if (i < 0) return this.best(all, (x, y) => Math.hypot(x - this.width / 2, y - this.height / 2));
    const [x, y] = this.place(i);
    const found = this.best(all, (px, py, point) => {
      const ahead = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      return point === i || ahead <= 0 || aside > 2 * ahead ? Infinity : ahead + 2 * aside;
    });
    return found < 0 ? i : found;
  }

  best(points, cost) {
    let found = -1;
    let least = Infinity;
    for (const i of points) {
      if (this.marks.state[i] !== BRIGHT) continue;
      const [x, y] = this.place(i);
      const value = cost(x, y, i);
      if (value < least) [found, least] = [i, value];
    }
    return found;
  }

  /** Zoom by `factor` around a place in pixels. */
  zoomAt(x, y, factor) {
    const zoom = this.zoom;
    const scale = Math.min(100, Math.max(1, zoom.scale * factor));
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
