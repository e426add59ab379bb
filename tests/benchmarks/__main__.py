"""Measure side by side with what others would use: ``python -m tests.benchmarks``.

Names choose rows (``python -m tests.benchmarks search maps``); ``--quick`` leaves out a million
items and the largest size of every growth; ``--write`` puts the tables into docs/performance.md
and all numbers beside it, if all rows were measured in one run. The music is the demo's: the
workspace of ``WORKBENCH_WORKSPACE``, else ``demo-workspace``. All numbers are written to
``test-output/benchmarks.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from tests.benchmarks import (
    judgement_rows,
    learning_rows,
    map_rows,
    music_rows,
    page_rows,
    search_rows,
)
from tests.benchmarks.report import table, write
from tests.benchmarks.suite import FOLDER, Comparison, Grown, Row, grow, in_child, machine

THEMES = (music_rows, search_rows, learning_rows, map_rows, judgement_rows, page_rows)
COMPARISONS = tuple(comparison for theme in THEMES for comparison in theme.COMPARISONS)
GROWTHS = tuple(growth for theme in THEMES for growth in theme.GROWTHS)
OUTPUT, PUBLISHED = Path("test-output/benchmarks.json"), Path("docs/benchmarks.json")


def measured(comparison: Comparison, *, quick: bool) -> list[Row]:
    """Return the rows of a comparison; what fails says why in a row of its own."""
    rows: list[Row] = []
    sizes = [n for n in comparison.sizes if not quick or n <= comparison.largest_quick]
    for arguments in [(size,) for size in sizes] or [()]:
        try:
            found = list(comparison.measure(*arguments))
        except Exception as error:
            what = " ".join([comparison.name, *(f"{n:,}" for n in arguments)])
            found = [Row(comparison.name, what, error=f"{type(error).__name__}: {error}")]
        for row in found:
            told = row.error or f"{row.ours_s:.4g} s, {row.other} {row.other_s:.4g} s"
            print(f"  {row.what}: {told}", flush=True)
        rows += found
    return rows


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = sorted({one.name for one in (*COMPARISONS, *GROWTHS)})
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="leave out the largest sizes")
    parser.add_argument("--write", action="store_true", help="write the tables into the docs")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.child:
        name, size = given.child
        print(in_child(next(g for g in GROWTHS if g.name == name), int(size)))
        return
    unknown = set(given.names) - set(names)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if given.write and (given.names or given.quick):
        parser.error("the tables in the docs are of all rows; leave out names and --quick")
    with tempfile.TemporaryDirectory(prefix="workbench-benchmarks-") as folder:
        os.environ[FOLDER] = folder
        facts, rows, grown = run(given.names or names, quick=given.quick)
    text = table(rows, grown, facts)
    print(f"\n{text}\n")
    OUTPUT.parent.mkdir(exist_ok=True)
    found = {
        "machine": facts,
        "rows": [row.as_dict() for row in rows],
        "growth": [one.as_dict() for one in grown],
    }
    OUTPUT.write_text(json.dumps(found, indent=1))
    if given.write:
        write(text)
        PUBLISHED.write_bytes(OUTPUT.read_bytes())


def run(names: list[str], *, quick: bool) -> tuple[dict[str, Any], list[Row], list[Grown]]:
    """Measure what is named; return facts of the machine, rows and growths."""
    facts, start = machine(), time.perf_counter()
    rows: list[Row] = []
    grown: list[Grown] = []

    def say(what: str) -> None:
        print(f"[{time.perf_counter() - start:4.0f} s] {what}", flush=True)

    for comparison in (one for one in COMPARISONS if one.name in names):
        say(comparison.name)
        rows += measured(comparison, quick=quick)
    for growth in (one for one in GROWTHS if one.name in names):
        say(f"growth: {growth.name}")
        grown.append(grow(growth, growth.sizes[:2] if quick else growth.sizes, say))
    say("done")
    return facts, rows, grown


if __name__ == "__main__":
    main()
