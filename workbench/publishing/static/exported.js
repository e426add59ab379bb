// What stands in for Jupyter on an exported page: models without Python, in about a hundred lines.

globalThis.workbenchExport = (() => {
  const written = (id) => JSON.parse(document.getElementById(id).textContent);
  const page = written("workbench-page");
  const sounds = new Set(written("workbench-sounds")); // the items that have one
  const esms = {}; // the default exports of the modules of this page, by their key
  const known = new Map(); // shared values that have been unpacked

  /** Undo the packing: references, bytes, and keys that begin with a dollar. */
  function unpack(value) {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(unpack);
    if ("$ref" in value) return sharedValue(value.$ref);
    if ("$bytes" in value) return bytes(value.$bytes);
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key.startsWith("$") ? key.slice(1) : key, unpack(entry)]),
    );
  }

  function sharedValue(place) {
    if (!known.has(place)) known.set(place, unpack(page.shared[place]));
    return known.get(place);
  }

  function bytes(base64) {
    const text = atob(base64);
    const array = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) array[i] = text.charCodeAt(i);
    return new DataView(array.buffer);
  }

  const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

  /** A widget's traits. What follows from a value was asked before the page was written. */
  class StaticModel {
    constructor({ state, answers }) {
      this.state = unpack(state);
      this.follows = new Map();
      for (const [trait, told] of Object.entries(answers)) {
        this.follows.set(trait, new Map(told.map(([value, changes]) => [JSON.stringify(unpack(value)), changes])));
      }
      this.listeners = new Map();
      this.unsaved = new Set();
    }

    get(name) {
      return this.state[name];
    }

    set(name, value) {
      if (same(this.state[name], value)) return;
      this.state[name] = value;
      this.unsaved.add(name);
      this.fire(name);
    }

    /** Where Python would be told: what it would have answered happens. */
    save_changes() {
      const told = [...this.unsaved].map((name) => this.follows.get(name)?.get(JSON.stringify(this.state[name])));
      this.unsaved.clear();
      for (const after of told) {
        if (typeof after === "string") location.assign(after); // a page of its own
        else if (after) apply(after);
      }
    }

    on(event, listener) {
      if (!this.listeners.has(event)) this.listeners.set(event, new Set());
      this.listeners.get(event).add(listener);
    }

    off(event, listener) {
      if (listener) this.listeners.get(event)?.delete(listener);
      else this.listeners.delete(event);
    }

    fire(name) {
      for (const event of [`change:${name}`, "change"]) {
        for (const listener of this.listeners.get(event) ?? []) listener(this, this.state[name]);
      }
    }

    send() {} // nobody listens

    /** Whether values of this trait were asked beforehand. */
    answers(trait) {
      return this.follows.has(trait);
    }
  }

  /** Take over changes of any widgets of the page: first all values, then all who wait for them. */
  function apply(changes) {
    const changed = changes.map(([place, trait, value]) => [models[place], trait, unpack(value)])
      .filter(([model, trait, value]) => model.state[trait] !== value); // equal long values are one
    for (const [model, trait, value] of changed) model.state[trait] = value;
    for (const [model, trait] of changed) model.fire(trait);
  }

  const models = page.models.map((model) => new StaticModel(model));
  const invoke = () => Promise.reject(new Error("This page is a snapshot: there is no Python to ask."));

  return {
    esms,
    missing: "The sound of this piece is not part of this export.",

    /** Where a route of the server lies in the exported folder; nowhere if it is not there. */
    url(route) {
      const name = route.split("/").pop();
      if (!route.startsWith("workbench/audio/")) return `assets/${name}`;
      return sounds.has(Number(name)) ? `audio/${name}.ogg` : "";
    },

    /** Draw every widget in its place. */
    async start() {
      for (const el of document.querySelectorAll("[data-model]")) {
        const place = Number(el.dataset.model);
        const given = esms[page.models[place].esm];
        const widget = typeof given === "function" ? await given() : given;
        const experimental = { invoke };
        await widget.initialize?.({ model: models[place], experimental });
        await widget.render({ model: models[place], el, experimental });
      }
    },
  };
})();
