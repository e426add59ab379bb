// What the page of tag review looks like: a start, an item with its tags, or why there is none.

const TAG_INTRODUCTION =
  "You hear one piece at a time and see what a tagger suggests for it. Accept what is right, " +
  "reject what is wrong, add what is missing. What you accept counts as a person's tag.";

/** What a reviewer can do while an item is on the page. */
const TAG_COMMANDS = [
  command("play", [" "], "Play", "play, or stop", (r) => r.play()),
  command("accept", ["a", "Enter"], "Accept", "accept the marked tag", (r) => r.judge("accepted")),
  command("reject", ["r", "x"], "Reject", "reject the marked tag", (r) => r.judge("rejected")),
  command("add", ["t", "+"], "Add a tag", "add a tag that is missing", (r) => r.page.openForm()),
  command("next", ["n"], "Next piece", "go on to the next piece; what is open stays open", (r) => r.next()),
  command("undo", ["u"], "Undo", "take back your last verdict, as often as you like", (r) => r.undo()),
  command("down", ["ArrowDown", "j"], "Down", "mark the next tag", (r) => r.page.step(1)),
  command("up", ["ArrowUp", "k"], "Up", "mark the tag before", (r) => r.page.step(-1)),
  command("back", ["ArrowLeft"], "Back", "five seconds back", (r) => r.skip(-5)),
  command("ahead", ["ArrowRight"], "Ahead", "five seconds ahead", (r) => r.skip(5)),
  command("help", ["?"], "Keys", "show or hide this list", (r) => r.page.toggleHelp()),
];
const ON_BUTTONS = ["accept", "reject", "add", "undo", "next", "help"];
const WORDS_OF = { accepted: "accepted", rejected: "rejected" };
const CHECK = "M3 8.5l3.5 3.5L13 4.5";
const CROSS = "M4 4l8 8M12 4l-8 8";

