// Listen to a triplet, answer, and see the next one only when the answer is on disk.

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
  ["A or 2", "play A from its start"],
  ["B or 3", "play B from its start"],
  ["Space", "stop, and go on where it stopped"],
  ["\u2190", "A is closer to the anchor"],
  ["\u2192", "B is closer to the anchor"],
  ["\u2193", "you cannot tell"],
  ["S", "skip: you cannot judge this music at all"],
  ["Z or Backspace", "undo, back to the first answer of this session"],
  ["?", "show or hide this list"],
];
const ANSWER_TIMEOUT_MS = 8000;
const LOCKED_MS = 200; // after a triplet appears, so that a key held too long is no answer
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
const NAME_KEY = "workbench.rater";

class RaterView {
  constructor(model, root, invoke) {
    this.root = root;
    this.invoke = invoke;
    this.setup = model.get("setup");
    this.player = new ExcerptPlayer(() => this.refresh());
    this.unsaved = new UnsavedAnswers(this.setup.workspace);
    this.rater = this.setup.rater;
    this.dimension = this.setup.dimension;
    this.trial = null;
    this.turn = 0; // counts what is shown, so that late replies to what is gone are ignored
    root.addEventListener("keydown", (event) => this.onKey(event));
    this.resizing = new ResizeObserver(() => this.onResize());
    this.resizing.observe(root);
    root.__rater = this;
    this.showStart();
  }

  close() {
    this.turn++;
    clearTimeout(this.retry);
    cancelAnimationFrame(this.frame);
    this.resizing.disconnect();
    this.player.close();
  }

  onResize() {
    this.paint();
    if (this.first && this.root.clientWidth) this.first.focus({ preventScroll: true });
    this.first = null; // Voila shows its page only when all of it is there
  }

  // -- what tests and other scripts may ask ------------------------------------------------------

  rms() {
    return this.player.rms();
  }

  get position() {
    return this.player.position();
  }

  get playing() {
    return this.player.playing;
  }

  // -- the three faces: start, trial, nothing to judge -------------------------------------------

