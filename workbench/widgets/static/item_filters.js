// The panel of filters: what may be found at all. Python says what there is to choose from.

const PLURAL = { song: "songs", track: "tracks", submix: "submixes", segment: "segments", bar: "bars" };
const RELATIONS = {
  same: "only this key", relative: "and its relative", parallel: "and its parallel", neighbour: "and its neighbours",
};

/** A select with a label: `options` are [value, words], the empty value comes first. */
function labelled(words, options, value, change, name = words) {
  const label = make("label", "wb-filter", words);
  const select = make("select");
  select.append(...options.map(([value, text]) => Object.assign(make("option", "", text), { value })));
  select.value = value ?? "";
  select.setAttribute("aria-label", name);
  select.addEventListener("change", () => change(select.value));
  label.append(select);
  return label;
}

/** A row of chips that can be taken off again, and a select that adds one. */
function chips(words, names, values, change) {
  const box = make("div", "wb-filter");
  const left = names.filter((name) => !values.includes(name));
  const add = (name) => name && change([...values, name]);
  box.append(labelled(words, [["", "…"], ...left.map((name) => [name, name])], "", add));
  for (const value of values) {
    const chip = make("button", "wb-chip", `${value} ×`);
    chip.type = "button";
    chip.setAttribute("aria-label", `${words} ${value}: take off`);
    chip.addEventListener("click", () => change(values.filter((other) => other !== value)));
    box.append(chip);
  }
  return box;
}

function isSet(value) {
  if (value === null || value === undefined || value === "" || value === false) return false;
  if (Array.isArray(value)) return value.some(isSet);
  return typeof value !== "object" || Object.values(value).some(isSet);
}

/**
 * The panel: `filters` is the trait it shows and sets, `choices` what there is.
 *
 * `leave` names filters that the page sets itself.
 */
function filterPanel(model, { filters: trait = "filters", leave = [] } = {}) {
  const root = make("details", "wb-filters");
  const title = make("summary");
  const body = make("div", "wb-filters-body");
  root.append(title, body);
  const set = (name, value) => {
    model.set(trait, { ...model.get(trait), [name]: value });
    model.save_changes();
  };
  const number = (words, value, change) => {
    const input = make("input");
    Object.assign(input, { type: "number", min: 1, max: 999, value: value ?? "", placeholder: words });
    input.setAttribute("aria-label", `Tempo ${words}`);
    input.addEventListener("change", () => change(input.value === "" ? null : Number(input.value)));
    return input;
  };

  const draw = () => {
    const now = model.get(trait);
    const { kinds = [], domains = [], keys = [], relations = [], instruments = [], tags = {} } = model.get("choices");
    const parts = [];
    const one = (name, words, options) => {
      if (!leave.includes(name)) parts.push(labelled(words, options, now[name]?.[0], (v) => set(name, v ? [v] : [])));
    };
    if (kinds.length > 1) one("kinds", "List", [["", "everything"], ...kinds.map((k) => [k, PLURAL[k] ?? k])]);
    if (domains.length > 1) one("domains", "As", [["", "sounds and scores"], ["audio", "sounds"], ["symbolic", "scores"]]);
    if (!leave.includes("tempo_bpm")) {
      const tempo = make("div", "wb-filter", "Tempo");
      const [low = null, high = null] = now.tempo_bpm ?? [];
      const octaves = make("label", "wb-filter");
      const box = Object.assign(make("input"), { type: "checkbox", checked: Boolean(now.tempo_octaves) });
      box.addEventListener("change", () => set("tempo_octaves", box.checked));
      octaves.append(box, "half and double, too");
      tempo.append(number("from", low, (v) => set("tempo_bpm", [v, high])), number("to", high, (v) => set("tempo_bpm", [low, v])), make("span", "wb-muted", "bpm"), octaves);
      parts.push(tempo);
    }
    if (keys.length && !leave.includes("key")) {
      const key = make("div", "wb-filter");
      key.append(labelled("Key", [["", "any"], ...keys.map((k) => [k, k])], now.key, (v) => set("key", v)));
      if (now.key) key.append(labelled("", relations.map((r) => [r, RELATIONS[r] ?? r]), now.key_relation ?? "same", (v) => set("key_relation", v), "Which keys will do"));
      parts.push(key);
    }
    if (instruments.length) {
      if (!leave.includes("has")) parts.push(chips("With", instruments, now.has ?? [], (v) => set("has", v)));
      parts.push(chips("Without", instruments, now.without ?? [], (v) => set("without", v)));
    }
    for (const [dimension, values] of Object.entries(tags)) {
      const chosen = now.tags?.[dimension] ?? [];
      parts.push(chips(dimension[0].toUpperCase() + dimension.slice(1), values, chosen, (v) => set("tags", { ...now.tags, [dimension]: v })));
    }
    const used = { "": null, yes: true, no: false };
    const shown = now.used === true ? "yes" : now.used === false ? "no" : "";
    parts.push(labelled("In songs built here", [["", "or not"], ["yes", "yes"], ["no", "not yet"]], shown, (v) => set("used", used[v])));
    const count = Object.entries(now).filter(([name, value]) => name === "used" ? value !== null && value !== undefined : !["key_relation", "tempo_octaves"].includes(name) && isSet(value)).length;
    title.textContent = count ? `Filters (${count})` : "Filters";
    if (count) {
      const clear = make("button", "", "Clear filters");
      clear.type = "button";
      clear.addEventListener("click", () => {
        model.set(trait, {});
        model.save_changes();
      });
      parts.push(clear);
    }
    const focused = document.activeElement;
    const place = body.contains(focused) ? [...body.querySelectorAll("select,input,button")].indexOf(focused) : -1;
    body.replaceChildren(...parts);
    if (place >= 0) body.querySelectorAll("select,input,button")[place]?.focus();
    root.hidden = !Object.keys(model.get("choices")).length;
  };
  draw();
  return { root, draw };
}
