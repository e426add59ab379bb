// One row per part of a song: its name, its place in time, how loud it is, how much it is liked.

/** A button with a word for screen readers. */
function tool(text, words, press, pressed = null) {
  const button = make("button", "wb-song-tool", text);
  button.type = "button";
  button.title = words;
  button.setAttribute("aria-label", words);
  if (pressed !== null) button.setAttribute("aria-pressed", String(pressed));
  button.addEventListener("click", press);
  return button;
}

function numberInput(words, value, options, change) {
  const input = make("input");
  Object.assign(input, { type: "number", value, ...options });
  input.setAttribute("aria-label", words);
  input.addEventListener("change", () => input.value !== "" && change(Number(input.value)));
  return input;
}

/** The outline of a part, where it lies in the song. */
function lane(part, length) {
  const root = make("div", "wb-song-lane");
  const block = make("div", "wb-song-block");
  block.style.left = `${(100 * part.offset_s) / length}%`;
  block.style.width = `${(100 * part.duration_s) / length}%`;
  const outline = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  outline.setAttribute("viewBox", `0 -128 ${Math.max(1, part.peaks.length)} 256`);
  outline.setAttribute("preserveAspectRatio", "none");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const scale = 120 / Math.max(1, ...part.peaks); // quiet parts have a shape, too
  path.setAttribute("d", part.peaks.map((peak, x) => `M${x} ${-scale * peak - 2}V${scale * peak + 2}`).join(""));
  outline.append(path);
  block.append(outline);
  root.append(block);
  return root;
}

function stars(part, rate) {
  const root = make("span", "wb-song-stars");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `Stars of ${part.title}`);
  for (let count = 1; count <= 5; count++) {
    const star = tool(part.stars >= count - 0.5 ? "★" : "☆", `${count} of 5 stars for ${part.title}`, () => rate(count));
    star.classList.add("wb-song-star");
    root.append(star);
  }
  return root;
}

/** All rows; `act(step, options)` asks Python, `sound` is the `SongSound`. */
function partRows(parts, sound, act) {
  const length = Math.max(1, sound.length);
  return parts.map((part, place) => {
    const row = make("div", "wb-song-part");
    const soloed = sound.solo.has(place);
    row.classList.toggle("wb-song-silent", sound.solo.size ? !soloed : part.muted);
    const buttons = make("div", "wb-song-tools");
    buttons.append(
      tool("M", `Mute ${part.title}`, () => act("set", { place, muted: !part.muted }), part.muted),
      tool("S", `Hear ${part.title} alone`, () => sound.toggleSolo(place), soloed),
    );
    const gain = make("label", "wb-song-gain");
    const slider = make("input");
    Object.assign(slider, { type: "range", min: -40, max: 12, step: 0.5, value: part.gain_db });
    slider.setAttribute("aria-label", `Gain of ${part.title} in dB`);
    const amount = make("span", "wb-muted");
    const paint = () => (amount.textContent = `${Number(slider.value).toFixed(1)} dB`);
    slider.addEventListener("input", () => {
      paint();
      sound.parts[place] = { ...sound.parts[place], gain_db: Number(slider.value) }; // heard at once
      sound.level();
    });
    slider.addEventListener("change", () => act("set", { place, gain_db: Number(slider.value) }));
    paint();
    gain.append(slider, amount);
    const begins = make("label", "wb-song-begins wb-muted", "at");
    begins.append(numberInput(`When ${part.title} begins, in seconds`, Number(part.offset_s.toFixed(3)), { min: 0, step: "any" }, (offset_s) => act("set", { place, offset_s })), "s");
    const order = make("div", "wb-song-tools");
    const up = tool("↑", `Move ${part.title} up`, () => act("move", { place, to: place - 1 }));
    const down = tool("↓", `Move ${part.title} down`, () => act("move", { place, to: place + 1 }));
    up.disabled = place === 0;
    down.disabled = place === parts.length - 1;
    order.append(up, down, tool("×", `Take ${part.title} out`, () => act("remove", { place })));
    const controls = make("div", "wb-song-controls");
    controls.append(gain, begins, stars(part, (count) => act("rate", { item: part.id, stars: count })), order);
    row.append(buttons, names(part), lane(part, length), controls);
    return row;
  });
}