  showStart(problem = "") {
    this.turn++;
    this.trial = null;
    this.player.begin({});
    this.setState("start");
    const form = make("form", "wb-rater-start");
    const choices = [["", "every dimension in turn"], ...this.setup.dimensions.map((d) => [d, d])];
    const name = field("Your name", make("input"));
    name.input.maxLength = 80;
    name.input.autocomplete = "name";
    name.input.value = this.rater || remembered(NAME_KEY);
    const about = field("Judge by", select(this.setup.dimension ? [] : choices, this.dimension));
    const start = button("Start listening", "Enter", null, "wb-rater-primary");
    start.type = "submit";
    form.append(
      make("h2", "", "Which one is closer?"),
      make(
        "p",
        "wb-muted",
        "You hear three excerpts: an anchor and two candidates, A and B. Say which candidate is " +
          "closer to the anchor in the dimension asked about. Headphones help.",
      ),
    );
    const fields = make("div", "wb-rater-fields");
    if (!this.setup.rater) fields.append(name.label);
    if (!this.setup.dimension) fields.append(about.label);
    form.append(fields, start);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.rater = this.setup.rater || name.input.value.trim().replace(/\s+/g, " ");
      this.dimension = this.setup.dimension || about.input.value;
      this.start();
    });
    this.root.replaceChildren(form, this.makeStatus());
    this.say(problem || (this.setup.rater ? `Judging as ${this.setup.rater}.` : ""), !!problem);
    this.first = this.setup.rater || name.input.value ? start : name.input;
    this.first.focus({ preventScroll: true });
  }

  async start() {
    if (!this.rater) return this.showStart("Please give your name.");
    remember(NAME_KEY, this.rater);
    this.player.allow(); // the click or key that starts also lets the browser play
    this.say("Opening\u2026");
    const unsaved = this.unsaved.of(this.rater);
    const { rater, dimension } = this;
    try {
      this.take(await this.ask("_start", { rater, dimension, unsaved }));
    } catch (error) {
      this.showStart(sentence(error));
    }
  }

  showTrial(trial) {
    this.turn++;
    const newQuestion = trial.dimension !== this.trial?.dimension;
    this.trial = trial;
    this.shownAt = performance.now();
    this.player.begin({});
    this.root.dataset.trial = trial.id;
    const focused = this.root.contains(document.activeElement);
    this.cards = Object.fromEntries(SIDES.map((side) => [side, this.makeCard(side)]));
    const cards = make("div", "wb-rater-cards");
    cards.append(...SIDES.map((side) => this.cards[side].element));
    this.root.replaceChildren(
      this.makeHeader(newQuestion),
      cards,
      this.makeAnswers(),
      this.makeFooter(),
    );
    if (focused || newQuestion) this.root.focus({ preventScroll: true });
    this.paint();
    this.loadSounds();
  }

  showEmpty(reason, retry = null) {
    this.turn++;
    this.trial = null;
    this.player.begin({});
    this.setState("empty");
    const note = make("div", "wb-note", reason);
    const actions = make("div", "wb-rater-footer");
    actions.append(
      button("Undo", "Z", () => this.undo()),
      button("Look again", "", retry ?? (() => this.request("_next", {}))),
      button("Choose another dimension", "", () => this.showStart()),
    );
    this.root.replaceChildren(note, actions, this.makeStatus());
    this.root.focus({ preventScroll: true });
  }

  // -- sounds ------------------------------------------------------------------------------------

  async loadSounds() {
    const { trial, turn } = this;
    this.setState("loading");
    const excerpts = SIDES.map((side) => this.player.load(trial.clips[side]));
    const results = await Promise.allSettled(excerpts);
    if (turn !== this.turn) return;
    const failed = results.findIndex((result) => result.status === "rejected");
    if (failed >= 0) return this.soundFailed(trial, SIDES[failed], results[failed].reason);
    this.player.begin(Object.fromEntries(SIDES.map((side, i) => [side, results[i].value])));
    this.shownAt = performance.now();
    this.setState("ready");
    this.loadAhead(turn);
  }

  /** Have the next triplet's sound ready before it is needed; if that fails, it comes later. */
  async loadAhead(turn) {
    try {
      const { trial } = await this.ask("_ahead", {});
      if (trial && turn === this.turn) SIDES.forEach((side) => this.player.load(trial.clips[side]));
    } catch {
      // Nothing is lost: the sound is fetched when the triplet is shown.
    }
  }

  soundFailed(trial, side, error) {
    if (error instanceof UnplayableError) {
      this.request("_cannot_play", { trial: trial.id, item: trial.clips[side].item });
      return;
    }
    this.setState("silent");
    this.say(soundAdvice(error), true);
    this.status.append(button("Try again", "", () => this.loadSounds()));
  }

  async play(side, at = 0) {
    if (!this.player.loaded[side]) return;
    const { turn } = this;
    if (!(await this.player.allow())) {
      this.say("The browser allows no sound yet: click into this box, then play again.", true);
      return;
    }
    if (turn === this.turn) this.player.play(side, at);
  }

  toggle(side = this.player.side) {
    if (this.player.playing && this.player.side === side) this.player.stop();
    else this.play(side, this.player.position(side));
  }

  // -- answers -----------------------------------------------------------------------------------

  answer(choice) {
    if (this.state !== "ready" || performance.now() - this.shownAt < LOCKED_MS) return;
    this.player.stop();
    const heard = Object.fromEntries(SIDES.map((side) => [side, this.player.heard[side] ?? 0]));
    const answer = {
      id: uuid(),
      trial: this.trial.id,
      choice,
      response_ms: Math.round(performance.now() - this.shownAt),
      heard_ms: heard,
    };
    this.unsaved.add(this.rater, answer);
    this.setState("saving");
    this.send("_answer", answer);
  }

  undo() {
    if (!["ready", "loading", "silent", "empty"].includes(this.state)) return;
    this.player.stop();
    this.setState("saving");
    this.send("_undo", { id: uuid() });
  }

  /** Send until it is acknowledged: an answer is either on disk or on this page. */
  async send(command, message, attempt = 0) {
    clearTimeout(this.retry);
    const { turn } = this;
    this.say(attempt ? "Saving again\u2026" : "Saving\u2026");
    try {
      const reply = await this.ask(command, message);
      if (turn === this.turn) this.take(reply);
      else this.unsaved.settle(reply.settled ?? []);
    } catch (error) {
      if (turn !== this.turn) return;
      this.setState("unsaved");
      const again = () => this.send(command, message, attempt + 1);
      this.say(`NOT SAVED: ${sentence(error)} Your answer is kept on this page.`, true);
      this.status.append(button("Save again", "", again));
      this.retry = setTimeout(again, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }

  /** Ask for something that is safe to ask twice. */
  async request(command, message) {
    const { turn } = this;
    try {
      const reply = await this.ask(command, message);
      if (turn === this.turn) this.take(reply);
    } catch (error) {
      const again = () => this.request(command, message);
      if (turn === this.turn) this.showEmpty(sentence(error), again);
    }
  }

  async ask(command, message) {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const [reply] = await this.invoke(command, message, { signal });
    if (reply.error) throw new SentenceError(reply.error);
    return reply;
  }

  /** Show what Python replied: the next triplet, or why there is none. */
  take(reply) {
    this.progress = reply.progress ?? this.progress;
    this.unsaved.settle(reply.settled ?? []);
    if (reply.trial) this.showTrial(reply.trial);
    else this.showEmpty(reply.empty);
    const saved = reply.settled?.length ? "Saved." : "";
    const undone = reply.undone ? "Undone: judge it again." : "";
    const nothing = reply.undone === false ? "There is nothing left to undo." : "";
    const parts = [reply.refused || saved, undone, nothing, reply.note].filter(Boolean);
    this.say(parts.join(" "), Boolean(reply.refused || reply.note));
  }

  // -- keys --------------------------------------------------------------------------------------

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { tagName } = event.target;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(tagName)) return;
    if (tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    const action = this.actionOf(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!action) return;
    event.preventDefault();
    if (!event.repeat) action();
  }

  actionOf(key) {
    if (this.state === "start") return null;
    if (key === "z" || key === "Backspace") return () => this.undo();
    if (!this.trial) return null;
    const side = { x: "anchor", 1: "anchor", a: "left", 2: "left", b: "right", 3: "right" }[key];
    if (side) return () => this.play(side);
    const choices = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "cannot_tell", s: "skip" };
    if (choices[key]) return () => this.answer(choices[key]);
    if (key === " ") return () => this.toggle();
    if (key === "?") return () => this.toggleHelp();
    return null;
  }

  toggleHelp() {
    this.help.hidden = !this.help.hidden;
    this.helpButton.setAttribute("aria-expanded", String(!this.help.hidden));
  }

  // -- parts of the page -------------------------------------------------------------------------

  makeHeader(isNew) {
    const header = make("header", "wb-rater-header");
    const asked = make("div");
    const question = make("h2", "", "Which one is closer to the anchor in ");
    question.append(make("em", isNew ? "wb-rater-new" : "", this.trial.dimension), "?");
    asked.append(question, make("p", "wb-muted", this.trial.question));
    const { session = 0, today = 0, by_dimension: parts = {} } = this.progress ?? {};
    const progress = make("div", "wb-rater-progress");
    const count = make("div", "wb-rater-count");
    count.append(make("strong", "", String(session)), " judged this session");
    count.title = Object.entries(parts).map(([name, number]) => `${name} ${number}`).join(", ");
    const who = button("Change", "", () => this.showStart(), "wb-rater-link");
    const line = make("div", "wb-muted", `${today} today by ${this.rater} \u00b7 `);
    line.append(who);
    progress.append(count, line);
    header.append(asked, progress);
    return header;
  }

  makeCard(side) {
    const element = make("section", `wb-rater-card wb-rater-${side}`);
    element.setAttribute("aria-label", side === "anchor" ? "Anchor" : `Candidate ${NAMES[side]}`);
    const canvas = make("canvas");
    canvas.setAttribute("aria-hidden", "true");
    canvas.addEventListener("click", (event) => {
      const share = event.offsetX / canvas.clientWidth;
      this.play(side, share * this.player.duration(side));
      this.root.focus({ preventScroll: true });
    });
    const time = make("span", "wb-rater-time");
    const play = button("Play", PLAY_KEYS[side], () => this.toggle(side), "wb-rater-play");
    play.prepend(icon());
    const head = make("div", "wb-rater-cardhead");
    head.append(make("h3", "", NAMES[side]), time);
    element.append(head, canvas, play);
    return { element, canvas, time, play };
  }

  makeAnswers() {
    const answers = make("div", "wb-rater-answers");
    this.answerButtons = ANSWERS.map(([choice, label, key]) =>
      button(label, key, () => this.answer(choice), `wb-rater-answer wb-rater-${choice}`),
    );
    answers.append(...this.answerButtons);
    return answers;
  }

  makeFooter() {
    const footer = make("div", "wb-rater-footer");
    const skip = button("Skip", "S", () => this.answer("skip"));
    this.answerButtons.push(skip);
    this.undoButton = button("Undo", "Z", () => this.undo());
    this.helpButton = button("Keys", "?", () => this.toggleHelp());
    this.helpButton.setAttribute("aria-expanded", "false");
    this.help = make("dl", "wb-rater-help");
    this.help.hidden = true;
    HELP.forEach(([keys, what]) => this.help.append(make("dt", "", keys), make("dd", "", what)));
    footer.append(this.makeStatus(), skip, this.undoButton, this.helpButton);
    const all = make("div");
    all.append(footer, this.help);
    return all;
  }

  makeStatus() {
    this.status = make("div", "wb-rater-status");
    this.status.setAttribute("role", "status");
    this.status.setAttribute("aria-live", "polite");
    return this.status;
  }

  say(text, urgent = false) {
    this.status.replaceChildren(text);
    this.status.classList.toggle("wb-rater-urgent", urgent);
  }

  setState(state) {
    this.state = this.root.dataset.state = state;
    if (!this.trial) return;
    this.answerButtons.forEach((each) => (each.disabled = state !== "ready"));
    this.undoButton.disabled = state === "saving" || state === "unsaved";
    this.refresh();
  }

  refresh() {
    if (!this.trial || !this.cards) return;
    for (const side of SIDES) {
      const { element, play } = this.cards[side];
      const sounding = this.player.playing && this.player.side === side;
      element.classList.toggle("wb-rater-sounding", sounding);
      play.disabled = !this.player.loaded[side];
      play.querySelector("span").textContent = sounding ? "Stop" : "Play";
      play.querySelector("path").setAttribute("d", sounding ? STOP_SHAPE : PLAY_SHAPE);
    }
    cancelAnimationFrame(this.frame);
    this.paint();
  }

  paint() {
    if (!this.trial || !this.cards) return;
    for (const side of SIDES) {
      const { canvas, time } = this.cards[side];
      const excerpt = this.player.loaded[side];
      const length = this.player.duration(side) || this.trial.clips[side].length;
      const position = this.player.position(side);
      const stored = this.trial.clips[side].peaks.map((level) => level / 255);
      drawWave(canvas, excerpt?.outline ?? stored, position / length);
      time.textContent = `${clock(position)} / ${clock(length)}`;
    }
    if (this.player.playing) this.frame = requestAnimationFrame(() => this.paint());
  }
}

