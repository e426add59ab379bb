"""The table and the figure of `tests.benchmarks.samplers`.

The score to reach is random's after all judgements. Runs differ in dimension and rater, and so in
how hard they are: a band is the 95 % interval of a sampler's difference from that score within
runs, drawn around its mean. Intervals of the number of judgements resample the runs.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

FIGURE = Path("docs/images/samplers.svg")
# Okabe and Ito's colours, told apart by the colour-blind too; dashes tell them apart in grey.
STYLES = {
    "random": ("#000000", ""),
    "tags": ("#999999", "2 3"),
    "uncertainty": ("#0072b2", "7 3"),
    "information": ("#e69f00", "10 3 2 3"),
    "coverage": ("#009e73", ""),
    "mix": ("#d55e00", ""),
}
_GOAL = "#000", 1.2, "5 4"
KINDS = {"seen": "songs seen", "unseen": "songs unseen"}
_BOOTSTRAPS = 2000
_WIDTH, _HEIGHT = 980, 470
_TOP, _BOTTOM, _LEFT, _GAP = 62, 96, 62, 74
_T975 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
Run = dict[str, Any]


def curves(runs: list[Run], corpus: str, error: float, kind: str) -> dict[str, np.ndarray]:
    """Return each sampler's scores, [runs, checkpoints], of runs that every sampler has made."""
    chosen = [r for r in runs if r["corpus"] == corpus and r["error"] == error]
    names = [name for name in STYLES if any(r["sampler"] == name for r in chosen)]
    made = [{r["run"] for r in chosen if r["sampler"] == name} for name in names]
    common = sorted(set.intersection(*made)) if made else []
    by_run = {(r["sampler"], r["run"]): r[kind] for r in chosen}
    return {name: np.array([by_run[name, run] for run in common]) for name in names}


def judgements_needed(mean: np.ndarray, judgements: list[int], goal: float) -> float:
    """Return after how many judgements a curve first reaches `goal`, infinity if it does not.

    Examples
    --------
    >>> round(judgements_needed(np.array([0.5, 0.7, 0.9]), [0, 100, 200], 0.8))
    150
    """
    if mean[0] >= goal:
        return 0.0
    for (low, high), (start, end) in zip(pairwise(mean), pairwise(judgements), strict=True):
        if high >= goal:
            return float(start + (end - start) * (goal - low) / (high - low))
    return float("inf")


