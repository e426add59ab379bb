// What the rater's page looks like: a start, a trial, or the reason why there is none.

const SIDES = ["anchor", "left", "right"];
const NAMES = { anchor: "Anchor", left: "A", right: "B" };
const PLAY_KEYS = { anchor: "X", left: "A", right: "B" };
const ANSWERS = [
  ["cannot_tell", "Cannot tell", "\u2193"],
  ["left", "A is closer", "\u2190"],
  ["right", "B is closer", "\u2192"],
];
const HELP = [
  ["X or 1", "play the anchor from its start"],
  ["\u2190", "A is closer to the anchor"],
  ["A or 2", "play A from its start"],
  ["\u2192", "B is closer to the anchor"],
  ["B or 3", "play B from its start"],
  ["\u2193", "you cannot tell"],
  ["Space", "stop, and go on where it stopped"],
  ["S", "skip: you cannot judge this music at all"],
  ["?", "show or hide this list"],
  ["Z or Backspace", "undo, back to the session's first answer"],
];
const INTRODUCTION =
  "You hear three excerpts: an anchor and two candidates, A and B. Say which candidate is closer " +
  "to the anchor in the dimension asked about. Headphones help.";

class RaterPage {
  /** `actions`: start(name, dimension), change, play(side, at), toggle(side), answer, undo. */
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.trial = null;
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  // -- start -------------------------------------------------------------------------------------

