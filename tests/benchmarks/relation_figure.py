"""The figure of relations: ``python -m tests.benchmarks.relation_figure`` from the shipped card."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from workbench.backbones.relation_store import read_relation_card
from workbench.encoders.relations import SHIPPED

FIGURE = Path("docs/images/relations.svg")
_ROW, _LEFT, _WIDTH, _TOP = 26, 150, 420, 44
_KINDS = {
    "sound": ("within sound", "#0072b2"),
    "sound to notes": ("sound to notes", "#d55e00"),
    "notes to sound": ("notes to sound", "#009e73"),
}
_FLOOR = "#8a94a0"


def main() -> None:
    """Write the figure."""
    FIGURE.write_text(draw(read_relation_card(SHIPPED).scores))


def draw(scores: dict[str, Any]) -> str:
    """Return scores of relations with 95 % intervals, beside the best floor, as SVG."""
    names = list(scores["relations"]["sound"])
    height = _TOP + _ROW * len(names) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 30} {height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1f2933">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_legend(),
    ]
    bottom = _TOP + _ROW * len(names)
    for value in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        parts.append(
            f'<line x1="{_x(value):.1f}" x2="{_x(value):.1f}" y1="{_TOP - 6}" y2="{bottom}" '
            'stroke="#e4e7eb"/>'
        )
        parts.append(_text(_x(value), bottom + 18, f"{value:.1f}", "middle"))
    for number, name in enumerate(names):
        y = _TOP + _ROW * (number + 0.5)
        parts.append(_text(_LEFT - 12, y + 4, name, "end"))
        floors = [f[name]["score"] for f in scores["floors"].values() if f[name]["n"]]
        if floors:
            parts.append(
                f'<line x1="{_x(max(floors)):.1f}" x2="{_x(max(floors)):.1f}" y1="{y - 9}" '
                f'y2="{y + 9}" stroke="{_FLOOR}" stroke-width="3"/>'
            )
        for shift, (place, (_, colour)) in zip((-5, 0, 5), _KINDS.items(), strict=True):
            score = scores["relations"][place].get(name)
            if score and score["n"]:
                parts += _point(score, y + shift, colour)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _point(score: dict[str, Any], y: float, colour: str) -> list[str]:
    low, high, middle = (_x(score[key]) for key in ("low", "high", "score"))
    return [
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{colour}" '
        'stroke-width="2"/>',
        f'<circle cx="{middle:.1f}" cy="{y}" r="3.2" fill="{colour}"/>',
    ]


def _legend() -> list[str]:
    parts, x = [], 12
    for text, colour in (*_KINDS.values(), ("best floor, within sound", _FLOOR)):
        parts.append(f'<circle cx="{x}" cy="18" r="4" fill="{colour}"/>')
        parts.append(_text(x + 9, 22, text, "start"))
        x += 34 + 7 * len(text)
    return parts


def _x(value: float) -> float:
    return _LEFT + _WIDTH * (max(value, 0.48) - 0.48) / 0.52


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


if __name__ == "__main__":
    main()