def interval(scores: np.ndarray, goals: np.ndarray, judgements: list[int]) -> tuple[float, float]:
    """Return the 95 % interval of the judgements needed, runs resampled with their goals."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(_BOOTSTRAPS):
        drawn = rng.integers(len(scores), size=len(scores))
        mean, goal = scores[drawn].mean(0), float(goals[drawn].mean())
        found.append(judgements_needed(mean, judgements, goal))
    low, high = np.quantile(found, (0.025, 0.975), method="nearest")
    return float(low), float(high)


def table(runs: list[Run]) -> str:
    """Return how many judgements each sampler needs, as Markdown."""
    lines = []
    for corpus, error in sorted({(r["corpus"], r["error"]) for r in runs}):
        judgements = next(r["judgements"] for r in runs if r["corpus"] == corpus)
        by_kind = {kind: curves(runs, corpus, error, kind) for kind in KINDS}
        count = len(by_kind["seen"]["random"])
        goals = {kind: found["random"][:, -1] for kind, found in by_kind.items()}
        lines += ["", f"{corpus}, raters who err in {error:.0%}, {count} raters", ""]
        heads = [f"{words}: needed for {goals[k].mean():.3f}" for k, words in KINDS.items()]
        half = judgements.index(500)
        lines.append(f"| sampler | {' | '.join(heads)} | seen at 500 | seen at 1,000 |")
        lines.append("| --- |" + " ---: |" * (len(KINDS) + 2))
        for name in by_kind["seen"]:
            cells = []
            for kind, found in by_kind.items():
                needed = judgements_needed(found[name].mean(0), judgements, goals[kind].mean())
                low, high = interval(found[name], goals[kind], judgements)
                cells.append(f"{_count(needed)} [{_count(low)}, {_count(high)}]")
            mean = by_kind["seen"][name].mean(0)
            lines.append(f"| {name} | {' | '.join(cells)} | {mean[half]:.3f} | {mean[-1]:.3f} |")
    return "\n".join(lines)


def draw(runs: list[Run], *, error: float, kind: str = "seen") -> str:
    """Return the figure as SVG: a panel per corpus, a line and its band per sampler."""
    corpora = sorted({r["corpus"] for r in runs if r["error"] == error})
    width = (_WIDTH - _LEFT - 20 - _GAP * (len(corpora) - 1)) / max(len(corpora), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#222">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(
            _LEFT,
            24,
            f"Right answers to held-out triplets of {KINDS[kind]}, raters err in {error:.0%}",
            size=16,
            weight=600,
        ),
    ]
    for place, corpus in enumerate(corpora):
        judgements = next(r["judgements"] for r in runs if r["corpus"] == corpus)
        found = curves(runs, corpus, error, kind)
        parts += _panel(corpus, found, judgements, _LEFT + place * (width + _GAP), width)
    parts += _legend([name for name in STYLES if any(r["sampler"] == name for r in runs)])
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(
    corpus: str, found: dict[str, np.ndarray], judgements: list[int], left: float, width: float
) -> list[str]:
    goals = found["random"][:, -1]
    count = len(goals)
    factor = _T975.get(count, 2.1) / np.sqrt(count)
    half = {
        name: factor * (s - goals[:, None]).std(0, ddof=min(1, count - 1))
        for name, s in found.items()
    }
    means = np.stack([scores.mean(0) for scores in found.values()])
    low, high = np.floor(means.min() * 50) / 50, np.ceil(means.max() * 50 + 0.5) / 50
    bottom = _HEIGHT - _BOTTOM

    def x(value: float) -> float:
        return left + width * value / judgements[-1]

    def y(value: float) -> float:
        return bottom - (bottom - _TOP) * (value - low) / (high - low)

    clip = f"panel-{left:.0f}"  # bands of the first answers are wider than the panel
    parts = [
        f'<clipPath id="{clip}"><rect x="{left:.1f}" y="{_TOP}" width="{width:.1f}" '
        f'height="{bottom - _TOP}"/></clipPath>',
        _text(left, _TOP - 12, f"{corpus} ({count} raters)", weight=600),
    ]
    for value in np.arange(low, high + 0.001, 0.02):
        parts.append(_line([(left, y(value)), (left + width, y(value))], "#e4e4e4", 1))
        parts.append(_text(left - 8, y(value) + 4, f"{value:.2f}", anchor="end"))
    for value in range(0, judgements[-1] + 1, 200):
        parts.append(_line([(x(value), bottom), (x(value), bottom + 5)], "#888", 1))
        parts.append(_text(x(value), bottom + 20, f"{value:,}", anchor="middle"))
    parts.append(_text(left + width / 2, bottom + 40, "judgements", anchor="middle"))
    for name, scores in found.items():
        mean, colour = scores.mean(0), STYLES[name][0]
        band = [(x(j), y(v)) for j, v in zip(judgements, mean + half[name], strict=True)]
        band += [(x(j), y(v)) for j, v in zip(judgements, mean - half[name], strict=True)][::-1]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in band)
        parts.append(
            f'<polygon points="{points}" fill="{colour}" opacity="0.1" clip-path="url(#{clip})"/>'
        )
    goal = y(float(goals.mean()))
    parts.append(_line([(left, goal), (left + width, goal)], *_GOAL))
    for name, scores in found.items():
        points_of = [(x(j), y(v)) for j, v in zip(judgements, scores.mean(0), strict=True)]
        parts.append(_line(points_of, STYLES[name][0], 2.2, STYLES[name][1]))
    return parts


def _legend(names: list[str]) -> list[str]:
    parts, left = [], float(_LEFT)
    for name in names:
        colour, dashes = STYLES[name]
        parts.append(_line([(left, _HEIGHT - 22), (left + 28, _HEIGHT - 22)], colour, 2.6, dashes))
        parts.append(_text(left + 34, _HEIGHT - 17, name))
        left += 124
    parts.append(_line([(left, _HEIGHT - 22), (left + 28, _HEIGHT - 22)], *_GOAL))
    parts.append(_text(left + 34, _HEIGHT - 17, "random after 1,000"))
    return parts


def _line(points: list[tuple[float, float]], colour: str, width: float, dashes: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'
    )


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def _count(needed: float) -> str:
    return f"{needed:,.0f}" if np.isfinite(needed) else "more"
