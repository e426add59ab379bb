"""The results of the suite as Markdown, and their place in docs/performance.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.suite import Grown, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN = "<!-- written by `python -m tests.benchmarks --write` -->"
END = "<!-- end of what is written -->"


def table(rows: Sequence[Row], grown: Sequence[Grown], machine: dict[str, Any]) -> str:
    """Return both tables."""
    packages = ", ".join(f"{name} {v}" for name, v in machine["packages"].items() if v)
    lines = [
        f"{machine['cores']} cores, load {machine['load']:.1f} at the start, "
        f"Python {machine['python']}, {packages}.",
        "",
        "| what | here | beside it | there | ratio | limit | wanted | reached |",
        "| --- | ---: | --- | ---: | ---: | --- | --- | --- |",
        *(_line(row) for row in rows),
    ]
    if grown:
        lines += [
            "",
            "| growth | sizes | time | exponent | peak of memory | exponent | n log n or less |",
            "| --- | --- | --- | ---: | --- | ---: | --- |",
            *(_growth_line(one) for one in grown),
        ]
    return "\n".join(lines)


def write(text: str, page: Path = PAGE) -> None:
    """Put the tables between the markers of the page.

    Raises
    ------
    ValueError
        If the page has no markers.
    """
    old = page.read_text()
    before, found, rest = old.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise ValueError(f"{page} needs the lines {BEGIN} and {END} around the table.")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def duration(seconds: float) -> str:
    """Return a time as people write it.

    Examples
    --------
    >>> duration(0.0042), duration(12.3), duration(0.00005)
    ('4.20 ms', '12.3 s', '50.0 µs')
    """
    if math.isnan(seconds):
        return ""
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return (
                f"{seconds * factor:.3g} {unit}"
                if seconds >= 100
                else _three(seconds * factor, unit)
            )
    return _three(seconds * 1e6, "µs")


def _three(value: float, unit: str) -> str:
    return f"{value:.{max(0, 2 - int(math.log10(max(value, 1))))}f} {unit}"


def _line(row: Row) -> str:
    if row.error:
        return f"| {row.what} | not measured: {_cell(row.error)} | | | | | {row.target} | |"
    limit = ""
    if not math.isnan(row.limit_s):
        limit = f"{row.limit}: {duration(row.limit_s)}, {row.ours_s / row.limit_s:.2f} x"
    ratio = "" if math.isnan(row.ratio) else f"{row.ratio:.2f} x"
    reached = {None: "", True: "yes", False: "**no**"}[row.reached]
    return (
        f"| {row.what} | {duration(row.ours_s)} | {row.other} | {duration(row.other_s)} "
        f"| {ratio} | {limit} | {row.target} | {reached} |"
    )


def _growth_line(one: Grown) -> str:
    if one.error:
        return f"| {one.what} | | not measured: {_cell(one.error)} | | | | |"
    return (
        f"| {one.what} | {', '.join(f'{n:,}' for n in one.sizes)} "
        f"| {', '.join(duration(s) for s in one.seconds)} | {one.exponent:.2f} "
        f"| {', '.join(f'{mb:.0f} MB' for mb in one.peak_mb)} | {one.memory_exponent:.2f} "
        f"| {'yes' if one.fits else '**no**'} |"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:160]
