"""The figure of the tagging experiments, drawn by ``tests.benchmarks.tagging ... report``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

Interval = tuple[float, float, float]  # value, low, high
FIGURE = Path("docs/images/tagging.svg")
_BLUE, _ORANGE, _FLOOR, _GRID = "#0072b2", "#d55e00", "#8a94a0", "#e4e7eb"
_ROW, _LEFT, _PANEL, _TOP, _GAP = 26, 120, 230, 44, 40
_PLOT_HEIGHT, _PLOT_WIDTH = 130, 150


def draw(
    trainings: Sequence[tuple[str, Interval, Interval]],
    sweeps: Sequence[tuple[str, Sequence[tuple[str, Interval]]]],
    floor: float,
) -> str:
    """Return the figure as SVG.

    Parameters
    ----------
    trainings
        Name, ROC-AUC and PR-AUC of each training.
    sweeps
        What varies, and the PR-AUC by its label.
    floor
        The PR-AUC of chance.
    """
    width = _LEFT + 2 * _PANEL + _GAP + 30
    bottom = _TOP + _ROW * len(trainings)
    height = bottom + (70 + _PLOT_HEIGHT + 50 if sweeps else 40)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1f2933">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for number, (title, chance, colour) in enumerate(
        (("ROC-AUC", 0.5, _BLUE), ("PR-AUC", floor, _ORANGE))
    ):
        found = [training[1 + number] for training in trainings]
        left = _LEFT + number * (_PANEL + _GAP)
        parts += _intervals(title, found, chance, left, colour)
    for row, (name, *_) in enumerate(trainings):
        parts.append(_text(_LEFT - 12, _TOP + _ROW * (row + 0.5) + 4, name, "end"))
    for number, (what, points) in enumerate(sweeps):
        left = 60 + number * (_PLOT_WIDTH + 50)
        parts += _sweep(what, points, left, bottom + 70)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _intervals(
    title: str, found: Sequence[Interval], chance: float, left: float, colour: str
) -> list[str]:
    low = min(chance, *(f[1] for f in found)) - 0.02
    high = max(f[2] for f in found) + 0.02
    x = _scale(low, high, left, left + _PANEL)
    bottom = _TOP + _ROW * len(found)
    parts = [_text(left + _PANEL / 2, 22, title, "middle")]
    for tick in _ticks(low, high):
        parts.append(_line(x(tick), _TOP - 6, x(tick), bottom, _GRID))
        parts.append(_text(x(tick), bottom + 18, f"{tick:.1f}", "middle"))
    parts.append(_line(x(chance), _TOP - 6, x(chance), bottom, _FLOOR, 2))
    for row, (value, least, most) in enumerate(found):
        y = _TOP + _ROW * (row + 0.5)
        parts.append(_line(x(least), y, x(most), y, colour, 2))
        parts.append(f'<circle cx="{x(value):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
    return parts


def _sweep(what: str, points: Sequence[tuple[str, Interval]], left: float, top: float) -> list[str]:
    low = min(p[1][1] for p in points) - 0.01
    high = max(p[1][2] for p in points) + 0.01
    y = _scale(low, high, top + _PLOT_HEIGHT, top)
    parts = [_text(left + _PLOT_WIDTH / 2, top - 12, f"PR-AUC by {what}", "middle")]
    for tick in _ticks(low, high):
        parts.append(_line(left, y(tick), left + _PLOT_WIDTH, y(tick), _GRID))
        parts.append(_text(left - 8, y(tick) + 4, f"{tick:.1f}", "end"))
    step = _PLOT_WIDTH / max(len(points), 1)
    places = [left + step * (i + 0.5) for i in range(len(points))]
    line = " ".join(f"{x:.1f},{y(p[1][0]):.1f}" for x, p in zip(places, points, strict=True))
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_ORANGE}" stroke-width="1.5"/>')
    for x, (label, (value, least, most)) in zip(places, points, strict=True):
        parts.append(_line(x, y(least), x, y(most), _ORANGE, 2))
        parts.append(f'<circle cx="{x:.1f}" cy="{y(value):.1f}" r="3.5" fill="{_ORANGE}"/>')
        parts.append(_text(x, top + _PLOT_HEIGHT + 18, label, "middle"))
    return parts


def _ticks(low: float, high: float) -> list[float]:
    return [n / 10 for n in range(11) if low <= n / 10 <= high]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (end - start) * (value - low) / (high - low)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return (
        f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