/** Answers that no kernel has acknowledged; they outlive a reload of the page. */
class UnsavedAnswers {
  constructor(workspace) {
    this.key = `workbench.unsaved.${workspace}`;
    try {
      this.answers = JSON.parse(remembered(this.key) || "[]");
    } catch {
      this.answers = [];
    }
  }

  of(rater) {
    return this.answers.filter((answer) => answer.rater === rater);
  }

  add(rater, answer) {
    this.store([...this.answers, { rater, ...answer }]);
  }

  settle(ids) {
    if (ids.length) this.store(this.answers.filter((answer) => !ids.includes(answer.id)));
  }

  store(answers) {
    this.answers = answers;
    remember(this.key, JSON.stringify(answers));
  }
}

/** A sentence Python wrote for the reader. */
class SentenceError extends Error {}

function sentence(error) {
  if (error instanceof SentenceError) return error.message;
  return "Python does not answer; if its kernel was stopped, run the cell or open the page again.";
}

function soundAdvice(error) {
  const said = error.message.endsWith(".") ? error.message : "The server cannot be reached.";
  return `${said} Sound needs the workbench's own server: start it with "workbench lab" or "workbench serve".`;
}

const PLAY_SHAPE = "M4 2.5v11l9-5.5z";
const STOP_SHAPE = "M3.5 3.5h9v9h-9z";

