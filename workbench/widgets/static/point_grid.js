// Which points lie near a place: a grid of cells over the map, so that few are looked at.

const PER_CELL = 4;

class PointGrid {
  /** `xy` holds pairs; `extent` the middle and span of each axis. */
  constructor(xy, extent) {
    this.xy = xy;
    const count = xy.length / 2;
    this.side = Math.max(1, Math.ceil(Math.sqrt(count / PER_CELL)));
    this.low = extent.map(({ middle, span }) => middle - span / 2);
    this.size = extent.map(({ span }) => span / this.side);
    // Points sorted by cell: those of cell c are order[starts[c]] to order[starts[c + 1] - 1].
    this.starts = new Uint32Array(this.side ** 2 + 1);
    const cells = Uint32Array.from({ length: count }, (_, i) => this.cell(xy[2 * i], xy[2 * i + 1]));
    for (const cell of cells) this.starts[cell + 1] += 1;
    for (let c = 0; c < this.side ** 2; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.order = new Uint32Array(count);
    cells.forEach((cell, i) => (this.order[next[cell]++] = i));
  }

  index(axis, value) {
    const at = Math.floor((value - this.low[axis]) / this.size[axis]);
    return Math.min(this.side - 1, Math.max(0, at));
  }

  cell(x, y) {
    return this.index(1, y) * this.side + this.index(0, x);
  }

  /** The points in the cells that a square around a place touches. */
  *around(x, y, reach) {
    const [left, right] = [this.index(0, x - reach), this.index(0, x + reach)];
    for (let row = this.index(1, y - reach); row <= this.index(1, y + reach); row++) {
      const end = this.starts[row * this.side + right + 1];
      for (let at = this.starts[row * this.side + left]; at < end; at++) yield this.order[at];
    }
  }
}
