// Listen to a triplet, answer, and see the next one only when the answer is on disk.

const ANSWER_TIMEOUT_MS = 8000;
const LOCKED_MS = 200; // after a triplet appears, so that a key held too long is no answer
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
const RETRYING = "Trying again\u2026";
const NEXT_BREAK_MIN = 10; // after a break was declined
const VOLUME_STEP = 0.1;

class Rater {
  constructor(model, root, invoke) {
    this.invoke = invoke;
    this.setup = model.get("setup");
    this.rater = this.setup.rater || remembered(REMEMBERED.rater);
    this.dimension = this.setup.dimension;
    this.task = "";
    this.conditions = { min_heard_ms: 0, autoplay: false, ask_confidence: false, break_after_min: 0 };
    this.unsaved = new UnsavedAnswers(this.setup.workspace);
    this.player = new ClipPlayer(() => this.paint());
    this.page = new RaterPage(root, {
      act: (command) => command.run(this),
      wave: {
        click: (place, share) => this.play(place, share * this.player.duration(place)),
        drag: (place, from, to, isOver) => this.drag(place, from, to, isOver),
      },
      change: () => this.showStart(),
    });
    this.turnCount = 0; // counts what is shown, so that replies to what is gone are ignored
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
    this.turnCount++;
    clearTimeout(this.retry);
    this.resizing.disconnect();
    this.player.close();
    cancelAnimationFrame(this.frame);
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.page.paint(this.player, (place) => this.player.heard(place) / this.neededMs(place));
    if (this.trial) this.page.setGate(this.missing(), this.conditions.min_heard_ms / 1000, this.state);
    if (this.player.playing) this.frame = requestAnimationFrame(() => this.paint());
  }

  setState(state) {
    this.state = state;
    this.page.setState(state);
    this.paint();
  }

  // -- faces -------------------------------------------------------------------------------------

  showStart(problem = "") {
    this.turnTo(null);
    const { rater, dimension, task } = this;
    this.page.showStart(this.setup, { rater, dimension, task }, (chosen) => this.start(chosen));
    this.setState("start");
    const as = this.setup.rater ? `Judging as ${this.rater}.` : "";
    this.page.say(problem || as, { urgent: Boolean(problem) });
  }

  showTrial(trial) {
    const { minutes } = this.progress;
    this.breakAt = minutes < this.conditions.break_after_min ? null : this.breakAt;
    const due = this.breakAt ?? this.conditions.break_after_min;
    if (this.conditions.break_after_min && minutes >= due) return this.showBreak(trial, minutes);
    this.turnTo(trial);
    this.page.showTrial(trial, this.rater, this.progress);
    this.loadSounds();
  }

  showBreak(trial, minutes) {
    this.turnTo(null);
    this.goOn = () => {
      this.breakAt = minutes + NEXT_BREAK_MIN;
      this.showTrial(trial);
    };
    this.page.showBreak(minutes, this.goOn);
    this.setState("break");
  }

  showEmpty(reason, lookAgain = () => this.request("_next", {})) {
    this.turnTo(null);
    this.page.showEmpty(reason, lookAgain);
    this.setState("empty");
  }

  turnTo(trial) {
    this.turnCount++;
    this.trial = trial;
    this.player.begin([]);
  }

  // -- sounds ------------------------------------------------------------------------------------

  async loadSounds() {
    const { trial, turnCount } = this;
    if (this.state === "silent") this.page.say(RETRYING);
    this.setState("loading");
    const results = await Promise.allSettled(trial.clips.map((clip) => this.player.loader.load(clip)));
    if (turnCount !== this.turnCount) return;
    const failed = results.findIndex((result) => result.status === "rejected");
    if (failed >= 0) return this.soundFailed(trial.clips[failed], results[failed].reason);
    const excerpts = results.map((result) => result.value);
    const gain = (clip) => 10 ** (clip.gain_db / 20);
    this.player.begin(excerpts.map((each, i) => ({ ...each, gain: gain(trial.clips[i]) })));
    this.readyAt = performance.now();
    if (this.page.status.textContent === RETRYING) this.page.say("");
    this.setState("ready");
    if (this.conditions.autoplay) this.playInTurn();
    this.loadAhead();
  }

