// Listen to a triplet, answer, and see the next one only when the answer is on disk.

const ANSWER_TIMEOUT_MS = 8000;
const LOCKED_MS = 200; // after a triplet appears, so that a key held too long is no answer
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
const RETRYING = "Trying again\u2026";
const NAME_KEY = "workbench.rater";
const PLAY = { x: "anchor", 1: "anchor", a: "left", 2: "left", b: "right", 3: "right" };
const CHOOSE = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "cannot_tell", s: "skip" };

class Rater {
  constructor(model, root, invoke) {
    this.invoke = invoke;
    this.setup = model.get("setup");
    this.rater = this.setup.rater || remembered(NAME_KEY);
    this.dimension = this.setup.dimension;
    this.unsaved = new UnsavedAnswers(this.setup.workspace);
    this.player = new ExcerptPlayer(() => this.paint());
    this.page = new RaterPage(root, {
      start: (rater, dimension) => this.start(rater, dimension),
      change: () => this.showStart(),
      play: (side, share) => this.play(side, share * this.player.duration(side)),
      toggle: (side) => this.toggle(side),
      answer: (choice) => this.answer(choice),
      undo: () => this.undo(),
    });
    this.turn = 0; // counts what is shown, so that replies to what is gone are ignored
    root.addEventListener("keydown", (event) => this.onKey(event));
    this.resizing = new ResizeObserver(() => {
      this.page.onResize();
      this.paint();
    });
    this.resizing.observe(root);
    root.__rater = this; // for tests and other scripts: rms(), position, playing, state, trial
    this.showStart();
  }

  rms() {
    return this.player.rms();
  }

  get position() {
    return this.player.position();
  }

  get playing() {
    return this.player.playing;
  }

  close() {
    this.turn++;
    clearTimeout(this.retry);
    this.resizing.disconnect();
    this.player.close();
    cancelAnimationFrame(this.frame);
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.page.paint(this.player);
    if (this.player.playing) this.frame = requestAnimationFrame(() => this.paint());
  }

  setState(state) {
    this.state = state;
    this.page.setState(state);
  }

  // -- the three faces: start, trial, nothing to judge -------------------------------------------

  showStart(problem = "") {
    this.turnTo(null);
    this.page.showStart(this.setup, this.rater, this.dimension);
    this.setState("start");
    const as = this.setup.rater ? `Judging as ${this.rater}.` : "";
    this.page.say(problem || as, { urgent: Boolean(problem) });
  }

  showTrial(trial) {
    this.turnTo(trial);
    this.page.showTrial(trial, this.rater, this.progress);
    this.loadSounds();
  }

  showEmpty(reason, lookAgain = () => this.request("_next", {})) {
    this.turnTo(null);
    this.page.showEmpty(reason, lookAgain);
    this.setState("empty");
  }

  turnTo(trial) {
    this.turn++;
    this.trial = trial;
    this.player.begin({});
  }

  // -- sounds ------------------------------------------------------------------------------------

  async loadSounds() {
    const { trial, turn } = this;
    if (this.state === "silent") this.page.say(RETRYING);
    this.setState("loading");
    this.paint();
    const excerpts = SIDES.map((side) => this.player.load(trial.clips[side]));
    const results = await Promise.allSettled(excerpts);
    if (turn !== this.turn) return;
    const failed = results.findIndex((result) => result.status === "rejected");
    if (failed >= 0) return this.soundFailed(trial.clips[SIDES[failed]], results[failed].reason);
    this.player.begin(Object.fromEntries(SIDES.map((side, i) => [side, results[i].value])));
    this.readyAt = performance.now();
    if (this.page.status.textContent === RETRYING) this.page.say("");
    this.setState("ready");
    this.paint();
    this.loadAhead();
  }

  /** Have the next triplet's sound ready before it is needed. */
  async loadAhead() {
    const { turn } = this;
    try {
      const { trial } = await this.ask("_ahead", {});
      if (trial && turn === this.turn) SIDES.forEach((side) => this.player.load(trial.clips[side]));
    } catch {
      // Nothing is lost: the sound is fetched when the triplet is shown.
    }
  }

  soundFailed(clip, error) {
    if (error instanceof UnplayableError) {
      this.request("_cannot_play", { trial: this.trial.id, item: clip.item });
      return;
    }
    this.setState("silent");
    const action = () => this.loadSounds();
    this.page.say(soundAdvice(error), { urgent: true, label: "Try again", action });
  }

