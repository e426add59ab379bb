// The start page: who judges, what, and how they listen.

const INTRODUCTION =
  "You hear three clips. Say which candidate is closer to the anchor, or which clip is the odd " +
  "one out, in the dimension asked about. Headphones help.";
const DEVICES = [
  ["headphones", "headphones"],
  ["speakers", "speakers"],
];

/**
 * Ask what `setup` leaves open and call `begin({rater, dimension, task, device})`.
 *
 * Returns the face and the element to focus first.
 */
function startFace(setup, { rater, dimension, task }, begin) {
  const name = field("Your name", textInput(rater));
  const every = setup.dimensions.filter((d) => d !== "overall").length > 1;
  const about = field(
    "Judge by",
    menu(
      [...(every ? [["", "every dimension in turn"]] : []), ...setup.dimensions.map((d) => [d, d])],
      dimension,
    ),
  );
  const tasks = [["", "free choice"], ...setup.tasks.map((each) => [each, each])];
  const which = field("Task", menu(tasks, task));
  const device = field("You listen by", menu(DEVICES, remembered(REMEMBERED.device)));
  const showDimension = () => (about.label.hidden = Boolean(which.input.value));
  which.input.addEventListener("change", showDimension);
  showDimension();
  const start = () => {
    remember(REMEMBERED.device, device.input.value);
    begin({
      rater: setup.rater || name.input.value.trim().replace(/\s+/g, " "),
      dimension: setup.is_open ? about.input.value : "",
      task: setup.tasks.length ? which.input.value : "",
      device: device.input.value,
    });
  };
  const fields = make("div", "wb-keyed-fields");
  if (!setup.rater) fields.append(name.label);
  if (setup.tasks.length) fields.append(which.label);
  if (setup.is_open) fields.append(about.label);
  fields.append(device.label);
  const button = keyButton("Start listening", "Enter", start, "wb-keyed-primary");
  const title = setup.task ? setup.task : "The listening room";
  const face = make("div", "wb-keyed-start");
  face.append(make("h2", "", title), make("p", "wb-muted", INTRODUCTION), fields, button);
  face.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // JupyterLab would keep a form from being submitted
    if (!event.repeat) start();
  });
  return { face, first: setup.rater || rater ? button : name.input };
}