  /** Ask what `setup` leaves open: who judges, and by which dimension. */
  showStart(setup, rater, dimension) {
    this.trial = null;
    this.isOpen = !(setup.rater && setup.dimension); // is there anything to change?
    const name = field("Your name", textInput(rater));
    const every = [["", "every dimension in turn"], ...setup.dimensions.map((d) => [d, d])];
    const about = field("Judge by", menu(setup.dimension ? [] : every, dimension));
    const begin = () =>
      this.actions.start(
        setup.rater || name.input.value.trim().replace(/\s+/g, " "),
        setup.dimension || about.input.value,
      );
    const fields = make("div", "wb-rater-fields");
    if (!setup.rater) fields.append(name.label);
    if (!setup.dimension) fields.append(about.label);
    const start = keyButton("Start listening", "Enter", begin, "wb-rater-primary");
    const face = make("div", "wb-rater-start");
    face.append(make("h2", "", "Which one is closer?"), make("p", "wb-muted", INTRODUCTION));
    face.append(fields, start);
    face.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // JupyterLab would keep a form from being submitted
      if (!event.repeat) begin();
    });
    this.root.replaceChildren(face, this.makeStatus());
    this.first = setup.rater || rater ? start : name.input;
    this.first.focus({ preventScroll: true });
  }

  /** Voila shows its page only when all of it is there: the focus has to wait for that. */
  onResize() {
    if (this.first && this.root.clientWidth) this.first.focus({ preventScroll: true });
    this.first = null;
  }

  // -- trial -------------------------------------------------------------------------------------

  showTrial(trial, rater, progress) {
    const isNew = trial.dimension !== this.trial?.dimension;
    const focused = this.root.contains(document.activeElement);
    this.trial = trial;
    this.root.dataset.trial = trial.id;
    this.cards = Object.fromEntries(SIDES.map((side) => [side, this.makeCard(side)]));
    const cards = make("div", "wb-rater-cards");
    cards.append(...SIDES.map((side) => this.cards[side].element));
    const answers = make("div", "wb-rater-answers");
    this.answerButtons = ANSWERS.map(([choice, label, key]) =>
      keyButton(label, key, () => this.actions.answer(choice), `wb-rater-answer wb-rater-${choice}`),
    );
    answers.append(...this.answerButtons);
    const header = this.makeHeader(isNew, rater, progress);
    this.root.replaceChildren(header, cards, answers, this.makeFooter(), this.makeHelp());
    if (focused || isNew) this.focus();
  }

  makeHeader(isNew, rater, { session, today, by_dimension: parts }) {
    const question = make("h2", "", "Which one is closer to the anchor in ");
    question.append(make("em", isNew ? "wb-rater-new" : "", this.trial.dimension), "?");
    const asked = make("div");
    asked.append(question, make("p", "wb-muted", this.trial.question));
    const count = make("div", "wb-rater-count");
    count.append(make("strong", "", String(session)), " judged this session");
    count.title = Object.entries(parts).map((part) => part.join(" ")).join(", ");
    const who = make("div", "wb-muted", `${today} today by ${rater}`);
    const change = keyButton("Change", "", this.actions.change, "wb-rater-link");
    if (this.isOpen) who.append(" \u00b7 ", change);
    const progress = make("div", "wb-rater-progress");
    progress.append(count, who);
    const header = make("header", "wb-rater-header");
    header.append(asked, progress);
    return header;
  }

  makeCard(side) {
    const element = make("section", `wb-rater-card wb-rater-${side}`);
    element.setAttribute("aria-label", side === "anchor" ? "Anchor" : `Candidate ${NAMES[side]}`);
    const canvas = make("canvas");
    canvas.setAttribute("aria-hidden", "true");
    canvas.addEventListener("click", (event) => {
      this.focus();
      this.actions.play(side, event.offsetX / canvas.clientWidth);
    });
    const time = make("span", "wb-rater-time");
    const toggle = () => this.actions.toggle(side);
    const play = keyButton("Play", PLAY_KEYS[side], toggle, "wb-rater-play");
    play.prepend(playIcon());
    const head = make("div", "wb-rater-cardhead");
    head.append(make("h3", "", NAMES[side]), time);
    element.append(head, canvas, play);
    return { element, canvas, time, play };
  }

  makeFooter() {
    const hint = make("span", "wb-rater-hint", "Click into this box to use the keys.");
    const skip = keyButton("Skip", "S", () => this.actions.answer("skip"));
    this.answerButtons.push(skip);
    this.undoButton = keyButton("Undo", "Z", this.actions.undo);
    this.helpButton = keyButton("Keys", "?", () => this.toggleHelp());
    const footer = make("div", "wb-rater-footer");
    footer.append(this.makeStatus(), hint, skip, this.undoButton, this.helpButton);
    return footer;
  }

  makeHelp() {
    this.help = make("dl", "wb-rater-help");
    HELP.forEach(([keys, what]) => this.help.append(make("dt", "", keys), make("dd", "", what)));
    this.help.hidden = !this.helpWanted;
    return this.help;
  }

  toggleHelp() {
    this.helpWanted = this.help.hidden;
    this.help.hidden = !this.helpWanted;
  }

  // -- nothing to judge --------------------------------------------------------------------------

  showEmpty(reason, lookAgain) {
    this.trial = null;
    const actions = make("div", "wb-rater-footer");
    actions.append(
      keyButton("Look again", "", lookAgain),
      keyButton("Undo", "Z", this.actions.undo),
      keyButton("Start page", "", this.actions.change),
    );
    this.root.replaceChildren(make("div", "wb-note", reason), actions, this.makeStatus());
    this.focus();
  }

  // -- what changes ------------------------------------------------------------------------------

  makeStatus() {
    this.status = make("div", "wb-rater-status");
    this.status.setAttribute("role", "status");
    this.status.setAttribute("aria-live", "polite");
    return this.status;
  }

  /** Say one thing, with a button to press if there is something to do about it. */
  say(text, { good = false, urgent = false, label = "", action = null } = {}) {
    this.status.replaceChildren(text);
    if (action) this.status.append(keyButton(label, "", action));
    this.status.classList.toggle("wb-rater-good", good);
    this.status.classList.toggle("wb-rater-urgent", urgent);
  }

  setState(state) {
    this.root.dataset.state = state;
    if (!this.trial) return;
    this.answerButtons.forEach((each) => (each.disabled = state !== "ready"));
    this.undoButton.disabled = state === "saving" || state === "unsaved";
  }

  /** Show what plays, and how far it has come. */
  paint(player) {
    if (!this.trial) return;
    for (const side of SIDES) {
      const { element, canvas, time, play } = this.cards[side];
      const clip = this.trial.clips[side];
      const sounding = player.playing && player.side === side;
      const length = player.duration(side) || clip.length;
      const position = player.position(side);
      const outline = player.loaded[side]?.outline ?? clip.peaks.map((level) => level / 255);
      element.classList.toggle("wb-rater-sounding", sounding);
      play.disabled = !player.loaded[side];
      play.querySelector("span").textContent = sounding ? "Stop" : "Play";
      play.querySelector("path").setAttribute("d", sounding ? STOP_SHAPE : PLAY_SHAPE);
      drawWave(canvas, outline, position / length);
      time.textContent = `${clock(position)} / ${clock(length)}`;
    }
  }
}
