"""Find a Chromium for the browser tests, or fetch one: ``python tests/browser/chromium.py``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

OUTPUT = Path(__file__).resolve().parents[2] / "test-output"  # screenshots and logs
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return a Chromium of this machine; None means Playwright's own."""
    found = (os.environ.get("CHROMIUM"), *map(shutil.which, _NAMES), "/usr/bin/chromium")
    return next((path for path in found if path and Path(path).exists()), None)


def starts() -> bool:
    """Return whether a browser can be started as it is."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS).close()
    except Error:
        return False
    return True


def main() -> int:
    """Try what is there, then Playwright's download, then Debian's package."""
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "-n", "apt-get"]
    ways = [
        [sys.executable, "-m", "playwright", "install", "chromium"],
        [*apt, "update", "--quiet"],
        [*apt, "install", "--yes", "--quiet", "--no-install-recommends", "chromium"],
    ]
    while not starts():
        if not ways:
            print(
                "No Chromium for the browser tests: install one, or set CHROMIUM to its path.",
                file=sys.stderr,
            )
            return 1
        way = ways.pop(0)
        print("Fetching a Chromium:", " ".join(way))
        if shutil.which(way[0]):
            subprocess.run(way, check=False)
    print(f"Browser tests use {find_chromium() or 'the Chromium of Playwright'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
