// Small parts of the rater's page.

const PLAY_SHAPE = "M4 2.5v11l9-5.5z";

function playIcon() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PLAY_SHAPE);
  svg.append(path);
  return svg;
}