  /** Have the next triplet's sound ready before it is needed. */
  async loadAhead() {
    const { turnCount } = this;
    try {
      const { trial } = await this.ask("_ahead", {});
      if (trial && turnCount === this.turnCount) {
        trial.clips.forEach((clip) => this.player.loader.load(clip));
      }
    } catch {
      // Nothing is lost: the sound is fetched when the triplet is shown.
    }
  }

  async soundFailed(clip, error) {
    const { turnCount } = this;
    if (error instanceof UnplayableError) {
      this.request("_cannot_play", { trial: this.trial.id, item: clip.item });
      return;
    }
    if (error.status === 404) {
      // Gone from the disk: another triplet comes. Else it is the server that has no such route.
      const reply = await this.ask("_not_found", { trial: this.trial.id }).catch(() => ({}));
      if (turnCount !== this.turnCount) return;
      if (reply.trial || reply.empty) return this.take(reply);
    }
    this.setState("silent");
    const action = () => this.loadSounds();
    this.page.say(soundAdvice(error), { urgent: true, label: "Try again", action });
  }

  /** Do something with the sound; the click or key before it lets the browser play. */
  async withSound(play) {
    if (!this.player.clips.length) return;
    const { turnCount } = this;
    const allowed = await this.player.allow();
    if (turnCount !== this.turnCount) return;
    if (allowed) play();
    else this.page.say("The browser allows no sound yet: click here, then play.", { urgent: true });
  }

  /** Play a clip from its start or from `at` seconds; the anchor comes first. */
  play(place, at = 0) {
    const tooSoon = this.anchorComesFirst(place);
    return this.withSound(() => this.player.play(tooSoon ? 0 : place, tooSoon ? 0 : at));
  }

  switchTo(place) {
    const tooSoon = this.anchorComesFirst(place);
    return this.withSound(() => this.player.switchTo(tooSoon ? 0 : place));
  }

  anchorComesFirst(place) {
    const tooSoon = place > 0 && !this.trial.odd_one_out && this.player.heard(0) === 0;
    if (tooSoon) this.page.say("The anchor comes first.");
    return tooSoon;
  }

  playInTurn() {
    return this.withSound(() => this.player.playInTurn(PLACES));
  }

  toggle() {
    const { player } = this;
    if (player.playing) player.stop();
    else this.withSound(() => player.play(player.place, player.position(), { how: null }));
  }

  loop() {
    this.player.setLooping(!this.player.looping);
  }

  /** Let the loop begin (0) or end (1) where the sound is. */
  mark(end) {
    const { player } = this;
    const ends = [...player.regionOf(player.place)];
    ends[end] = player.position();
    player.setRegion(player.place, ends);
    if (!player.regions[player.place]) this.page.say("A loop lasts at least 0.3 seconds.");
  }

  drag(place, from, to, isOver) {
    const { player } = this;
    const ends = [from, to].map((share) => share * player.duration(place)).sort((x, y) => x - y);
    player.regions[place] = ends;
    if (!isOver) return this.paint();
    player.setRegion(place, ends);
    if (player.regions[place] && !(player.playing && player.place === place)) this.play(place, ends[0]);
  }

  turn(steps) {
    this.player.setVolume(this.player.volume + steps * VOLUME_STEP);
    this.page.say(`Volume ${Math.round(this.player.volume * 100)} %.`);
  }

  /** How long a clip has to sound: the minimum, or nearly all of a shorter one. */
  neededMs(place) {
    const whole = Math.max(1, this.player.duration(place) * 1000 - 100);
    return Math.max(1, Math.min(this.conditions.min_heard_ms, whole));
  }

  /** The clips that have not been heard for long enough. */
  missing() {
    if (!this.player.clips.length || !this.conditions.min_heard_ms) return [];
    return PLACES.filter((place) => this.player.heard(place) < this.neededMs(place));
  }

  // -- answers -----------------------------------------------------------------------------------

