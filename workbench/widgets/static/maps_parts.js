// What stands around the maps: tooltip, legend, and the menus below.

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The tooltip of the map under the pointer. Everything in it comes from files: text only. */
function describe(tip, title, artist, shows, text) {
  tip.replaceChildren(make("strong", "", title));
  if (artist) tip.append(make("span", "", artist));
  const said = text ? `${capital(shows)}: ${text}` : `${capital(shows)}: nothing known`;
  tip.append(make("span", "wb-muted", said));
}

/** Lay the tooltip within the widget: above a place in pixels of a map, or below it if it is cut there. */
function placeTip(tip, [x, y], plot, root) {
  const [box, own] = [plot.getBoundingClientRect(), root.getBoundingClientRect()];
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  const left = box.left - own.left + x - width / 2;
  const middle = box.top - own.top + y;
  const above = middle - height - 16;
  tip.style.left = `${Math.max(0, Math.min(left, own.width - width))}px`;
  tip.style.top = `${above < 0 ? middle + 16 : above}px`;
}

/** The legend of one map; `pick` is called with an entry that is pressed and its colours. */
function legendOf(legend, palette, pick) {
  const root = make("div", "wb-legend");
  const made = (kind, { label, colours, count }) => {
    const entry = Object.assign(make("button", kind), { type: "button" });
    entry.title = `${label}: ${count}. Press to see where these lie on all maps; several of one map may be pressed.`;
    entry.setAttribute("aria-pressed", "false");
    entry.onclick = () => pick(entry, colours);
    return entry;
  };
  if (legend.scale) {
    const { low, high, bands } = legend.scale;
    const bar = make("span", "wb-legend-scale");
    for (const band of bands) {
      const part = made("wb-legend-band", band);
      part.setAttribute("aria-label", `${band.label}: ${band.count}`);
      const colours = band.colours.map((colour) => palette[colour]);
      part.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
      bar.append(part);
    }
    root.append(make("span", "", low), bar, make("span", "", high));
  }
  for (const each of legend.entries ?? []) {
    const entry = made("wb-legend-entry", each);
    const { label, colours } = each;
    const swatch = make("i");
    const [first, last] = [palette[colours[0]], palette[colours.at(-1)]];
    swatch.style.background = first === last ? first : `linear-gradient(135deg, ${first} 50%, ${last} 50%)`;
    entry.append(swatch, make("span", "", label));
    root.append(entry);
  }
  if (legend.note) root.append(make("span", "wb-muted", `(${legend.note})`));
  return root;
}

/** A menu with its name; `choices` hold value, label and maybe a group, `change` gets a value. */
function menu(name, choices, value, change) {
  const label = make("label", "wb-maps-menu", name);
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

/** Colours as they are seen on a dark page: what is too dark is lightened, what is grey dimmed. */
function onPage(palette, ink) {
  const isDark = Math.max(...rgbOf(ink)) > 128;
  if (!isDark) return palette;
  return palette.map((colour) => {
    const rgb = rgbOf(colour);
    const grey = Math.max(...rgb) - Math.min(...rgb) < 24;
    if (grey && Math.min(...rgb) > 160) return `rgb(${rgb.map((part) => Math.round(part * 0.42)).join(", ")})`;
    const light = (0.21 * rgb[0] + 0.72 * rgb[1] + 0.07 * rgb[2]) / 255;
    const lift = Math.max(0, 0.3 - light);
    return `rgb(${rgb.map((part) => Math.round(part + (255 - part) * lift)).join(", ")})`;
  });
}

/** Texts of many points, of which few differ: the texts, and the place of each point's in them. */
class Texts {
  constructor({ values, index }) {
    this.values = values;
    this.index = new Uint32Array(index.buffer.slice(index.byteOffset, index.byteOffset + index.byteLength));
  }

  at(i) {
    return this.values[this.index[i]];
  }
}

/** Bytes from Python as float32. */
function floats(view) {
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}
