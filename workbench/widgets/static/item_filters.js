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

/** A row of chips that can be taken off again, and a select that adds one; `heard` are a machine's. */
function chips(words, names, values, change, heard = []) {
  const box = make("div", "wb-filter");
  const known = names.map((name) => name.toLowerCase());
  const only = heard.filter((name) => !known.includes(name.toLowerCase()));
  const left = [...names, ...only].filter((name) => !values.includes(name));
  const add = (name) => name && change([...values, name]);
  box.append(labelled(words, [["", "…"], ...left.map((name) => [name, only.includes(name) ? `${name} (heard)` : name])], "", add));
  for (const value of values) {
    const chip = make("button", "wb-chip", `${value} ×`);
    chip.type = "button";
    chip.setAttribute("aria-label", `${words} ${value}: take off`);
    chip.addEventListener("click", () => change(values.filter((other) => other !== value)));
    box.append(chip);
  }
  return box;
}

/** Whether a machine's tags count, and from which score on; `now` are the filters. */
function machineSwitch(machine, now, set) {
  const label = make("label", "wb-filter");
  const box = Object.assign(make("input"), { type: "checkbox", checked: Boolean(now.machine) });
  label.append(box, "also tags that a machine heard");
  label.title = `What ${machine.tagger} heard; people's tags always count`;
  box.addEventListener("change", () => {
    if (box.checked) return set({ ...now, machine: true });
    // What only a machine knows cannot be asked for any longer.
    const { machine: _, machine_threshold: __, tags = {}, ...rest } = now;
    const kept = (dimension, values) => values.filter((value) => !machine.only(dimension, value));
    const people = Object.entries(tags).map(([dimension, values]) => [dimension, kept(dimension, values)]);
    for (const name of ["has", "without"]) if (rest[name]) rest[name] = kept("instrument", rest[name]);
    set({ ...rest, tags: Object.fromEntries(people) });
  });
  const from = make("label", "wb-filter", "from a score of");
  const input = make("input");
  Object.assign(input, { type: "number", min: 0, max: 1, step: 0.05, value: now.machine_threshold ?? "", placeholder: machine.threshold });
  input.setAttribute("aria-label", "Lowest score of a machine tag");
  input.addEventListener("change", () => set({ ...now, machine_threshold: input.value === "" ? null : Math.min(1, Math.max(0, Number(input.value))) }));
  from.append(input);
  from.hidden = !now.machine;
  const root = make("div", "wb-filter");
  root.append(label, from);
  return root;
}

/** What a machine heard, from the choices of a page; null where none did. */
function machineOf(choices) {
  const { machine, tags = {}, instruments = [] } = choices;
  if (!machine?.tagger) return null;
  const people = (dimension) => (dimension === "instrument" ? instruments : tags[dimension] ?? []);
  const only = (dimension, value) => !people(dimension).some((name) => name.toLowerCase() === value.toLowerCase());
  return { ...machine, only };
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
    const machine = machineOf(model.get("choices"));
    const heard = now.machine && machine ? machine.tags : {};
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
    const played = heard.instrument ?? [];
    if (instruments.length || played.length) {
      if (!leave.includes("has")) parts.push(chips("With", instruments, now.has ?? [], (v) => set("has", v), played));
      parts.push(chips("Without", instruments, now.without ?? [], (v) => set("without", v), played));
    }
    const others = Object.keys(heard).filter((name) => name !== "instrument");
    for (const dimension of new Set([...Object.keys(tags), ...others])) {
      const chosen = now.tags?.[dimension] ?? [];
      parts.push(chips(dimension[0].toUpperCase() + dimension.slice(1), tags[dimension] ?? [], chosen, (v) => set("tags", { ...now.tags, [dimension]: v }), heard[dimension]));
    }
    if (machine) {
      parts.push(machineSwitch(machine, now, (filters) => {
        model.set(trait, filters);
        model.save_changes();
      }));
    }
    const used = { "": null, yes: true, no: false };
    const shown = now.used === true ? "yes" : now.used === false ? "no" : "";
    parts.push(labelled("In songs built here", [["", "or not"], ["yes", "yes"], ["no", "not yet"]], shown, (v) => set("used", used[v])));
    const count = Object.entries(now).filter(([name, value]) => name === "used" ? value !== null && value !== undefined : !["key_relation", "tempo_octaves", "machine", "machine_threshold"].includes(name) && isSet(value)).length;
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
