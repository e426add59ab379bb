// Listen to a triplet, answer, and see the next one only when the answer is on disk.

const LOCKED_MS = 200; // after a triplet appears, so that a key held too long is no answer
const RETRYING = "Trying again\u2026";
const NEXT_BREAK_MIN = 10; // after a break was declined

class Rater {
  constructor(model, root, invoke) {
    this.link = new Link(invoke);
    this.setup = model.get("setup");
    this.rater = this.setup.rater || remembered(REMEMBERED.rater);
    this.dimension = this.setup.dimension;
    this.task = "";
    this.conditions = { min_heard_ms: 0, autoplay: false, ask_confidence: false, break_after_min: 0 };
    this.unsaved = new UnsavedAnswers(this.setup.workspace);
    this.listening = new Listening(
      () => this.paint(),
      (text, more) => this.page?.say(text, more),
    );
    this.player = this.listening.player;
    this.page = new RaterPage(root, {
      act: (command) => command.run(this),
      wave: {
        click: (place, share) => this.listening.play(place, share * this.player.duration(place)),
        drag: (place, from, to, isOver) => this.listening.drag(place, from, to, isOver),
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
    this.link.close();
    this.resizing.disconnect();
    this.player.close();
    cancelAnimationFrame(this.frame);
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.page.paint(this.player, (place) => this.listening.shareHeard(place));
    if (this.trial) this.page.setGate(this.listening.missing(), this.listening.neededS(), this.state);
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
    this.listening.begin([]);
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
    const clips = excerpts.map((each, i) => ({ ...each, gain: gain(trial.clips[i]) }));
    const hasAnchor = !trial.odd_one_out;
    this.listening.begin(clips, { hasAnchor, minHeardMs: this.conditions.min_heard_ms });
    this.readyAt = performance.now();
    if (this.page.status.textContent === RETRYING) this.page.say("");
    this.setState("ready");
    if (this.conditions.autoplay) this.listening.playInTurn();
    this.loadAhead();
  }

  /** Have the next triplet's sound ready before it is needed. */
  async loadAhead() {
    const { turnCount } = this;
    try {
      const { trial } = await this.link.ask("_ahead", {});
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
      const reply = await this.link.ask("_not_found", { trial: this.trial.id }).catch(() => ({}));
      if (turnCount !== this.turnCount) return;
      if (reply.trial || reply.empty) return this.take(reply);
    }
    this.setState("silent");
    const action = () => this.loadSounds();
    this.page.say(soundAdvice(error), { urgent: true, label: "Try again", action });
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
      const reply = await this.link.ask("_start", { rater, dimension, task, device, unsaved });
      this.conditions = reply.conditions ?? this.conditions;
      if (turnCount === this.turnCount) this.take(reply);
    } catch (error) {
      if (turnCount === this.turnCount) this.showStart(sentence(error));
    }
  }

  answer(choice) {
    if (this.state !== "ready" || performance.now() - this.readyAt < LOCKED_MS) return;
    if (choice !== "skip" && this.listening.missing().length) return; // the page says what to hear
    this.given = { choice, response_ms: Math.round(performance.now() - this.readyAt) };
    if (!this.conditions.ask_confidence || choice === "skip") return this.keep({});
    this.setState("confidence");
    this.page.askConfidence();
    this.page.say("How sure are you?");
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
    this.step("_undo", "NOT UNDONE");
  }

  redo() {
    this.step("_redo", "NOT REDONE");
  }

  step(command, trouble) {
    if (!["ready", "loading", "silent", "empty"].includes(this.state)) return;
    this.player.stop();
    this.setState("saving");
    this.send(command, { id: uuid() }, (said) => `${trouble}: ${said}`);
  }

  /** Send until it is acknowledged: an answer is either on disk or on this page. */
  async send(command, message, troubleOf = answerTrouble) {
    const { turnCount } = this;
    const reply = await this.link.insist(command, message, {
      onTry: (again) => this.page.say(again ? RETRYING : "Saving\u2026"),
      onTrouble: (said, tryNow) => {
        if (turnCount !== this.turnCount) return false; // the next start sends what is kept
        this.setState("unsaved");
        this.page.say(troubleOf(said), { urgent: true, label: "Try again", action: tryNow });
        return true;
      },
    });
    if (reply && turnCount === this.turnCount) this.take(reply);
    else this.unsaved.settle(reply?.settled ?? []);
  }

  /** Ask for something that may be asked twice. */
  async request(command, message) {
    const { turnCount } = this;
    try {
      const reply = await this.link.ask(command, message);
      if (turnCount === this.turnCount) this.take(reply);
    } catch (error) {
      if (turnCount !== this.turnCount) return;
      this.showEmpty(sentence(error), () => this.request(command, message));
    }
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

function answerTrouble(said) {
  return `NOT SAVED: ${said} Your answer is kept on this page.`;
}

function soundAdvice(error) {
  const said = error instanceof TypeError ? "The server cannot be reached." : error.message;
  const cure = 'start it with "workbench lab" or "workbench serve"';
  return `${said} Sound needs the workbench's own server: ${cure}.`;
}

export default {
  render({ model, el, experimental }) {
    const root = make("div", "wb wb-keyed wb-rater");
    root.tabIndex = 0;
    root.setAttribute("role", "application"); // screen readers hand the keys on
    root.setAttribute("aria-label", "Listening room: press question mark for the keys");
    keepKeys(root);
    el.append(root);
    const rater = new Rater(model, root, experimental.invoke);
    return () => rater.close();
  },
};
