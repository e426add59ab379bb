// The page of map_engine.py: six maps of made points, drawn in either way, and how long things take.

const points = Number(new URLSearchParams(location.search).get("points"));
const [zoom, filter, hover] = [[], [], []];
let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-9)) * Math.cos(2 * Math.PI * random());
const maps = Array.from({ length: 6 }, () => {
    const centres = Array.from({ length: 30 }, () => [5 * normal(), 5 * normal()]);
    const [xy, colour] = [new Float32Array(2 * points), new Uint8Array(points)];
    for (let i = 0; i < points; i++) {
        const group = Math.floor(random() * 30);
        xy[2 * i] = centres[group][0] + normal();
        xy[2 * i + 1] = centres[group][1] + normal();
        colour[i] = group % 8;
    }
    return { xy, colour };
});
const palette = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#1f2933", "#f0e442"];
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const timed = async (list, act) => {
    const start = performance.now();
    await act();
    await frame();
    list.push(performance.now() - start);
};
const middle = (list) => Math.round(list.sort((a, b) => a - b)[list.length >> 1]);
const place = () => {
    const box = document.createElement("div");
    box.style = "width:380px;height:240px;display:inline-block;position:relative";
    document.body.append(box);
    return box;
};
const ways = {};

ways.here = async () => {
    const colours = { ink: "#000000", accent: "#0000ff", surface: "#ffffff" };
    const marks = { state: new Uint8Array(points).fill(BRIGHT), hovered: -1, selected: -1, colours };
    const stand = [];
    let all;
    await timed(stand, () => {
        all = maps.map(({ xy, colour }) => {
            const map = new ScatterMap(xy, marks);
            map.root.style = "position:relative;width:380px;height:240px";
            place().append(map.root);
            map.paintWith(palette, colour);
            map.resize();
            return map;
        });
    });
    for (let round = 0; round < 7; round++) {
        await timed(zoom, () => all[0].zoomAt(190, 120, 1.1));
        await timed(filter, () => {
            marks.state = Uint8Array.from(maps[0].colour, (c) => (c === round ? BRIGHT : FADED));
            all.forEach((map) => map.draw());
        });
        await timed(hover, () => {
            marks.hovered = all[1].nearest(60 + 30 * round, 120);
            all.forEach((map) => map.drawRings());
        });
    }
    return { stand: middle(stand), zoom: middle(zoom), filter: middle(filter), hover: middle(hover) };
};

ways.plotly = async () => {
    const stand = [];
    const boxes = [];
    await timed(stand, async () => {
        for (const { xy, colour } of maps) {
            const marker = { size: 2.4, color: Array.from(colour, (c) => palette[c]) };
            const [x, y] = [0, 1].map((axis) => xy.filter((_, i) => i % 2 === axis));
            const trace = { type: "scattergl", mode: "markers", x, y, marker };
            boxes.push(place());
            const margin = { l: 0, r: 0, t: 0, b: 0 };
            await Plotly.newPlot(boxes.at(-1), [trace], { width: 380, height: 240, margin });
        }
    });
    for (let round = 0; round < 5; round++) {
        const range = [-9 + round, 9 - round];
        await timed(zoom, () => Plotly.relayout(boxes[0], { "xaxis.range": range, "yaxis.range": range }));
        const bright = [...maps[0].colour.keys()].filter((i) => maps[0].colour[i] === round);
        await timed(filter, async () => {
            for (const box of boxes) await Plotly.restyle(box, { selectedpoints: [bright] });
        });
        await timed(hover, () => {
            for (const box of boxes) Plotly.Fx.hover(box, [{ curveNumber: 0, pointNumber: 37 * round }]);
        });
    }
    return { stand: middle(stand), zoom: middle(zoom), filter: middle(filter), hover: middle(hover) };
};
