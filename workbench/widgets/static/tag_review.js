// Review what a tagger said: hear a piece, judge its tags; a verdict is on disk before we say so.

const AT_ONCE = ["play", "back", "ahead", "help"]; // touch nothing that is being saved
const MOST_WAITING = 20;
const SAID = { accepted: "Accepted", rejected: "Rejected" };

class TagReviewer {
  constructor(model, root, invoke) {
    this.link = new Link(invoke);
    this.setup = model.get("setup");
    this.chosen = {
      reviewer: this.setup.reviewer || remembered(REMEMBERED.rater),
      tagger: this.setup.taggers[0]?.key ?? "",
      dimension: this.setup.dimension,
    };
    this.page = new TagReviewPage(root, {
      act: (command) => command.run(this),
      judge: (tag, verdict) => this.send("_judge", { ...tag, item: this.page.item?.id, verdict }, `${SAID[verdict]}: ${tag.value}.`),
      change: () => this.showStart(),
    });
    this.hasStarted = this.busy = false;
    this.waiting = []; // commands pressed while one before them was being saved
    root.addEventListener("keydown", (event) => this.onKey(event));
    this.resizing = new ResizeObserver(() => this.page.onResize());
    this.resizing.observe(root);
    root.workbenchTags = this; // for tests and the curious: page.bar.audio is what plays
    this.showStart();
  }

  close() {
    this.link.close();
    this.resizing.disconnect();
    this.page.close();
  }

  showStart(problem = "") {
    if (!this.setup.taggers.length) return this.showEmpty(this.setup.problem);
    this.hasStarted = false;
    this.page.showStart(this.setup, this.chosen, (chosen) => this.start(chosen));
    const as = this.setup.reviewer ? `Reviewing as ${this.setup.reviewer}.` : "";
    this.page.say(problem || as, { urgent: Boolean(problem) });
  }

  showEmpty(reason) {
    const lookAgain = () => (this.hasStarted ? this.ask("_look_again") : this.lookForTaggers());
    this.page.showEmpty(reason, lookAgain, this.hasStarted);
  }

  async lookForTaggers() {
    try {
      const { setup } = await this.link.ask("_look_for_taggers", {});
      this.setup = setup;
      this.chosen.tagger = setup.taggers[0]?.key ?? "";
      this.showStart();
    } catch (error) {
      this.page.say(sentence(error), { urgent: true });
    }
  }

  async start(chosen) {
    this.chosen = chosen;
    if (!chosen.reviewer) return this.showStart("Please give your name.");
    remember(REMEMBERED.rater, chosen.reviewer);
    this.page.say("Opening\u2026");
    try {
      const reply = await this.link.ask("_start", chosen);
      this.hasStarted = true;
      this.page.values = reply.values;
      this.take(reply);
    } catch (error) {
      this.showStart(sentence(error));
    }
  }

  // -- what a reviewer does ----------------------------------------------------------------------

  play() {
    this.page.bar.toggle();
  }

  skip(seconds) {
    const { audio } = this.page.bar;
    if (audio.duration) this.page.bar.seekTo(Math.max(0, Math.min(1, (audio.currentTime + seconds) / audio.duration)));
  }

  judge(verdict) {
    if (this.page.tag) this.page.judge(this.page.tag, verdict);
  }

  next() {
    this.ask("_next");
  }

  undo() {
    this.send("_undo", {}, "");
  }

  /** Ask for something that may be asked twice. */
  async ask(command) {
    if (this.busy) return;
    this.setBusy(true);
    try {
      const reply = await this.link.ask(command, {});
      this.setBusy(false);
      this.take(reply);
    } catch (error) {
      this.waiting = [];
      this.setBusy(false);
      this.page.say(sentence(error), { urgent: true });
    }
    this.goOn();
  }

  /** Send until it is acknowledged: what Python refuses in a sentence is not sent again. */
  async send(command, message, said) {
    if (this.busy) return;
    this.setBusy(true);
    const reply = await this.link.insist(command, { id: uuid(), ...message }, {
      onTry: (again) => this.page.say(again ? "Trying again\u2026" : "Saving\u2026"),
      onTrouble: (words, tryNow) => {
        this.page.say(`NOT SAVED: ${words}`, { urgent: true, label: "Try again", action: tryNow });
        return true;
      },
    });
    this.setBusy(false);
    if (!reply || reply.refused) this.waiting = [];
    if (!reply) return;
    if (reply.refused) return this.page.say(reply.refused, { urgent: true });
    this.take(reply);
    const isDone = reply.item && !reply.item.suggestions.some(isOpen);
    this.page.say(`${reply.said || said}${isDone ? " All is judged: N brings the next piece." : ""}`, { good: true });
    this.goOn();
  }

  /** Run a command, after those that are being saved: quick keys are not lost. */
  run(command) {
    if (this.busy && !AT_ONCE.includes(command.id)) {
      if (this.waiting.length < MOST_WAITING) this.waiting.push(command);
    } else command.run(this);
  }

  goOn() {
    while (!this.busy && this.waiting.length) this.waiting.shift().run(this);
  }

  setBusy(busy) {
    this.busy = busy;
    this.page.setBusy(busy);
  }

  /** Show what Python replied: an item, or why there is none. */
  take(reply) {
    this.page.values = { ...this.page.values, ...reply.values };
    if (!reply.item) return this.showEmpty(reply.empty);
    const tagger = this.setup.taggers.find(({ key }) => key === this.chosen.tagger);
    const isFirst = !this.page.item;
    this.page.showItem(reply.item, { ...this.chosen, tagger }, reply.progress);
    this.page.say(isFirst ? "Press Space to hear it." : "");
    this.setBusy(false);
  }

  onKey(event) {
    if (isNotForUs(event)) return;
    const key = keyOf(event);
    const known = this.page.item ? TAG_COMMANDS : TAG_COMMANDS.filter(({ id }) => id === "undo" && this.hasStarted);
    const found = known.find(({ keys }) => keys.includes(key));
    if (!found) return;
    event.preventDefault();
    if (!event.repeat || ["down", "up", "back", "ahead"].includes(found.id)) this.run(found);
  }
}

export default {
  render({ model, el, experimental }) {
    const root = make("div", "wb wb-keyed wb-tags");
    root.tabIndex = 0;
    root.setAttribute("role", "application"); // screen readers hand the keys on
    root.setAttribute("aria-label", "Review of tags: press question mark for the keys");
    keepKeys(root);
    el.append(root);
    const reviewer = new TagReviewer(model, root, experimental.invoke);
    return () => reviewer.close();
  },
};
