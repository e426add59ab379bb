// How the points of a map get on its canvas: pixel by pixel, by the processor.
//
// Six maps of 100,000 points are drawn faster so than by paths, or by WebGL where there is no
// graphics card; and it looks the same in every browser. A browser gives a page some sixteen
// WebGL contexts, which six charts may use up.

const FADED = 1; // the state of a point: 0 is not drawn
const BRIGHT = 2;
const OPACITY = 0.85;
const PALE = 0.16; // how much of its colour a faded point keeps; being see-through would add up
const STEPS = 4; // places of a dot between one pixel and the next, along either axis

/** Draw a map's points on its canvas, over the colour of the page. */
function paintPoints(map) {
  const context = map.points.getContext("2d");
  const { width, height } = map.points;
  const { image } = map;
  if (image?.width !== width || image?.height !== height) map.image = new ImageData(width, height);
  const pixels = new Uint32Array(map.image.data.buffer);
  const surface = rgbOf(map.marks.colours.surface);
  pixels.fill(packed(surface));
  const ratio = width / map.width;
  const view = map.view();
  const scale = view.unit * ratio;
  const left = width / 2 + view.shift[0] * ratio - view.middle[0] * scale;
  const top = height / 2 + view.shift[1] * ratio + view.middle[1] * scale;
  const { xy, colour, rgb, count } = map;
  const { state } = map.marks;
  const dots = dotsOf(map.radius * ratio);
  for (const [wanted, share] of [[FADED, PALE], [BRIGHT, 1]]) {
    const seen = rgb.map((own) => packed(own.map((part, i) => surface[i] + share * (part - surface[i]))));
    for (let i = 0; i < count; i++) {
      if (state[i] !== wanted) continue;
      const x = left + xy[2 * i] * scale;
      const y = top - xy[2 * i + 1] * scale;
      if (x > -dots.side && y > -dots.side && x < width + dots.side && y < height + dots.side) {
        blend(pixels, width, height, dots, x, y, seen[colour[i]]);
      }
    }
  }
  context.putImageData(map.image, 0, 0);
}

/** Blend one dot into the pixels; red and blue share one multiplication. */
function blend(pixels, width, height, { side, masks }, x, y, source) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const across = Math.floor((x - column) * STEPS);
  const mask = masks[Math.floor((y - row) * STEPS) * STEPS + across];
  const [first, last] = [column - (side >> 1), row - (side >> 1)];
  const [sourceRb, sourceG] = [source & 0xff00ff, source & 0x00ff00];
  for (let v = Math.max(0, -last); v < side && last + v < height; v++) {
    for (let u = Math.max(0, -first); u < side && first + u < width; u++) {
      const alpha = mask[v * side + u];
      if (!alpha) continue;
      const at = (last + v) * width + first + u;
      const rb = pixels[at] & 0xff00ff;
      const g = pixels[at] & 0x00ff00;
      pixels[at] =
        0xff000000 |
        ((rb + (Math.imul(sourceRb - rb, alpha) >>> 8)) & 0xff00ff) |
        ((g + (Math.imul(sourceG - g, alpha) >>> 8)) & 0x00ff00);
    }
  }
}

/** How much of each pixel a dot covers, 0 to 255, for its places between pixels. */
function dotsOf(radius) {
  const side = 2 * Math.ceil(radius + 1) + 1;
  const middle = side >> 1;
  const masks = [];
  for (let step = 0; step < STEPS * STEPS; step++) {
    const x = middle + ((step % STEPS) + 0.5) / STEPS;
    const y = middle + (Math.floor(step / STEPS) + 0.5) / STEPS;
    masks.push(
      Uint8Array.from({ length: side * side }, (_, at) => {
        const distance = Math.hypot((at % side) + 0.5 - x, Math.floor(at / side) + 0.5 - y);
        return 255 * OPACITY * Math.min(1, Math.max(0, radius - distance + 0.5));
      }),
    );
  }
  return { side, masks };
}

/** A colour such as "#0072b2" or "rgb(0, 114, 178)" as three numbers. */
function rgbOf(colour) {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  if (hex) return hex.slice(1).map((part) => parseInt(part, 16));
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}

/** Three numbers as one pixel, as little-endian machines lay it out. */
function packed([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
