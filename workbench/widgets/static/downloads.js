// Files that the browser makes of what a page shows; no server is asked.

// How what a spreadsheet might run begins, in wide letters or after blanks as well; and our mark.
const RUNS = /^(\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n'])/;
const NUMBER = /^[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?$/; // which is what it says

/** A cell as CSV; text that a spreadsheet would run as a formula gets an apostrophe in front. */
function csvCell(value) {
  if (value === null || value === undefined) return "";
  const runs = typeof value === "string" && RUNS.test(value) && !NUMBER.test(value);
  const text = runs ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows of cells as CSV, under the names of their columns. */
function csvOf(columns, rows) {
  return [columns, ...rows].map((row) => row.map(csvCell).join(",") + "\r\n").join("");
}

/** Offer text as a file; the mark in front tells spreadsheets that it is UTF-8. */
function download(name, text, type = "text/csv") {
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: `${type};charset=utf-8` }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** What stands below a figure: its source in words, and its buttons from [label, title, action]. */
function sourceParts(words, buttons) {
  const saves = make("span", "wb-source-saves");
  for (const [label, title, onclick] of buttons) {
    const button = Object.assign(make("button", "", label), { type: "button", title, onclick });
    button.setAttribute("aria-label", title);
    saves.append(button);
  }
  return [make("span", "wb-source-words", words), saves];
}
