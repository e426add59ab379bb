// Every action with its keys: the one list behind the keyboard, the buttons and the help.

const NAMES = { closer: ["Anchor", "A", "B"], odd: ["A", "B", "C"] };
const PLAY_KEYS = { closer: ["x", "a", "b"], odd: ["a", "b", "c"] };

/** What a rater can do while a triplet is on the page: [{id, keys, label, help, run(rater)}]. */
function commandsOf(mode) {
  const names = NAMES[mode];
  const play = names.map((name, place) => ({
    id: `play${place}`,
    keys: [PLAY_KEYS[mode][place]],
    label: "Play",
    help: `play ${theClip(name)} from its start`,
    run: (rater) => rater.listening.play(place),
  }));
  const here = names.map((name, place) => ({
    id: `switch${place}`,
    keys: [String(place + 1)],
    label: "Switch here",
    help: `switch to ${theClip(name)} at the same position`,
    run: (rater) => rater.listening.switchTo(place),
  }));
  return [...play, ...here, ...answersOf(mode), ...COMMON];
}

function theClip(name) {
  return name === "Anchor" ? "the anchor" : name;
}

function answersOf(mode) {
  const answer = (choice, key, label, help) => ({
    id: choice,
    keys: [key],
    label,
    help,
    run: (rater) => rater.answer(choice),
  });
  const given =
    mode === "closer"
      ? [
          answer("left", "ArrowLeft", "A is closer", "A is closer to the anchor"),
          answer("right", "ArrowRight", "B is closer", "B is closer to the anchor"),
        ]
      : [
          answer("first", "ArrowLeft", "A is the odd one", "A is the odd one out"),
          answer("second", "ArrowUp", "B is the odd one", "B is the odd one out"),
          answer("third", "ArrowRight", "C is the odd one", "C is the odd one out"),
        ];
  return [
    ...given,
    answer("cannot_tell", "ArrowDown", "Cannot tell", "you listened and cannot tell"),
    answer("skip", "s", "Skip", "skip: you cannot judge this music at all"),
  ];
}

const COMMON = [
  command("toggle", [" "], "Stop", "stop, and go on where it stopped", (r) => r.listening.toggle()),
  command("inTurn", ["p"], "All in turn", "play all three, one after another", (r) => r.listening.playInTurn()),
  command("loop", ["l"], "Loop", "loop the marked region, or the whole clip", (r) => r.listening.loop()),
  command("from", ["["], "From here", "loop from here (or drag over the waveform)", (r) => r.listening.mark(0)),
  command("to", ["]"], "To here", "loop up to here", (r) => r.listening.mark(1)),
  command("quieter", ["-"], "Quieter", "quieter, all three alike", (r) => r.listening.turn(-1)),
  command("louder", ["+", "="], "Louder", "louder, all three alike", (r) => r.listening.turn(1)),
  command("undo", ["z", "Backspace"], "Undo", "undo, back to the session's first answer", (r) => r.undo()),
  command("redo", ["y"], "Redo", "redo what was undone", (r) => r.redo()),
  command("rubric", ["r"], "Rubric", "show or hide what the dimension means", (r) => r.page.toggleRubric()),
  command("help", ["?"], "Keys", "show or hide this list", (r) => r.page.toggleHelp()),
];

/** How sure a rater is, where they are asked. */
const CONFIDENCES = [
  command("guess", ["1"], "A guess", "", (rater) => rater.sure(1)),
  command("fairly", ["2"], "Fairly sure", "", (rater) => rater.sure(2)),
  command("certain", ["3"], "Certain", "", (rater) => rater.sure(3)),
  command("back", ["Escape", "z", "Backspace"], "Back", "", (rater) => rater.sure(null)),
];
