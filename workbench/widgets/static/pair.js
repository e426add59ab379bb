// How one pair of items is related: a Kiviat diagram of relevance, an axis per dimension.

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 78;

function svg(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

/** Draw `values` (0 to 1, by dimension) around a centre; `words` stand below the axis names. */
function kiviat(values, words) {
  const names = Object.keys(values);
  const spot = (index, radius) => {
    const angle = (2 * Math.PI * index) / names.length - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  };
  const ring = (radius) => names.map((_, i) => spot(i, radius).map((x) => x.toFixed(1)).join(",")).join(" ");
  const said = names.map((name) => `${name} ${values[name].toFixed(2)}`).join(", ");
  const root = svg("svg", { viewBox: "-186 -118 372 240", class: "wb-pair-kiviat", role: "img", "aria-label": `Relevance: ${said}` });
  for (const share of [0.25, 0.5, 0.75, 1]) root.append(svg("polygon", { points: ring(share * RADIUS), class: "wb-pair-grid" }));
  names.forEach((name, i) => {
    const [x, y] = spot(i, RADIUS);
    root.append(svg("line", { x1: 0, y1: 0, x2: x, y2: y, class: "wb-pair-grid" }));
  });
  const outline = names.map((name, i) => spot(i, values[name] * RADIUS).map((x) => x.toFixed(1)).join(",")).join(" ");
  root.append(svg("polygon", { points: outline, class: "wb-pair-outline" }));
  names.forEach((name, i) => {
    const [dotX, dotY] = spot(i, values[name] * RADIUS);
    root.append(svg("circle", { cx: dotX, cy: dotY, r: 3, class: "wb-pair-dot" }));
    const [x, y] = spot(i, RADIUS + 12);
    const anchor = Math.abs(x) < 10 ? "middle" : x > 0 ? "start" : "end";
    const top = y < -RADIUS ? y - 12 : y > RADIUS ? y + 8 : y;
    root.append(svg("text", { x, y: top, "text-anchor": anchor, class: "wb-pair-name" }, name));
    root.append(svg("text", { x, y: top + 13, "text-anchor": anchor, class: "wb-pair-words" }, words[name]));
  });
  return root;
}
