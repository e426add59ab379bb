// Labelled inputs of a start page.

/** A labelled input: {label, input}. */
function field(text, input) {
  const label = make("label");
  label.append(make("span", "", text), input);
  return { label, input };
}

function textInput(value) {
  const input = make("input");
  input.maxLength = 80;
  input.autocomplete = "name";
  input.value = value;
  return input;
}

/** A menu of [value, text] pairs. */
function menu(choices, chosen) {
  const element = make("select");
  choices.forEach(([value, text]) => element.add(new Option(text, value, false, value === chosen)));
  return element;
}
