// What the rater's page looks like: a start, a trial, a break, or the reason why there is none.

const PLACES = [0, 1, 2]; // from left to right
const TRANSPORT = ["inTurn", "toggle", "loop", "from", "to", "quieter", "louder"];
const LOADED_STATES = ["ready", "confidence"];

class RaterPage {
  /** `act(command)` runs one of the commands; `wave` has click and drag(place, ...). */
  constructor(root, { act, wave, change }) {
    Object.assign(this, { root, act, wave, change });
    this.trial = null;
    this.rubricWanted = true;
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  get mode() {
    return this.trial.odd_one_out ? "odd" : "closer";
  }

  // -- faces -------------------------------------------------------------------------------------

  showStart(setup, chosen, begin) {
    this.trial = null;
    const { face, first } = startFace(setup, chosen, begin);
    this.root.replaceChildren(face, this.makeStatus());
    this.first = first;
    this.first.focus({ preventScroll: true });
  }

  /** Voila shows its page only when all of it is there: the focus has to wait for that. */
  onResize() {
    if (this.first && this.root.clientWidth) this.first.focus({ preventScroll: true });
    this.first = null;
  }

  showTrial(trial, rater, progress) {
    const isNew = trial.dimension !== this.trial?.dimension;
    const focused = this.root.contains(document.activeElement);
    this.trial = trial;
    this.root.dataset.trial = trial.id;
    this.root.dataset.mode = this.mode;
    this.commands = commandsOf(this.mode);
    this.cards = PLACES.map((place) => this.makeCard(place));
    const cards = make("div", "wb-rater-cards");
    cards.append(...this.cards.map((card) => card.element));
    this.root.replaceChildren(
      this.makeHeader(isNew, rater, progress),
      this.makeRubric(),
      cards,
      this.makeTransport(),
      this.makeAnswers(),
      this.makeFooter(),
      this.makeHelp(),
    );
    if (focused || isNew) this.focus();
  }

  showEmpty(reason, lookAgain) {
    this.trial = null;
    const undo = COMMON.find(({ id }) => id === "undo");
    const actions = make("div", "wb-rater-footer");
    actions.append(
      keyButton("Look again", "", lookAgain),
      keyButton("Undo", "Z", () => this.act(undo)),
      keyButton("Start page", "", this.change),
    );
    this.root.replaceChildren(make("div", "wb-note", reason), actions, this.makeStatus());
    this.focus();
  }

  showBreak(minutes, goOn) {
    this.trial = null;
    const said =
      `You have been judging for ${Math.round(minutes)} minutes without a pause. Ears tire: take ` +
      "five minutes. Everything is saved, and this page waits for you.";
    const actions = make("div", "wb-rater-footer");
    actions.append(keyButton("Go on", "Enter", goOn, "wb-keyed-primary"));
    this.root.replaceChildren(make("div", "wb-note", said), actions, this.makeStatus());
    this.focus();
  }

  // -- parts of a trial --------------------------------------------------------------------------

  command(id) {
    return this.commands.find((command) => command.id === id);
  }

  /** The button of a command, with the key that does the same. */
  button(id, className = "") {
    const command = this.command(id);
    const element = keyButton(command.label, keyName(command.keys[0]), () => this.act(command), className);
    element.setAttribute("aria-keyshortcuts", command.keys.map(keyName).join(" "));
    element.title = command.help;
    element.dataset.command = id;
    return element;
  }

  makeHeader(isNew, rater, { session, today, by_dimension: parts }) {
    const { dimension } = this.trial;
    const overall = dimension === "overall";
    const asked = this.mode === "odd" ? "Which is the odd one out" : "Which is closer to the anchor";
    const question = make("h2", "", overall ? `${asked}, ` : `${asked} in `);
    question.append(make("em", isNew ? "wb-rater-new" : "", dimension), "?");
    const text = make("div");
    text.setAttribute("aria-live", "polite");
    text.append(question, make("p", "wb-muted", this.trial.question));
    const count = make("div", "wb-rater-count");
    count.append(make("strong", "", String(session)), " judged this session");
    count.title = Object.entries(parts).map((part) => part.join(" ")).join(", ");
    const who = make("div", "wb-muted", `${today} today by ${rater}`);
    who.append(" \u00b7 ", keyButton("Change", "", this.change, "wb-keyed-link"));
    const progress = make("div", "wb-rater-progress");
    progress.append(count, who);
    const header = make("div", "wb-rater-header");
    header.append(text, progress);
    return header;
  }

  makeRubric() {
    this.rubric = make("div", "wb-note wb-rater-rubric", this.trial.rubric);
    this.rubric.hidden = !this.trial.rubric || !this.rubricWanted;
    return this.rubric;
  }

  makeCard(place) {
    const name = NAMES[this.mode][place];
    const element = make("section", `wb-rater-card wb-rater-place${place}`);
    element.classList.toggle("wb-rater-anchor", name === "Anchor");
    element.setAttribute("aria-label", name === "Anchor" ? name : `Clip ${name}`);
    const canvas = make("canvas");
    canvas.setAttribute("aria-hidden", "true");
    onWave(canvas, {
      click: (share) => this.wave.click(place, share),
      drag: (from, to, isOver) => this.wave.drag(place, from, to, isOver),
    });
    canvas.addEventListener("pointerdown", () => this.focus());
    const time = make("span", "wb-rater-time");
    const play = this.button(`play${place}`, "wb-rater-play");
    play.prepend(playIcon());
    const here = this.button(`switch${place}`, "wb-rater-switch");
    play.setAttribute("aria-label", `Play ${name}`);
    here.setAttribute("aria-label", `Switch to ${name} at the same position`);
    const heard = make("div", "wb-rater-heard");
    heard.append(make("i"));
    const head = make("div", "wb-rater-cardhead");
    head.append(make("h3", "", name), time);
    const buttons = make("div", "wb-rater-buttons");
    buttons.append(play, here);
    element.append(head, canvas, heard, buttons);
    return { element, canvas, time, play, here, heard: heard.firstChild };
  }

  makeTransport() {
    this.transport = Object.fromEntries(TRANSPORT.map((id) => [id, this.button(id)]));
    const row = make("div", "wb-rater-transport");
    row.append(...Object.values(this.transport));
    return row;
  }

  makeAnswers() {
    const given = this.mode === "odd" ? ["first", "second", "third"] : ["left", "right"];
    const first = PLACES.length - given.length; // the colour is that of the card an answer names
    this.answerButtons = given.map((id, i) =>
      this.button(id, `wb-rater-answer wb-rater-place${first + i}`),
    );
    const cannotTell = this.button("cannot_tell", "wb-rater-answer wb-rater-cannot_tell");
    if (first) this.answerButtons.unshift(cannotTell); // under the anchor, A under A, B under B
    else this.answerButtons.push(cannotTell);
    this.answers = make("div", `wb-rater-answers wb-rater-answers-${given.length + 1}`);
    this.answers.append(...this.answerButtons);
    this.gate = make("p", "wb-rater-gate wb-muted");
    this.gate.setAttribute("aria-live", "polite");
    const box = make("div", "wb-rater-answerbox");
    box.append(this.answers, this.gate);
    return box;
  }

  /** Ask how sure the rater is, in place of the answers. */
  askConfidence() {
    this.answers.className = "wb-rater-answers wb-rater-answers-4";
    this.answers.replaceChildren(
      ...CONFIDENCES.map((command) =>
        keyButton(command.label, keyName(command.keys[0]), () => this.act(command), "wb-rater-answer"),
      ),
    );
    this.gate.textContent = "How sure are you?";
  }

  makeFooter() {
    const hint = make("span", "wb-rater-hint", "Click into this box to use the keys.");
    this.skip = this.button("skip");
    this.undo = this.button("undo");
    this.redo = this.button("redo");
    const footer = make("div", "wb-rater-footer");
    footer.append(this.makeStatus(), hint, this.skip, this.undo, this.redo);
    if (this.trial.rubric) footer.append(this.button("rubric"));
    this.helpButton = this.button("help");
    footer.append(this.helpButton);
    return footer;
  }

  makeHelp() {
    this.help = make("dl", "wb-keyed-help");
    this.commands.forEach(({ keys, help }) => {
      const entry = make("div");
      entry.append(make("dt", "", keys.map(keyName).join(" or ")), make("dd", "", help));
      this.help.append(entry);
    });
    this.help.hidden = !this.helpWanted;
    return this.help;
  }

  toggleHelp() {
    this.helpWanted = this.help.hidden;
    this.help.hidden = !this.helpWanted;
    this.helpButton.setAttribute("aria-expanded", String(this.helpWanted));
  }

  toggleRubric() {
    if (!this.trial.rubric) return this.say(`Nobody has written what ${this.trial.dimension} means yet.`);
    this.rubricWanted = this.rubric.hidden;
    this.rubric.hidden = !this.rubricWanted;
  }

  // -- what changes ------------------------------------------------------------------------------

  makeStatus() {
    this.status = make("div", "wb-keyed-status");
    this.status.setAttribute("role", "status");
    this.status.setAttribute("aria-live", "polite");
    return this.status;
  }

  /** Say one thing, with a button to press if there is something to do about it. */
  say(text, { good = false, urgent = false, label = "", action = null } = {}) {
    this.status.replaceChildren(text);
    if (action) this.status.append(keyButton(label, "", action));
    this.status.classList.toggle("wb-keyed-good", good);
    this.status.classList.toggle("wb-keyed-urgent", urgent);
  }

  setState(state) {
    this.root.dataset.state = state;
    if (!this.trial) return;
    const isBusy = ["saving", "unsaved", "confidence"].includes(state);
    this.undo.disabled = this.redo.disabled = isBusy;
    this.skip.disabled = state !== "ready";
    this.isLoaded = LOADED_STATES.includes(state);
    Object.values(this.transport).forEach((each) => (each.disabled = !this.isLoaded));
  }

  /** Let answers be given, or say which clips have to be heard first. */
  setGate(missing, seconds, state) {
    if (state === "confidence") return;
    const names = missing.map((place) => NAMES[this.mode][place]).join(", ");
    const text = missing.length
      ? `Hear at least ${Number(seconds.toFixed(1))} s of each clip before you answer: still ${names}.`
      : "";
    if (this.gate.textContent !== text) this.gate.textContent = text;
    this.answerButtons.forEach((each) => (each.disabled = state !== "ready" || missing.length > 0));
  }

  /** Show what plays, how far it has come and how much of it was heard. */
  paint(player, enough) {
    if (!this.trial) return;
    PLACES.forEach((place) => this.paintCard(place, player, enough));
    const { toggle, loop } = this.transport;
    toggle.querySelector("span").textContent = player.playing ? "Stop" : "Go on";
    loop.setAttribute("aria-pressed", String(player.looping));
  }

  paintCard(place, player, enough) {
    const { element, canvas, time, play, here, heard } = this.cards[place];
    const clip = this.trial.clips[place];
    const excerpt = player.clips[place];
    const sounding = player.playing && player.place === place;
    const length = player.duration(place) || clip.length;
    const position = player.position(place);
    const region = player.looping || player.regions[place] ? player.regionOf(place) : null;
    element.classList.toggle("wb-rater-sounding", sounding);
    play.disabled = here.disabled = !excerpt || !this.isLoaded;
    play.setAttribute("aria-pressed", String(sounding));
    const outline = excerpt?.outline ?? clip.peaks.map((level) => level / 255);
    drawWave(canvas, outline, position / length, excerpt && region?.map((at) => at / length));
    heard.style.width = `${Math.min(1, excerpt ? enough(place) : 0) * 100}%`;
    time.textContent = `${clock(position)} / ${clock(length)}`;
  }
}
