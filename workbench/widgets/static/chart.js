const NOT_SERVED =
  "Charts need the workbench's server extension: open this page with `workbench lab` or " +
  "`workbench serve`, or install the package into the environment that runs Jupyter.";

function pointOf(event) {
  const point = event.points[0];
  return {
    curve: point.curveNumber,
    point: point.pointIndex ?? point.pointNumber ?? null,
    customdata: point.customdata ?? null,
    at: Date.now(),
  };
}

// theme.py's colours of a light page, and what they are called in the style sheet.
const THEME = {
  "#1f2933": "--wb-ink",
  "#616e7c": "--wb-muted",
  "#dde3ea": "--wb-line",
  "#ffffff": "--wb-surface",
};

/** A figure in the colours of the page as it is now. */
function themed(figure, root) {
  const now = themeColours(root, ...Object.values(THEME));
  const colours = new Map(Object.keys(THEME).map((light, i) => [light, now[i]]));
  const walk = (value) => {
    if (typeof value === "string") return colours.get(value.toLowerCase()) ?? value;
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, walk(entry)]));
  };
  return walk(figure);
}

export default {
  async render({ model, el }) {
    const root = make("div", "wb wb-chart");
    el.append(root);
    let Plotly;
    try {
      Plotly = await loadPlotly();
    } catch {
      root.append(make("div", "wb-note", NOT_SERVED));
      return () => root.remove();
    }

    const plot = make("div", "wb-chart-plot");
    root.append(plot);
    const send = (trait, value) => {
      model.set(trait, value);
      model.save_changes();
    };
    let drawn = false;
    const draw = async () => {
      if (!root.clientWidth) return; // no colours and no sizes of texts before it is on the page
      if (model.get("label")) {
        plot.setAttribute("role", "img");
        plot.setAttribute("aria-label", model.get("label"));
      }
      const height = model.get("height");
      plot.workbenchFigure = model.get("figure"); // in the colours that files are saved in
      const { data = [], layout = {} } = themed(plot.workbenchFigure, root);
      plot.style.height = `${height}px`;
      await Plotly.react(plot, data, { ...layout, height, autosize: true }, {
        responsive: true,
        displaylogo: false,
        displayModeBar: false,
      });
      if (drawn) return;
      drawn = true;
      plot.on("plotly_click", (event) => send("clicked", pointOf(event)));
      plot.on("plotly_hover", (event) => send("hovered", pointOf(event)));
      plot.on("plotly_unhover", () => send("hovered", null));
    };

    model.on("change:figure", draw);
    model.on("change:height", draw);
    const forgetTheme = onTheme(draw);

    // A page, cell or tab may give the chart its width only later.
    const observer = new ResizeObserver(() => {
      if (!drawn) draw();
      else if (plot.clientWidth) Plotly.Plots.resize(plot);
    });
    observer.observe(root);
    await draw();
    return () => {
      observer.disconnect();
      forgetTheme();
      model.off("change:figure", draw);
      model.off("change:height", draw);
      Plotly.purge(plot);
    };
  },
};
