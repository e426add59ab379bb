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
    const draw = () => {
      if (model.get("label")) {
        plot.setAttribute("role", "img");
        plot.setAttribute("aria-label", model.get("label"));
      }
      const { data = [], layout = {} } = structuredClone(model.get("figure"));
      const height = model.get("height");
      plot.style.height = `${height}px`;
      return Plotly.react(plot, data, { ...layout, height, autosize: true }, {
        responsive: true,
        displaylogo: false,
        displayModeBar: false,
      });
    };
    const send = (trait, value) => {
      model.set(trait, value);
      model.save_changes();
    };

    await draw();
    plot.on("plotly_click", (event) => send("clicked", pointOf(event)));
    plot.on("plotly_hover", (event) => send("hovered", pointOf(event)));
    plot.on("plotly_unhover", () => send("hovered", null));
    model.on("change:figure", draw);
    model.on("change:height", draw);

    // A cell or tab may give the chart its width only after it was drawn.
    const observer = new ResizeObserver(() => plot.clientWidth && Plotly.Plots.resize(plot));
    observer.observe(root);
    return () => {
      observer.disconnect();
      model.off("change:figure", draw);
      model.off("change:height", draw);
      Plotly.purge(plot);
    };
  },
};
