// What is looked for: the query with what is heard together with it, and how much counts.

const PIECE = 1 << 20; // bytes of a file that travel at once: servers refuse long messages

/** A slider from unlike (-1) over nothing to alike (1). */
function weightSlider(name, value, change) {
  const label = make("label", "", name);
  const slider = make("input");
  Object.assign(slider, { type: "range", min: -1, max: 1, step: 0.1, value });
  slider.setAttribute("aria-label", `How much ${name} counts`);
  const amount = make("span", "wb-muted");
  const track = make("div", "wb-similar-track");
  track.append(slider);
  const paint = () => {
    const weight = Number(Number(slider.value).toFixed(1));
    amount.textContent = weight > 0 ? `alike × ${weight.toFixed(1)}` : weight < 0 ? `unlike × ${(-weight).toFixed(1)}` : "ignored";
    label.dataset.side = Math.sign(weight);
    slider.setAttribute("aria-valuetext", amount.textContent);
    return weight;
  };
  slider.addEventListener("input", () => change(paint()));
  slider.addEventListener("dblclick", () => {
    slider.value = 0;
    change(paint());
  });
  paint();
  label.append(track, amount);
  return label;
}

/** A button that sends a file of this computer to Python; `taken` gets its address in the page. */
function fileChooser(model, experimental, say, taken) {
  const root = make("div", "wb-similar-file");
  const input = make("input");
  const button = make("button", "", "Start from a file…");
  button.type = "button";
  Object.assign(input, { type: "file", hidden: true, accept: "audio/*,.mid,.midi,.musicxml,.mxl,.xml,.abc" });
  button.addEventListener("click", () => input.click());
  const send = async (file) => {
    const largest = model.get("largest");
    if (file.size > largest) return `${file.name} is larger than ${Math.floor(largest / 2 ** 20)} MB; import it into the catalogue instead.`;
    for (let at = 0; at < Math.max(1, file.size); at += PIECE) {
      button.textContent = `Sending ${Math.round((100 * at) / file.size) || 0} %`;
      const piece = await file.slice(at, at + PIECE).arrayBuffer();
      const message = { name: file.name, size: file.size, at };
      const signal = AbortSignal.timeout(60_000); // the last piece waits for the search
      const [reply] = await experimental.invoke("_upload", message, { buffers: [new DataView(piece)], signal });
      if (reply.said) return reply.said;
    }
    return "";
  };
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    input.value = "";
    button.disabled = true;
    taken(file);
    const problem = await send(file).catch(() => "The file could not be sent; Python does not answer.");
    if (problem) say(problem);
    button.disabled = false;
    button.textContent = "Start from a file…";
  });
  root.append(button, input);
  return root;
}

/** Seconds from and to, of which only this much of the query counts. */
function spanInputs(model, set) {
  const root = make("div", "wb-similar-span wb-muted", "only from");
  const inputs = ["from", "to"].map((words) => {
    const input = make("input");
    Object.assign(input, { type: "number", min: 0, step: 0.5 });
    input.setAttribute("aria-label", `Compare only ${words} second`);
    input.addEventListener("change", () => {
      const values = inputs.map((other) => other.value);
      if (values.every((value) => value === "")) set("span", []);
      else if (values.every((value) => value !== "")) set("span", values.map(Number));
    });
    return input;
  });
  root.append(inputs[0], "to", inputs[1], "s");
  const draw = () => inputs.forEach((input, i) => (input.value = model.get("span")[i] ?? ""));
  return { root, draw };
}

/** The items that are heard together with the query, each with a button that takes it out. */
function joinedItems(model, set, startAdding) {
  const root = make("div", "wb-similar-joined");
  const draw = () => {
    const joined = model.get("joined");
    const chips = joined.map((item) => {
      const chip = make("button", "wb-similar-joined-item", `+ ${item.title}`);
      chip.type = "button";
      chip.title = `${item.artist}: press to take it out`;
      chip.addEventListener("click", () => set("together", model.get("together").filter((id) => id !== item.id)));
      return chip;
    });
    const add = make("button", "", joined.length ? "Add another part" : "Add a part");
    add.type = "button";
    add.title = "Look for what is related to several items that are heard together";
    add.addEventListener("click", startAdding);
    root.replaceChildren(...chips, add);
  };
  return { root, draw };
}