  async start({ rater, dimension, task, device }) {
    Object.assign(this, { rater, dimension, task });
    if (!rater) return this.showStart("Please give your name.");
    remember(REMEMBERED.rater, rater);
    this.player.allow();
    this.page.say("Opening\u2026");
    const { turnCount } = this;
    try {
      const unsaved = this.unsaved.of(rater);
      const reply = await this.ask("_start", { rater, dimension, task, device, unsaved });
      this.conditions = reply.conditions ?? this.conditions;
      if (turnCount === this.turnCount) this.take(reply);
    } catch (error) {
      if (turnCount === this.turnCount) this.showStart(sentence(error));
    }
  }

  answer(choice) {
    if (this.state !== "ready" || performance.now() - this.readyAt < LOCKED_MS) return;
    if (choice !== "skip" && this.missing().length) return this.page.say(this.page.gate.textContent);
    this.given = { choice, response_ms: Math.round(performance.now() - this.readyAt) };
    if (!this.conditions.ask_confidence || choice === "skip") return this.keep({});
    this.setState("confidence");
    this.page.askConfidence();
  }

  /** Take how sure the rater is (1 to 3), or go back to the answers (null). */
  sure(confidence) {
    if (this.state !== "confidence") return;
    if (confidence) return this.keep({ confidence });
    this.page.answers.parentElement.replaceWith(this.page.makeAnswers());
    this.setState("ready");
  }

  keep(more) {
    this.player.stop();
    const trace = this.player.trace();
    const answer = { id: uuid(), trial: this.trial.id, ...this.given, ...more, trace };
    this.unsaved.add(this.rater, answer);
    this.setState("saving");
    this.send("_answer", answer);
  }

  undo() {
    this.stepBack("_undo");
  }

  redo() {
    this.stepBack("_redo");
  }

  stepBack(command) {
    if (!["ready", "loading", "silent", "empty"].includes(this.state)) return;
    this.player.stop();
    this.setState("saving");
    this.send(command, { id: uuid() });
  }

  /** Send until it is acknowledged: an answer is either on disk or on this page. */
  async send(command, message, attempt = 0) {
    clearTimeout(this.retry);
    const { turnCount } = this;
    this.page.say(attempt ? "Saving again\u2026" : "Saving\u2026");
    try {
      const reply = await this.ask(command, message);
      if (turnCount === this.turnCount) this.take(reply);
      else this.unsaved.settle(reply.settled ?? []);
    } catch (error) {
      if (turnCount !== this.turnCount) return;
      this.setState("unsaved");
      const action = () => this.send(command, message, attempt + 1);
      const text = `NOT SAVED: ${sentence(error)} Your answer is kept on this page.`;
      this.page.say(text, { urgent: true, label: "Save again", action });
      this.retry = setTimeout(action, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }

  /** Ask for something that may be asked twice. */
  async request(command, message) {
    const { turnCount } = this;
    try {
      const reply = await this.ask(command, message);
      if (turnCount === this.turnCount) this.take(reply);
    } catch (error) {
      if (turnCount !== this.turnCount) return;
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
      reply.redone ? "Redone." : "",
      reply.redone === false ? "There is nothing to redo." : "",
      reply.note,
    ].filter(Boolean);
    const hint = "Listen as often as you like; then answer.";
    const urgent = Boolean(reply.refused || reply.note);
    if (said.length) this.page.say(said.join(" "), { urgent, good: !urgent });
    else if (isFirst && reply.trial) this.page.say(hint);
  }

  // -- keys --------------------------------------------------------------------------------------

  onKey(event) {
    if (isNotForUs(event)) return;
    const action = this.actionOf(keyOf(event));
    if (!action) return;
    event.preventDefault();
    if (!event.repeat) action();
  }

  actionOf(key) {
    if (this.state === "start") return null;
    if (this.state === "break") return key === "Enter" ? this.goOn : null;
    const known = this.state === "confidence" ? CONFIDENCES : this.trial ? this.page.commands : COMMON;
    const command = known.find(({ keys }) => keys.includes(key));
    if (!command || !(this.trial || ["undo", "redo"].includes(command.id))) return null;
    return () => command.run(this);
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
    root.setAttribute("role", "application"); // screen readers hand the keys on
    root.setAttribute("aria-label", "Listening room: press question mark for the keys");
    root.dataset.lmSuppressShortcuts = "true"; // without it JupyterLab cuts the cell on "x"
    el.append(root);
    const rater = new Rater(model, root, experimental.invoke);
    return () => rater.close();
  },
};
