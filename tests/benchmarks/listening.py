"""How quickly the listening room answers: ``python -m tests.benchmarks.listening``.

A rater of a browser judges triplets of the workspace of ``WORKBENCH_WORKSPACE`` (else
``demo-workspace``), which is copied first. The mixed sampler refits its ensemble in the background
meanwhile, as it does in real use. All times are taken in the page, on its own clock: from the key
press to the frame that shows it, and to the moment for which the sound is scheduled.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.simulated import simulate_judgements
from workbench import Workspace
from workbench.server.launch import voila_server
from workbench.server.processes import started

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from chromium import FLAGS, find_chromium

TRIPLETS = 40
_WATCH = """() => {
    const root = document.querySelector(".wb-rater");
    const rater = root.__rater;
    const heardAt = () => {
        const { contextTime, performanceTime } = rater.player.ctx.getOutputTimestamp();
        return performanceTime + (rater.player.voice.startedAt - contextTime) * 1000;
    };
    window.seen = { shown: [], sound: [], switched: [], next: [] };
    root.addEventListener("keydown", (event) => {
        const { timeStamp, key } = event;
        const { voice, trial } = rater.player.voice ? { voice: rater.player.voice } : {};
        const before = rater.trial.id;
        requestAnimationFrame(() => requestAnimationFrame((now) =>
            window.seen.shown.push(now - timeStamp)));
        const wait = () => {
            const playing = rater.player.voice;
            if (key.startsWith("Arrow")) {
                if (rater.trial?.id === before || !playing) return setTimeout(wait, 1);
                window.seen.next.push(heardAt() - timeStamp);
            } else {
                if (!playing || playing === voice) return setTimeout(wait, 1);
                window.seen[key > "3" ? "sound" : "switched"].push(heardAt() - timeStamp);
            }
        };
        setTimeout(wait, 1);
    }, true);
}"""


def main() -> None:
    """Judge triplets in a browser and print how long everything took."""
    from playwright.sync_api import sync_playwright

    source = Path(os.environ.get("WORKBENCH_WORKSPACE", "demo-workspace"))
    with tempfile.TemporaryDirectory() as folder:
        ws = Workspace(shutil.copytree(source, Path(folder) / "workspace"))
        simulate_judgements(ws, 240)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = voila_server(ws, port=port)
        with started([server]), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            page = browser.new_page()
            page.goto(f"{server.url}voila/render/rate.ipynb")
            page.get_by_label("Your name").fill("Benchmark")
            page.get_by_role("button", name="Start listening").click()
            state = "document.querySelector('.wb-rater').dataset.state"
            page.wait_for_function(f"{state} === 'ready'")
            page.evaluate(_WATCH)
            for _ in range(TRIPLETS):
                _judge(page)
                page.wait_for_function(f"{state} === 'ready'")
            seen = page.evaluate("window.seen")
            browser.close()
    _report(seen)


def _judge(page) -> None:  # type: ignore[no-untyped-def]
    """Listen to each clip, switch once in place, and answer when that is allowed."""
    for key in "xab":
        page.keyboard.press(key)
        page.wait_for_timeout(1700)
    page.keyboard.press("2")
    page.wait_for_timeout(300)
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(500)


def _report(seen: dict[str, list[float]]) -> None:
    names = {
        "shown": "key press to the frame that shows it",
        "sound": "key press to sound, loaded",
        "switched": "key press to the other clip at the same position",
        "next": "answer to the next triplet's sound",
    }
    print("| what | n | median | 95 % | worst |\n| --- | ---: | ---: | ---: | ---: |")
    for key, name in names.items():
        low, high, worst = np.percentile(seen[key], [50, 95, 100])
        print(f"| {name} | {len(seen[key])} | {low:.0f} ms | {high:.0f} ms | {worst:.0f} ms |")


if __name__ == "__main__":
    main()
