"""Find a Chromium for the browser tests, or install one: Playwright's, else Debian's.

`make test` runs this file before the tests; it says which one is used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the Chromium that ``CHROMIUM`` names, one of this machine, or Playwright's."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else [*map(shutil.which, _NAMES), "/usr/bin/chromium", _playwrights()]
    return next((path for path in found if path and os.access(path, os.X_OK)), None)


def _playwrights() -> str | None:
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            return playwright.chromium.executable_path
    except Exception:  # not installed, or its driver does not run here: there is another way
        return None


def install_chromium() -> str | None:
    """Install Playwright's Chromium, else Debian's package; return its path, None for neither."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    ways = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if shutil.which("apt-get"):
        apt = [*as_root, "apt-get", "-qq"]
        ways.append([[*apt, "update"], [*apt, "install", "-y", "chromium"]])
    for commands in ways:
        if all(_ran(command) for command in commands):
            found = find_chromium()
            if found and _ran([found, "--version"]):
                return found
    return None


def _ran(command: list[str]) -> bool:
    print("$", *command, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, timeout=600).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> None:
    """Say which Chromium the tests use, installing one where there is none."""
    named = os.environ.get("CHROMIUM")
    found = find_chromium()
    if found is None and named:
        sys.exit(f"CHROMIUM names {named}, which is no program; correct it or leave it out.")
    found = found or install_chromium()
    if found is None:
        sys.exit(
            "The browser tests need a Chromium, and none could be installed; install the package "
            "`chromium` or name one with CHROMIUM=/path/to/chromium."
        )
    print(f"The browser tests use {Path(found)}.")


if __name__ == "__main__":
    main()
