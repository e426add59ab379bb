"""Every page of a lived-in workspace: light and dark, laptop to projector, and nobody left out.

The pictures of the documentation are made here: ``test-output/look_NAME.png`` and
``look_NAME_dark.png``.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from chromium import OUTPUT
from postgres import copied
from simulated import simulate_judgements

from workbench import Workspace
from workbench.resources import resource
from workbench.server.launch import voila_server
from workbench.server.pages import list_pages
from workbench.server.processes import Server, started

pytestmark = pytest.mark.browser

_PAGES = [page.name.removesuffix(".ipynb") for page in list_pages(resource("dashboards"))]
# What stands on a page when it is ready.
_READY = {
    "overview": ".js-plotly-plot .main-svg",
    "explore": ".wb-map-plot canvas",
    "find": ".wb-similar tbody tr",
    "dimension": ".wb-triplets",
    "model": ".wb-triplets",
}
_UNNAMED = """() => [...document.querySelectorAll(
        "main *, #rendered_cells *")].filter((element) => {
    const kinds = "button, input, select, textarea, a[href], [role=application]";
    if (!element.matches(kinds)) return false;
    if (!element.checkVisibility() || element.type === "hidden") return false;
    const labelled = element.labels?.length || element.getAttribute("aria-labelledby");
    return !(labelled || element.getAttribute("aria-label") || element.title
        || element.textContent.trim() || element.placeholder);
}).map((element) => element.outerHTML.slice(0, 120))"""
# Contrast of every visible text with the ground behind it (WCAG 2.2, 1.4.3), the worst first.
_FAINT = """() => {
    const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (css) => {
        pixel.clearRect(0, 0, 1, 1);
        pixel.fillStyle = css;
        pixel.fillRect(0, 0, 1, 1);
        return [...pixel.getImageData(0, 0, 1, 1).data];
    };
    const light = (rgb) => rgb.slice(0, 3).map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const colour = rgba(getComputedStyle(each).backgroundColor);
            if (colour[3] > 250) return colour;
            if (colour[3] > 0) return null; // translucent: not judged here
        }
        return rgba(getComputedStyle(document.documentElement).colorScheme.includes("dark") &&
            matchMedia("(prefers-color-scheme: dark)").matches ? "black" : "white");
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        if (!text || !element.checkVisibility({ opacityProperty: true })) continue;
        if (element.closest("svg, script, style, :disabled, .wb-unseen")) continue;
        const behind = ground(element);
        const colour = rgba(getComputedStyle(element).color);
        if (!behind || colour[3] < 250) continue;
        const [low, high] = [light(colour), light(behind)].sort((a, b) => a - b);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
    }
    return [...new Set(faint)].sort().slice(0, 5);
}"""


@pytest.fixture(scope="module")
def lived_in_pages(
    demo_workspace: Workspace,
    tmp_path_factory: pytest.TempPathFactory,
    jupyter_environment: dict[str, str],
    any_port: Callable[[], int],
) -> Iterator[Server]:
    """The dashboards of a copy of the demo with three raters and a model tuned to them."""
    folder = tmp_path_factory.mktemp("looks") / "workspace"
    ws = copied(demo_workspace, folder)
    for seed, rater in enumerate(("Ada", "Ben", "Cleo")):
        simulate_judgements(ws, 200, rater=rater, seed=seed)
    command = [sys.executable, "-m", "workbench", "finetune", "-w", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    subprocess.run([*command[:3], "map", "-w", str(folder)], check=True, capture_output=True)
    server = voila_server(ws, port=any_port(), base_url="/looks/")
    server = dataclasses.replace(server, environment=server.environment | jupyter_environment)
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "Looks.log").open("wb") as log, started([server], output=log):
        yield server


@pytest.mark.parametrize("name", _PAGES)
def test_a_page_is_fit_for_every_screen_and_everybody(name: str, page, lived_in_pages) -> None:
    page.goto(f"{lived_in_pages.url}voila/render/{name}.ipynb")
    page.wait_for_selector("#rendered_cells", state="visible")
    page.wait_for_selector(_READY.get(name, ".wb"), state="visible")
    page.wait_for_timeout(600)  # charts fade in
    page.screenshot(path=OUTPUT / f"look_{name}.png")
    assert page.evaluate(_UNNAMED) == []
    assert page.evaluate(_FAINT) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(600)
    page.screenshot(path=OUTPUT / f"look_{name}_dark.png")
    assert page.evaluate(_FAINT) == []
    ink = "getComputedStyle(document.querySelector('#rendered_cells .wb')).color"
    red = int(page.evaluate(ink).removeprefix("rgb(").split(",")[0])
    assert red > 128  # light letters
    for width in (1920, 1024, 800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"scrolls sideways at {width}"
