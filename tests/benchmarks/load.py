"""Many raters and readers at once on one machine: ``python -m tests.benchmarks.load [WORKSPACE]``.

A copy of the workspace (else of ``WORKBENCH_WORKSPACE``, else of ``demo-workspace``) is served, and
simulated people use it over the real routes: raters listen, answer, take back, lose their
connection and come again; viewers click and read. Prints one table, writes
``test-output/load.json``, and exits with 1 if a judgement was lost or stored twice. Everything has
an end: it takes the minutes asked for and five more at most.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tests.load.run import Plan, run_load
from tests.load.table import table

OUTPUT = Path("test-output")


def main() -> int:
    """Run as the command line says."""
    usual = Plan()
    parser = argparse.ArgumentParser(description="Many raters and readers at once.")
    named = os.environ.get("WORKBENCH_WORKSPACE", "demo-workspace")
    parser.add_argument("workspace", nargs="?", type=Path, default=Path(named))
    parser.add_argument("--raters", type=int, default=usual.raters)
    parser.add_argument("--viewers", type=int, default=usual.viewers)
    parser.add_argument("--minutes", type=float, default=usual.minutes)
    parser.add_argument("--pace", type=float, default=usual.pace_s, help="seconds between acts")
    parser.add_argument("--arrive", type=float, default=usual.arrive_s, help="seconds to arrive")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--only-crowd", action="store_true", help="not first what one page costs")
    given = parser.parse_args()
    plan = Plan(
        given.raters,
        given.viewers,
        given.minutes,
        arrive_s=given.arrive,
        pace_s=given.pace,
        seed=given.seed,
    )
    result = run_load(
        given.workspace,
        plan,
        say=lambda text: print(text, flush=True),
        alone=not given.only_crowd,
    )
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "load.json").write_text(json.dumps(result, indent=1))
    print("\n" + table(result))
    stored = result["stored"]
    return int(any(stored[wrong] for wrong in ("missing", "twice", "unknown", "shared")))


if __name__ == "__main__":
    sys.exit(main())
