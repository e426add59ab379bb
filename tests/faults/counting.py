"""Tries and losses of every fault, collected for the table in docs/results.md."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

RESULTS = "WORKBENCH_FAULTS"  # names a file of results, one JSON line each


def few_or_many(few: int, many: int) -> Any:
    """Run a test with a few tries, and every night with many."""
    return pytest.mark.parametrize(
        "tries", [few, pytest.param(many, marks=pytest.mark.nightly)], ids=["few", "many"]
    )


class Count:
    """Tries of one fault.

    Parameters
    ----------
    what
        The fault and what it struck.

    Attributes
    ----------
    tries
        How often it was made.
    hit
        How often it struck: the work was killed in the middle, or said that it could not be done.
    losses
        What was lost or wrong, one sentence each.
    """

    def __init__(self, what: str) -> None:
        self.what, self.tries, self.hit = what, 0, 0
        self.losses: list[str] = []

    def lost(self, text: object) -> None:
        """Count a loss, and go on."""
        self.losses.append(f"try {self.tries}: {text}")

    def close(self, *, always: bool = False) -> None:
        """Write the result down, and fail if anything was lost; `always`: every try struck."""
        self.hit = self.tries if always else self.hit
        file = os.environ.get(RESULTS)
        if file:
            row = {"what": self.what, "tries": self.tries, "hit": self.hit,
                   "losses": len(self.losses)}  # fmt: skip
            with Path(file).open("a") as stream:
                stream.write(json.dumps(row) + "\n")
        assert not self.losses, "\n".join(self.losses[:10])
        assert self.tries
