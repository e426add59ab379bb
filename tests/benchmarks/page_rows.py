"""Pages in Chromium, beside a bare Voila page of one sentence."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from tests.benchmarks.demo import copy_of_demo
from tests.benchmarks.search import make_workspace
from tests.benchmarks.suite import Comparison, Growth, Row, scratch
from tests.browser.chromium import FLAGS, find_chromium

_ROUNDS = 3
_BARE = "Only a sentence."
# What stands on a page when it can be used.
PAGES = {
    "overview.ipynb": ".wb-tile",
    "find.ipynb": ".wb-similar tbody tr",
    "rate.ipynb": ".wb-rater",
}


def opening() -> Iterator[Row]:
    """Open pages for the first time and again, in turns with the bare page."""
    from playwright.sync_api import sync_playwright

    from workbench.server.launch import voila_server
    from workbench.server.processes import started

    ws = copy_of_demo(scratch() / "copy")
    os.environ |= _jupyter_folders(scratch())
    server = voila_server(ws, port=_free_port())
    with ExitStack() as stack:
        log = stack.enter_context((scratch() / "log").open("wb"))
        stack.enter_context(started([server], output=log))
        bare = stack.enter_context(_bare_voila(scratch()))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        stack.callback(chromium.close)
        places = {name: (f"{server.url}voila/render/{name}", sign) for name, sign in PAGES.items()}
        places["bare"] = (bare, f"text={_BARE}")
        times: dict[tuple[str, str], list[float]] = {}
        for _ in range(_ROUNDS):
            for name, (url, sign) in places.items():
                # The bare page shows itself only when a server far away has answered.
                cold, again = _visits(
                    chromium, url, sign, "attached" if name == "bare" else "visible"
                )
                times.setdefault((name, "cold"), []).append(cold)
                times.setdefault((name, "again"), []).append(again)
    for name in PAGES:
        for visit in ("cold", "again"):
            yield Row(
                "pages",
                f"open {name.removesuffix('.ipynb')}, {visit}, until it can be used",
                min(times[name, visit]),
                "plain Voila, a page of one sentence",
                min(times["bare", visit]),
            )


def _visits(chromium: Any, url: str, sign: str, state: str) -> tuple[float, float]:
    """Return how long a page takes in a new browser profile, and in the same again."""
    context = chromium.new_context()
    page = context.new_page()
    times = []
    for _ in range(2):
        start = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.locator(sign).first.wait_for(timeout=60_000, state=state)
        times.append(time.perf_counter() - start)
        page.goto("about:blank")  # leaving a page ends its kernel
        time.sleep(0.5)
    context.close()
    return times[0], times[1]


@contextmanager
def _bare_voila(folder: Path) -> Iterator[str]:
    """Serve a notebook of one Markdown cell by Voila as it comes; give its address."""
    cell = {"cell_type": "markdown", "id": "one", "metadata": {}, "source": _BARE}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "bare.ipynb").write_text(json.dumps(notebook))
    port = _free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "voila", "bare.ipynb", "--no-browser", f"--port={port}"]
    process = Popen(command, cwd=folder, stdout=DEVNULL, stderr=DEVNULL)
    try:
        end = time.monotonic() + 60
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("plain Voila does not start")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}voila/static/voila.js", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _jupyter_folders(folder: Path) -> dict[str, str]:
    names = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    return {f"JUPYTER_{name}_DIR": str(folder / part) for name, part in names.items()}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def showing(count: int) -> Callable[[], Any]:
    """Return how the page Find is made in its kernel, for a catalogue of `count` items."""
    from workbench.widgets.similar import SimilarItems

    ws = make_workspace(scratch() / "workspace", count)
    return lambda: SimilarItems(ws)


COMPARISONS = (Comparison("pages", opening),)
GROWTHS = (Growth("pages", "the widget of Find: items", showing, (1000, 10_000, 100_000)),)
