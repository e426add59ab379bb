/** Below a figure: what it rests on, and the buttons that save it. */
export default {
  render({ model, el }) {
    const root = make("div", "wb wb-source");
    const chart = () => root.closest(".wb-figure")?.querySelector(".js-plotly-plot");
    const picture = (format) => {
      const { clientWidth: width, clientHeight: height, workbenchFigure } = chart();
      const { data, layout } = structuredClone(workbenchFigure); // light, whatever the page is
      const scale = format === "png" ? 3 : 1;
      return globalThis.Plotly.downloadImage(
        { data, layout: { ...layout, paper_bgcolor: "#ffffff" } },
        { format, filename: model.get("name"), width, height, scale },
      );
    };
    const draw = () => {
      const buttons = [];
      const { columns, rows } = model.get("table");
      if (rows?.length) {
        const save = () => download(`${model.get("name")}.csv`, csvOf(columns, rows));
        buttons.push(["CSV", "Save the data of this figure as CSV", save]);
      }
      for (const format of model.get("picture") ? ["svg", "png"] : []) {
        const name = format.toUpperCase();
        buttons.push([name, `Save this figure as ${name}`, () => picture(format)]);
      }
      root.replaceChildren(...sourceParts(model.get("words"), buttons));
    };
    const events = ["words", "table", "picture"].map((name) => `change:${name}`);
    events.forEach((event) => model.on(event, draw));
    draw();
    el.append(root);
    return () => events.forEach((event) => model.off(event, draw));
  },
};
