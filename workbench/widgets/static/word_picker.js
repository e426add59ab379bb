// An input that completes words from a list; what is not on it can be added as it is typed.

const MOST_WORDS = 8;
let wordLists = 0; // numbers the list boxes of a page

class WordPicker {
  /** `choose(word)` is called with a word, `leave()` when somebody gives up. */
  constructor(label, choose, leave) {
    Object.assign(this, { choose, leave, words: [], options: [], active: 0 });
    this.root = make("div", "wb-item-picker");
    this.input = make("input");
    this.list = make("div", "wb-item-options");
    this.list.id = `wb-words-${++wordLists}`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", label);
    Object.assign(this.input, { type: "text", autocomplete: "off", maxLength: 200, placeholder: label });
    for (const [name, value] of [["role", "combobox"], ["aria-controls", this.list.id], ["aria-autocomplete", "list"], ["aria-label", label]]) {
      this.input.setAttribute(name, value);
    }
    this.root.append(this.input, this.list);
    this.input.addEventListener("input", () => this.fill());
    this.input.addEventListener("focus", () => this.fill());
    this.input.addEventListener("blur", () => this.open(false));
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.open(false);
  }

  /** Begin afresh with the words to complete from. */
  begin(words) {
    this.words = words;
    this.input.value = "";
    this.open(false);
  }

  open(shown) {
    this.list.hidden = !shown;
    this.input.setAttribute("aria-expanded", String(shown));
  }

  get typed() {
    return this.input.value.trim().replace(/\s+/g, " ");
  }

  fill() {
    const typed = this.typed;
    const options = completions(this.words, typed).map((word) => ({ word, text: word }));
    const isKnown = this.words.some((word) => fold(word) === fold(typed));
    if (typed && !isKnown) options.push({ word: typed, text: `${typed} (new)` });
    this.options = options;
    this.list.replaceChildren(...options.map((option, place) => this.makeOption(option, place)));
    this.open(options.length > 0);
    this.mark(0);
  }

  makeOption({ word, text }, place) {
    const option = make("div", "wb-item-option", text);
    option.id = `${this.list.id}-${place}`;
    option.setAttribute("role", "option");
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the input keeps the focus
      this.choose(word);
    });
    return option;
  }

  mark(place) {
    this.active = Math.max(0, Math.min(place, this.options.length - 1));
    [...this.list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === this.active)));
    const active = this.list.children[this.active];
    active?.scrollIntoView({ block: "nearest" });
    if (active) this.input.setAttribute("aria-activedescendant", active.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  take() {
    const word = this.typed && (this.options[this.active]?.word ?? this.typed);
    if (word) this.choose(word);
  }

  onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.isComposing) return;
    if (event.key in steps) this.mark(this.active + steps[event.key]);
    else if (event.key === "Enter") this.take();
    else if (event.key === "Escape") this.leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function fold(word) {
  return word.toLowerCase();
}

/** The words that begin with what was typed, then those that hold it; all while nothing is. */
function completions(words, typed) {
  const wanted = fold(typed);
  const begin = words.filter((word) => fold(word).startsWith(wanted));
  const hold = words.filter((word) => !fold(word).startsWith(wanted) && fold(word).includes(wanted));
  const exact = (word) => (fold(word) === wanted ? 0 : 1);
  return [...begin.sort((a, b) => exact(a) - exact(b)), ...hold].slice(0, MOST_WORDS);
}
