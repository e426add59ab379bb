"""How smoothly six linked maps move: ``python -m tests.benchmarks.map_engine [POINTS ...]``.

One page draws six maps of the same made points, once as the workbench does and once with plotly's
``scattergl``, and measures until the frame is there: how long they take to stand, one step of
zooming in one map, a filter on all of them, and a hovered point on all of them.
"""

from __future__ import annotations

import http.server
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.chromium import FLAGS, find_chromium
from workbench.server.routes import plotly_folder
from workbench.widgets.assets import esm

_HERE = Path(__file__).parent
_PARTS = ("base.js", "point_grid.js", "map_painter.js", "scatter.js")


def measure(points: int) -> dict[str, dict[str, int]]:
    """Return milliseconds of either way, by what was done."""
    from playwright.sync_api import sync_playwright

    script = esm(*_PARTS) + (_HERE / "map_engine.js").read_text(encoding="utf-8")
    page_text = (
        f"<!doctype html><body><script src='/plotly.min.js'></script><script>{script}</script>"
    )
    found = {}
    with _served(page_text) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for name in ("here", "plotly"):
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{address}/?points={points}")
            found[name] = page.evaluate(f"ways.{name}()")
            page.close()
        chromium.close()
    return found


@contextmanager
def _served(page: str) -> Iterator[str]:
    """Serve a page and plotly's script at a port of this machine; yield the address."""
    plotly = (Path(plotly_folder()) / "plotly.min.js").read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = self.path.endswith(".js")
            self.send_response(200)
            kind = "text/javascript" if is_script else "text/html"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write(plotly if is_script else page.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":
    for count in [int(word) for word in sys.argv[1:]] or [10_000, 100_000]:
        print(f"{count:,} points, ms:", json.dumps(measure(count)))
