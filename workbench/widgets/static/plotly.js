// plotly.min.js comes once per page, from the installed plotly wheel.

function loadPlotly() {
  globalThis.workbenchPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = routeUrl("workbench/static/plotly.min.js");
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => {
      script.remove();
      globalThis.workbenchPlotly = undefined; // the next chart tries again
      reject(new Error("plotly.min.js is not served"));
    };
    document.head.append(script);
  });
  return globalThis.workbenchPlotly;
}
