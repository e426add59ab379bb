// Files that the browser makes of what a page shows; no server is asked.

const RUNS = /^[=+\-@\t\r']/; // what a spreadsheet might run begins so

/** A cell as CSV; text that a spreadsheet would run as a formula gets an apostrophe in front. */
function csvCell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && RUNS.test(value) ? `'${value}` : String(value);
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
