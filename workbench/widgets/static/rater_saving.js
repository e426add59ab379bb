// Answers that Python has not acknowledged are kept meanwhile.

/** Answers that no kernel has acknowledged; they outlive a reload of the page. */
class UnsavedAnswers {
  constructor(workspace) {
    this.key = `workbench.unsaved.${workspace}`;
    this.kept = []; // for browsers that refuse storage
  }

  /** All of them, read afresh: another tab may have added or saved some. */
  get all() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "[]");
    } catch {
      return this.kept;
    }
  }

  set all(answers) {
    this.kept = answers;
    remember(this.key, JSON.stringify(answers));
  }

  of(rater) {
    return this.all.filter((answer) => answer.rater === rater);
  }

  add(rater, answer) {
    this.all = [...this.all, { rater, ...answer }];
  }

  settle(ids) {
    if (ids.length) this.all = this.all.filter((answer) => !ids.includes(answer.id));
  }
}
