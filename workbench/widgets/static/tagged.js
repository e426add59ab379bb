// The query's tags as chips, and the items that have most of them. Tags come from files: text only.

const SAID = { person: "", derived: "derived", machine: "heard" };

/** Who says a tag, in words; nothing for a person. */
function sayer({ by, score }) {
  return by === "machine" ? `${SAID.machine} ${score.toFixed(2)}` : SAID[by] ?? "";
}

/** A tag as words. */
function tagWords(tag) {
  const words = make("span", `wb-tag wb-tag-${tag.by}`);
  words.append(make("span", "", tag.value));
  words.title = `${tag.dimension}: ${tag.value}`;
  if (sayer(tag)) words.append(make("small", "", sayer(tag)));
  return words;
}

/** A tag that is looked for while it is pressed. */
function tagChip(tag, toggle) {
  const chip = make("button", `wb-tag wb-tag-${tag.by}`);
  chip.type = "button";
  chip.setAttribute("aria-pressed", String(tag.on));
  chip.title = `${tag.dimension}: ${tag.value}. ${{ person: "Given by a person", derived: "Derived, not given", machine: "Heard by a machine" }[tag.by]}. Click to look for it or not.`;
  chip.append(make("span", "", tag.value), make("small", "", [tag.dimension, sayer(tag)].filter(Boolean).join(", ")));
  chip.addEventListener("click", toggle);
  return chip;
}

/** One item that shares tags with the query. */
function taggedRow(item, player, use) {
  const row = make("li", "wb-tagged-row");
  const share = make("div", "wb-similar-relevance");
  share.append(level(item.score, "wb-similar-bar"), make("span", "", percent(item.score)));
  const said = make("div", "wb-tagged-said");
  said.append(...item.said.map(tagWords));
  const again = make("button", "", "Use as query");
  again.type = "button";
  again.addEventListener("click", use);
  row.append(player.button(item), names(item), share, said, again);
  return row;
}

/** The section below the related items: `set` sends a trait. */
function taggedSection(model, player, set) {
  const root = make("section", "wb-tagged");
  const chips = make("div", "wb-tagged-chips");
  const list = make("ul", "wb-tagged-list");
  const words = make("div", "wb-muted wb-similar-source");
  root.append(make("h3", "", "More with these tags"), chips, list, words);
  const toggle = ({ dimension, value, on }) => {
    const others = model.get("off").filter(([d, v]) => d !== dimension || v !== value);
    set("off", on ? [...others, [dimension, value]] : others);
  };
  const draw = () => {
    const tags = model.get("tags");
    const items = model.get("tagged");
    const machine = isAnswered(model, "filters") && machineOf(model.get("choices"));
    const chip = isAnswered(model, "off") ? (tag) => tagChip(tag, () => toggle(tag)) : tagWords;
    const parts = tags.map(chip);
    if (machine) parts.push(machineSwitch(machine, model.get("filters"), (filters) => set("filters", filters)));
    const place = [...chips.querySelectorAll("button,input")].indexOf(document.activeElement);
    chips.replaceChildren(...parts);
    if (place >= 0) chips.querySelectorAll("button,input")[place]?.focus();
    list.replaceChildren(...items.map((item) => taggedRow(item, player, () => set("item", item.id))));
    const chosen = tags.some(({ on }) => on);
    words.textContent = !tags.length ? "Nobody has tagged this item."
      : !chosen ? "No tag is chosen: switch on at least one."
      : !items.length ? "Nothing else that passes the filters has one of these tags."
      : `The bar shows which share of the chosen tags an item has: those of people count 1, derived ones 0.5${machine && model.get("filters").machine ? `, those that ${machine.tagger} heard their score` : ""}.`;
    root.hidden = !tags.length && !machine;
    if (model.get("file") || model.get("item") === null) root.hidden = true;
  };
  return { root, draw };
}
