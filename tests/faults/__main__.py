"""Run every fault with many tries and write the table of docs/results.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "results.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"


def main() -> int:
    """Run the tests, here with the options given, and put their counts into the report."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "faults.jsonl"
        command = [sys.executable, "-m", "pytest", "-q", str(Path(__file__).parent)]
        options = sys.argv[1:] or ["-m", "nightly or not nightly"]
        code = subprocess.call(
            [*command, *options], cwd=ROOT, env={**os.environ, "WORKBENCH_FAULTS": str(file)}
        )
        rows = [json.loads(line) for line in file.read_text().splitlines()]
    write_table(rows)
    return code


def write_table(rows: list[dict[str, object]]) -> None:
    """Put the counts between their marks; faults that were not made this time keep theirs.

    Of several runs of one fault the one with the most tries counts.
    """
    text = REPORT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    stored, _, after = rest.partition(END)
    lines = {line.split("|")[1].strip(): line for line in stored.splitlines()[4:] if line}
    for row in sorted(rows, key=lambda row: int(str(row["tries"]))):
        told = f"| {row['what']} | {row['tries']} | {row['hit']} | {row['losses']} |"
        lines[str(row["what"])] = told
    table = ["| fault | tries | struck | losses |", "| --- | ---: | ---: | ---: |"]
    table += [lines[name] for name in sorted(lines)]
    REPORT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(table) + f"\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