class TagReviewPage {
  /** `act(command)` runs a command, `judge(tag, verdict)` gives a verdict, `change()` starts anew. */
  constructor(root, { act, judge, change }) {
    Object.assign(this, { root, act, judge, change });
    this.bar = new PlayBar("");
    this.bar.audio.preload = "metadata";
    this.bar.root.classList.add("wb-tags-player");
    this.bar.button.setAttribute("aria-keyshortcuts", "Space");
    const key = make("kbd", "", "Space");
    key.setAttribute("aria-hidden", "true");
    this.bar.button.after(key);
    this.wave = make("canvas");
    this.wave.setAttribute("aria-hidden", "true");
    const place = make("div", "wb-tags-wave"); // the slider lies over the wave and is what is pressed
    this.bar.seek.replaceWith(place);
    place.append(this.wave, this.bar.seek);
    this.bar.seek.addEventListener("change", () => this.focus()); // keys go on working
    this.bar.audio.addEventListener("loadstart", () => (this.bar.time.textContent = "Loading\u2026"));
    for (const name of ["timeupdate", "seeked", "durationchange"]) {
      this.bar.audio.addEventListener(name, () => this.paintWave());
    }
    this.picker = new WordPicker("Tag", (word) => this.add(word), () => this.closeForm());
    this.values = {};
    this.item = null;
    this.marked = 0;
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  // -- faces -------------------------------------------------------------------------------------

  showStart(setup, chosen, begin) {
    this.leaveItem();
    const name = field("Your name", textInput(chosen.reviewer));
    const who = field("Suggested by", menu(setup.taggers.map(({ key }) => [key, key]), chosen.tagger));
    const about = field("Tags of", menu([], ""));
    const fill = () => {
      const tagger = setup.taggers.find(({ key }) => key === who.input.value) ?? setup.taggers[0];
      const kinds = [["", "every dimension"], ...tagger.dimensions.map((d) => [d, d])];
      const before = about.input.value || chosen.dimension;
      about.input.replaceChildren(...menu(kinds, "").children);
      about.input.value = tagger.dimensions.includes(before) ? before : "";
    };
    who.input.addEventListener("change", fill);
    fill();
    const start = () =>
      begin({
        reviewer: setup.reviewer || name.input.value.trim().replace(/\s+/g, " "),
        tagger: who.input.value,
        dimension: setup.dimension || about.input.value,
      });
    const fields = make("div", "wb-keyed-fields");
    if (!setup.reviewer) fields.append(name.label);
    if (setup.taggers.length > 1) fields.append(who.label);
    if (!setup.dimension) fields.append(about.label);
    const button = keyButton("Start reviewing", "Enter", start, "wb-keyed-primary");
    const face = make("div", "wb-keyed-start");
    face.append(make("h2", "", "Which tags are right?"), make("p", "wb-muted", TAG_INTRODUCTION), fields, button);
    face.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // JupyterLab would keep a form from being submitted
      if (!event.repeat) start();
    });
    this.root.replaceChildren(face, this.makeStatus());
    this.first = setup.reviewer || chosen.reviewer ? button : name.input;
    this.first.focus({ preventScroll: true });
  }

  /** Voila shows its page only when all of it is there: the focus has to wait for that. */
  onResize() {
    if (this.first && this.root.clientWidth) this.first.focus({ preventScroll: true });
    this.first = null;
    this.paintWave();
  }

  showEmpty(reason, lookAgain, hasStarted) {
    this.leaveItem();
    const actions = make("div", "wb-tags-actions");
    actions.append(keyButton("Look again", "", lookAgain));
    if (hasStarted) {
      const undo = TAG_COMMANDS.find(({ id }) => id === "undo");
      actions.append(keyButton("Undo", "U", () => this.act(undo)), keyButton("Start page", "", this.change));
    }
    this.root.replaceChildren(make("div", "wb-note", reason), actions, this.makeStatus());
    this.focus();
  }

  leaveItem() {
    this.bar.stop();
    this.item = null;
    this.formOpen = false;
    delete this.root.dataset.item;
  }

  /** Show an item, or the one that is shown as it is now; `marked` is the tag to mark then. */
  showItem(item, who, progress) {
    const isNew = item.id !== this.item?.id;
    const before = this.rows?.[this.marked];
    this.who = who;
    this.item = item;
    this.rows = this.inOrder(item.suggestions);
    if (isNew) {
      const goesOn = !this.bar.audio.paused;
      this.formOpen = false;
      this.bar.load(item.url, item.title, item.artist);
      if (goesOn) this.bar.start();
      this.marked = Math.max(0, this.rows.findIndex(isOpen));
    } else {
      this.marked = this.nextOpen(before);
    }
    this.root.dataset.item = item.id;
    this.root.replaceChildren(
      this.makeHeader(progress),
      this.makeSound(),
      this.makeConfirmed(),
      this.makeSuggestions(),
      this.makeForm(),
      this.makeActions(),
      this.makeHelp(),
    );
    this.mark(this.marked);
    this.paintWave();
    if (!this.formOpen) this.focus();
  }

  /** Tags by dimension, in the tagger's order; those of one dimension by score, as they came. */
  inOrder(tags) {
    const names = this.who.tagger.dimensions;
    return [...tags].sort((a, b) => names.indexOf(a.dimension) - names.indexOf(b.dimension));
  }

  /** The place of the first open tag after one that was judged; where all are judged, its own. */
  nextOpen(tag) {
    const own = this.rows.findIndex((row) => tag && row.dimension === tag.dimension && row.value === tag.value);
    if (own < 0 || isOpen(this.rows[own])) return Math.max(0, own);
    const later = this.rows.findIndex((row, place) => place > own && isOpen(row));
    const first = this.rows.findIndex(isOpen);
    return later >= 0 ? later : first >= 0 ? first : own;
  }

  // -- parts -------------------------------------------------------------------------------------

  makeHeader({ session, today, left }) {
    const { reviewer } = this.who;
    const heading = make("div", "wb-tags-heading");
    const title = make("h2", "", this.item.title);
    title.title = this.item.title;
    heading.append(title, make("p", "wb-muted", this.item.artist));
    heading.setAttribute("aria-live", "polite");
    const count = make("div", "wb-tags-count");
    count.append(make("strong", "", String(session)), ` judged, ${left} ${left === 1 ? "piece" : "pieces"} left`);
    const who = make("div", "wb-muted", `${today} today by ${reviewer}`);
    who.append(" \u00b7 ", keyButton("Change", "", this.change, "wb-keyed-link"));
    const progress = make("div", "wb-tags-progress");
    progress.append(count, who);
    const header = make("div", "wb-tags-header");
    header.append(heading, progress);
    return header;
  }

  makeSound() {
    this.wave.hidden = !this.item.peaks.length;
    return this.bar.root;
  }

  makeConfirmed() {
    const box = make("div", "wb-tags-confirmed");
    const { confirmed } = this.item;
    box.append(make("span", "wb-muted", confirmed.length ? "Confirmed:" : "No tag of this piece is confirmed yet."));
    for (const { dimension, value, source } of confirmed) {
      const chip = make("span", "wb-tags-chip");
      chip.append(make("span", "wb-muted", dimension), make("b", "", value));
      chip.title = `${dimension}: ${value} (${source})`;
      box.append(chip);
    }
    return box;
  }

  makeSuggestions() {
    const { tagger, dimension } = this.who;
    const box = make("div");
    const about = dimension ? `tags of ${dimension}` : "tags";
    box.append(make("p", "wb-tags-source wb-muted", `Suggested ${about}, by ${tagger.key} of ${tagger.day}`));
    const groups = make("div", "wb-tags-groups");
    this.elements = this.rows.map((tag, place) => this.makeRow(tag, place));
    const names = [...new Set(this.rows.map(({ dimension }) => dimension))];
    for (const name of names) {
      const group = make("section", "wb-tags-group");
      group.setAttribute("aria-label", `Suggested: ${name}`);
      const list = make("ul");
      list.append(...this.elements.filter((_, place) => this.rows[place].dimension === name));
      group.append(make("h3", "", name), list);
      groups.append(group);
    }
    this.live = make("span", "wb-tags-live");
    this.live.setAttribute("aria-live", "polite");
    box.append(groups, this.live);
    return box;
  }

  makeRow(tag, place) {
    const row = make("li", "wb-tags-row");
    row.dataset.verdict = tag.verdict ?? (tag.known ? "known" : "");
    const bar = level(tag.score, "wb-tags-bar");
    const threshold = make("s");
    threshold.style.left = `${100 * this.who.tagger.threshold}%`;
    bar.append(threshold);
    bar.title = `The line is ${this.who.tagger.key}'s threshold, ${this.who.tagger.threshold}`;
    const value = make("span", "wb-tags-value", tag.value);
    value.title = tag.value;
    const said = tag.verdict ? WORDS_OF[tag.verdict] : tag.known ? "known" : "";
    row.append(
      value,
      bar,
      make("span", "wb-tags-score", tag.score.toFixed(2)),
      make("span", "wb-tags-said", said),
      this.makeVerdict(tag, place, "accepted", "Accept", CHECK),
      this.makeVerdict(tag, place, "rejected", "Reject", CROSS),
    );
    row.addEventListener("click", () => {
      this.mark(place);
      this.focus();
    });
    return row;
  }

  makeVerdict(tag, place, verdict, label, shape) {
    const button = make("button", `wb-tags-verdict wb-tags-${verdict}`);
    button.type = "button";
    button.append(drawn(shape));
    button.setAttribute("aria-label", `${label} ${tag.value}`);
    button.setAttribute("aria-pressed", String(tag.verdict === verdict));
    button.title = `${label} ${tag.value}`;
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      this.mark(place);
      this.focus();
      this.judge(tag, verdict);
    });
    return button;
  }

  makeForm() {
    this.form = make("div", "wb-tags-form");
    this.form.setAttribute("role", "group");
    this.form.setAttribute("aria-label", "Add a tag");
    this.about = menu(Object.keys(this.values).map((name) => [name, name]), this.formDimension ?? this.rows[this.marked]?.dimension);
    this.about.setAttribute("aria-label", "Dimension of the new tag");
    this.about.addEventListener("change", () => {
      this.formDimension = this.about.value;
      this.picker.begin(this.values[this.about.value] ?? []);
      this.picker.input.focus();
    });
    this.about.addEventListener("keydown", (event) => event.key === "Escape" && this.closeForm());
    this.form.append(this.about, this.picker.root, keyButton("Add", "Enter", () => this.picker.take()), keyButton("Close", "Esc", () => this.closeForm()));
    this.form.hidden = !this.formOpen;
    if (this.formOpen) this.picker.begin(this.values[this.about.value] ?? []);
    return this.form;
  }

  makeActions() {
    this.buttons = Object.fromEntries(
      ON_BUTTONS.map((id) => {
        const each = TAG_COMMANDS.find((known) => known.id === id);
        const button = keyButton(each.label, keyName(each.keys[0]), () => this.act(each));
        button.setAttribute("aria-keyshortcuts", each.keys.map(keyName).join(" "));
        button.title = each.help;
        return [id, button];
      }),
    );
    this.buttons.next.classList.add("wb-tags-next");
    const row = make("div", "wb-tags-actions");
    const { accept, reject, add, undo, next, help } = this.buttons;
    row.append(accept, reject, add, undo, this.status ?? this.makeStatus(), help, next);
    return row;
  }

  makeHelp() {
    this.help = make("dl", "wb-keyed-help");
    for (const { keys, help } of TAG_COMMANDS) {
      const entry = make("div");
      entry.append(make("dt", "", keys.map(keyName).join(" or ")), make("dd", "", help));
      this.help.append(entry);
    }
    this.help.hidden = !this.helpWanted;
    return this.help;
  }

  makeStatus() {
    this.status = make("div", "wb-keyed-status");
    this.status.setAttribute("role", "status");
    return this.status;
  }

  // -- what changes ------------------------------------------------------------------------------

  toggleHelp() {
    this.helpWanted = this.help.hidden;
    this.help.hidden = !this.helpWanted;
  }

  openForm() {
    this.formOpen = true;
    this.form.hidden = false;
    this.formDimension = this.rows[this.marked]?.dimension ?? this.about.value;
    this.about.value = this.formDimension;
    this.picker.begin(this.values[this.formDimension] ?? []);
    this.picker.input.focus();
  }

  closeForm() {
    this.formOpen = false;
    this.form.hidden = true;
    this.focus();
  }

  add(word) {
    const tag = { dimension: this.about.value, value: word };
    this.closeForm();
    this.judge(tag, "accepted");
  }

  get tag() {
    return this.rows[this.marked];
  }

  step(by) {
    this.mark(Math.max(0, Math.min(this.rows.length - 1, this.marked + by)), true);
  }

  mark(place, speak = false) {
    this.marked = place;
    this.elements.forEach((row, i) => {
      if (i === place) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
    if (!speak || !this.tag) return;
    this.elements[place].scrollIntoView({ block: "nearest" });
    const { dimension, value, score, verdict } = this.tag;
    this.live.textContent = `${value}, ${dimension}, ${score.toFixed(2)}${verdict ? `, ${verdict}` : ""}`;
  }

  paintWave() {
    if (!this.item || this.wave.hidden || !this.wave.isConnected) return;
    const { audio } = this.bar;
    const played = audio.duration ? audio.currentTime / audio.duration : 0;
    drawWave(this.wave, this.item.peaks.map((peak) => peak / 255), played, null);
  }

  setBusy(busy) {
    this.root.dataset.state = busy ? "saving" : "ready";
    if (!this.item) return;
    for (const id of ["accept", "reject", "add", "undo", "next"]) this.buttons[id].disabled = busy;
  }

  /** Say one thing, with a button to press if there is something to do about it. */
  say(text, { good = false, urgent = false, label = "", action = null } = {}) {
    this.status.replaceChildren(text);
    if (action) this.status.append(keyButton(label, "", action));
    this.status.classList.toggle("wb-keyed-good", good);
    this.status.classList.toggle("wb-keyed-urgent", urgent);
  }

  close() {
    this.bar.close();
  }
}

function isOpen({ verdict, known }) {
  return !verdict && !known;
}

function drawn(shape) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shape);
  svg.append(path);
  return svg;
}