function icon() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PLAY_SHAPE);
  svg.append(path);
  return svg;
}

/** A button with its key printed on it. */
function button(label, key, action, className = "") {
  const element = make("button", className);
  element.type = "button";
  element.append(make("span", "", label));
  if (key) element.append(make("kbd", "", key));
  if (action) {
    element.addEventListener("click", () => {
      element.closest(".wb-rater")?.focus({ preventScroll: true });
      action();
    });
  }
  return element;
}

function field(text, input) {
  const label = make("label");
  label.append(make("span", "", text), input);
  return { label, input };
}

function select(choices, chosen) {
  const element = make("select");
  for (const [value, text] of choices) element.append(new Option(text, value, false, value === chosen));
  return element;
}

function drawWave(canvas, levels, played) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !levels.length) return;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const style = getComputedStyle(canvas);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const bars = Math.floor(width / 3);
  const loudest = Math.max(...levels, 0.05);
  for (let bar = 0; bar < bars; bar++) {
    const from = Math.floor((bar / bars) * levels.length);
    const to = Math.max(from + 1, Math.floor(((bar + 1) / bars) * levels.length));
    const level = Math.max(...levels.slice(from, to)) / loudest;
    const half = Math.max(1, (level * (height - 4)) / 2);
    pen.fillStyle = style.getPropertyValue(bar / bars < played ? "--side" : "--side-soft");
    pen.fillRect(bar * 3, height / 2 - half, 2, 2 * half);
  }
  if (played > 0) {
    pen.fillStyle = style.getPropertyValue("--wb-ink");
    pen.fillRect(Math.min(width - 2, played * width), 0, 2, height);
  }
}

/** Only pages over https or on this machine have crypto.randomUUID. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function remembered(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // a browser may refuse storage; the page then remembers nothing
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

export default {
  render({ model, el, experimental }) {
    const root = make("div", "wb wb-rater");
    root.tabIndex = 0;
    root.dataset.lmSuppressShortcuts = "true"; // without it JupyterLab cuts the cell on "x"
    el.append(root);
    const view = new RaterView(model, root, experimental.invoke);
    return () => view.close();
  },
};