  /** Play one side from `at` seconds; the click or key before it lets the browser play. */
  async play(side, at = 0) {
    if (!this.player.loaded[side]) return;
    const { turn } = this;
    const allowed = await this.player.allow();
    if (turn !== this.turn) return;
    if (allowed) this.player.play(side, at);
    else this.page.say("The browser allows no sound yet: click here, then play.", { urgent: true });
  }

  toggle(side = this.player.side) {
    if (this.playing && this.player.side === side) this.player.stop();
    else this.play(side, this.player.position(side));
  }

  // -- answers -----------------------------------------------------------------------------------

  async start(rater, dimension) {
    Object.assign(this, { rater, dimension });
    if (!rater) return this.showStart("Please give your name.");
    remember(NAME_KEY, rater);
    this.player.allow();
    this.page.say("Opening\u2026");
    const { turn } = this;
    try {
      const unsaved = this.unsaved.of(rater);
      const reply = await this.ask("_start", { rater, dimension, unsaved });
      if (turn === this.turn) this.take(reply);
    } catch (error) {
      if (turn === this.turn) this.showStart(sentence(error));
    }
  }

  answer(choice) {
    if (this.state !== "ready" || performance.now() - this.readyAt < LOCKED_MS) return;
    this.player.stop();
    const answer = {
      id: uuid(),
      trial: this.trial.id,
      choice,
      response_ms: Math.round(performance.now() - this.readyAt),
      heard_ms: Object.fromEntries(SIDES.map((side) => [side, this.player.heard[side] ?? 0])),
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
    this.page.say(attempt ? "Saving again\u2026" : "Saving\u2026");
    try {
      const reply = await this.ask(command, message);
      if (turn === this.turn) this.take(reply);
      else this.unsaved.settle(reply.settled ?? []);
    } catch (error) {
      if (turn !== this.turn) return;
      this.setState("unsaved");
      const action = () => this.send(command, message, attempt + 1);
      const text = `NOT SAVED: ${sentence(error)} Your answer is kept on this page.`;
      this.page.say(text, { urgent: true, label: "Save again", action });
      this.retry = setTimeout(action, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }

  /** Ask for something that may be asked twice. */
  async request(command, message) {
    const { turn } = this;
    try {
      const reply = await this.ask(command, message);
      if (turn === this.turn) this.take(reply);
    } catch (error) {
      if (turn !== this.turn) return;
      this.showEmpty(sentence(error), () => this.request(command, message));
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
    const isFirst = !this.trial;
    this.progress = reply.progress ?? this.progress;
    this.unsaved.settle(reply.settled ?? []);
    if (reply.trial) this.showTrial(reply.trial);
    else this.showEmpty(reply.empty);
    const said = [
      reply.refused || (reply.settled?.length ? "Saved." : ""),
      reply.undone ? "Undone: judge it again." : "",
      reply.undone === false ? "There is nothing left to undo." : "",
      reply.note,
    ].filter(Boolean);
    const hint = "Listen with X, A and B, as often as you like; then answer.";
    const urgent = Boolean(reply.refused || reply.note);
    if (said.length) this.page.say(said.join(" "), { urgent, good: !urgent });
    else if (isFirst && reply.trial) this.page.say(hint);
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
    if (PLAY[key]) return () => this.play(PLAY[key]);
    if (CHOOSE[key]) return () => this.answer(CHOOSE[key]);
    if (key === " ") return () => this.toggle();
    if (key === "?") return () => this.page.toggleHelp();
    return null;
  }
}

/** A sentence that Python wrote for the reader. */
class SentenceError extends Error {}

function sentence(error) {
  if (error instanceof SentenceError) return error.message;
  return "Python does not answer; if its kernel was stopped, run the cell or open the page again.";
}

function soundAdvice(error) {
  const said = error instanceof TypeError ? "The server cannot be reached." : error.message;
  const cure = 'start it with "workbench lab" or "workbench serve"';
  return `${said} Sound needs the workbench's own server: ${cure}.`;
}

export default {
  render({ model, el, experimental }) {
    const root = make("div", "wb wb-rater");
    root.tabIndex = 0;
    root.dataset.lmSuppressShortcuts = "true"; // without it JupyterLab cuts the cell on "x"
    el.append(root);
    const rater = new Rater(model, root, experimental.invoke);
    return () => rater.close();
  },
};
