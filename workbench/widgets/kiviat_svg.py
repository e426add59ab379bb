"""The Kiviat diagram as SVG, for papers and slides: written by hand, no browser is needed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from workbench.widgets.kiviat_data import Kiviat, interval_of, short, value_of
from workbench.widgets.present import Score
from workbench.widgets.theme import FONT, INK, LINE, MUTED, PALETTE

_WIDTH, _RADIUS, _TOP = 720, 210, 60
_CENTRE = (_WIDTH / 2, _TOP + _RADIUS)
_ROW = 22  # of the legend, and of a bar
_DASHES = ("", "10 4", "8 3 2 3", "2 3")
_Point = tuple[float, float]


def kiviat_svg(shown: Kiviat, *, title: str = "") -> str:
    """Return the diagram as SVG, 720 wide; bars where there are fewer than three dimensions.

    Parameters
    ----------
    shown
        What to draw.
    title
        Written below it: model, data and date.
    """
    polar = len(shown.axes) >= 3
    parts = _polar(shown) if polar else _bars(shown)
    rows = len(shown.axes) * (len(shown.outlines) + 1)
    bottom = _TOP + (2 * _RADIUS + 56 if polar else rows * _ROW + 30)
    legend = _legend(shown, bottom)
    below = textwrap.wrap(title, 100)
    end = bottom + _ROW * len(legend)
    legend += [_text(_WIDTH / 2, end + 10 + 15 * i, line, "middle", MUTED, 11)
               for i, line in enumerate(below)]  # fmt: skip
    height = end + 15 * len(below) + 10
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" '
            f'width="{_WIDTH}" height="{height:.0f}" role="img" font-size="13" '
            f"font-family={quoteattr(FONT)} fill={quoteattr(INK)}>",
            f"<title>{_safe(shown.words())}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *parts,
            *legend,
            "</svg>\n",
        ]
    )


# -- three dimensions or more ---------------------------------------------------------------------


def _polar(shown: Kiviat) -> list[str]:
    turn, top = 360 / len(shown.axes), shown.top
    angles = {name: turn * i for i, name in enumerate(shown.axes)}
    parts = [_circle(tick / top, LINE) for tick in shown.ticks]
    parts += [_line(_CENTRE, _at(angle, 1), LINE) for angle in angles.values()]
    for name, angle in angles.items():
        if interval := interval_of(shown.ceiling.get(name)):
            parts.append(_sector(angle, 0.55 * turn, *(end / top for end in interval)))
    if shown.chance is not None:
        parts.append(_circle(shown.chance / top, MUTED, "5 4"))
    if shown.usual:
        parts += _outline(_places(shown.usual, angles, top), MUTED, "5 4")
    step = min(5.0, 0.8 * turn / (len(shown.outlines) + 1))
    for index, scores in reversed(list(enumerate(shown.outlines.values()))):
        colour = PALETTE[index % len(PALETTE)]
        shift = (index - (len(shown.outlines) - 1) / 2) * step
        places = _places(scores, angles, top)
        parts += _outline(places, colour, _DASHES[index % len(_DASHES)])
        for name, angle in angles.items():
            if interval := interval_of(scores.get(name)):
                low, high = (_at(angle + shift, end / top) for end in interval)
                parts.append(_line(low, high, colour, 2.5))
        parts += [_marker(index, *_at(a, radius)) for a, radius in places if radius is not None]
    for tick in shown.ticks:
        parts.append(_text(*_at(turn / 2, tick / top), f"{tick:g}", "middle", MUTED, 10))
    return [*parts, *(label for name, angle in angles.items() for label in _label(name, angle))]


def _places(
    scores: Mapping[str, Score], angles: Mapping[str, float], top: float
) -> list[tuple[float, float | None]]:
    """Return angle and radius of each score, the radius 1 at the end of the axis."""
    values = ((angle, value_of(scores.get(name))) for name, angle in angles.items())
    return [(angle, None if value is None else value / top) for angle, value in values]


def _outline(around: Sequence[tuple[float, float | None]], colour: str, dash: str) -> list[str]:
    """Return the sides between neighbours that are both known."""
    sides = zip(around, [*around[1:], around[0]], strict=True)
    return [
        _line(_at(start, near), _at(end, far), colour, 2, dash)
        for (start, near), (end, far) in sides
        if near is not None and far is not None
    ]


def _label(name: str, angle: float) -> Iterable[str]:
    x, y = _at(angle, 1.08)
    side = math.sin(math.radians(angle))
    anchor = "middle" if abs(side) < 0.2 else "start" if side > 0 else "end"
    lines = short(name)
    down = 4 - 15 * (len(lines) - 1) * (math.cos(math.radians(angle)) + 1) / 2
    return [_text(x, y + down + 15 * i, line, anchor) for i, line in enumerate(lines)]


def _sector(angle: float, width: float, low: float, high: float) -> str:
    left, right = angle - width / 2, angle + width / 2
    (a, b, c, d) = (_at(left, high), _at(right, high), _at(right, low), _at(left, low))
    path = (
        f"M{_xy(a)} A{high * _RADIUS:.1f} {high * _RADIUS:.1f} 0 0 1 {_xy(b)} "
        f"L{_xy(c)} A{low * _RADIUS:.1f} {low * _RADIUS:.1f} 0 0 0 {_xy(d)} Z"
    )
    return f'<path d="{path}" fill="{MUTED}" fill-opacity="0.3"/>'


def _at(angle: float, radius: float) -> _Point:
    """Return a place; angles go clockwise from the top, in degrees."""
    turned = math.radians(angle)
    x, y = _CENTRE
    return x + _RADIUS * radius * math.sin(turned), y - _RADIUS * radius * math.cos(turned)


# -- one dimension or two -------------------------------------------------------------------------


def _bars(shown: Kiviat) -> list[str]:
    left, right = 150.0, _WIDTH - 40.0

    def x(value: float) -> float:
        return left + (right - left) * value / shown.top

    high = len(shown.axes) * (len(shown.outlines) + 1) * _ROW
    ticks = [0.0, *shown.ticks]
    parts = [_line((x(tick), _TOP), (x(tick), _TOP + high), LINE) for tick in ticks]
    parts += [_text(x(tick), _TOP + high + 16, f"{tick:g}", "middle", MUTED, 11) for tick in ticks]
    if shown.chance is not None:
        at = x(shown.chance)
        parts.append(_line((at, _TOP), (at, _TOP + high), MUTED, 1.5, "5 4"))
    y = _TOP + _ROW / 2
    for name in shown.axes:
        middle = y + _ROW * (len(shown.outlines) - 1) / 2
        parts += [_text(left - 14, middle + 4 + 15 * i, line, "end")
                  for i, line in enumerate(short(name))]  # fmt: skip
        if interval := interval_of(shown.ceiling.get(name)):
            parts.append(
                f'<rect x="{x(interval[0]):.1f}" y="{y - _ROW / 2:.1f}" fill="{MUTED}" '
                f'fill-opacity="0.3" width="{x(interval[1]) - x(interval[0]):.1f}" '
                f'height="{_ROW * len(shown.outlines)}"/>'
            )
        if (usual := value_of(shown.usual.get(name))) is not None:
            far = y + _ROW * (len(shown.outlines) - 0.5)
            parts.append(_line((x(usual), y - _ROW / 2), (x(usual), far), MUTED, 1.5, "5 4"))
        for index, scores in enumerate(shown.outlines.values()):
            if interval := interval_of(scores.get(name)):
                low, end = interval
                parts.append(_line((x(low), y), (x(end), y), PALETTE[index % len(PALETTE)], 2.5))
            if (value := value_of(scores.get(name))) is not None:
                parts.append(_marker(index, x(value), y))
            y += _ROW
        y += _ROW
    return parts


# -- both -----------------------------------------------------------------------------------------


def _legend(shown: Kiviat, top: float) -> list[str]:
    left = _WIDTH / 2 - 130
    rows: list[str] = []
    for index, name in enumerate(shown.outlines):
        colour, dash = PALETTE[index % len(PALETTE)], _DASHES[index % len(_DASHES)]
        y = top + _ROW * len(rows)
        mark = _line((left, y), (left + 32, y), colour, 2, dash) + _marker(index, left + 16, y)
        rows.append(mark + _text(left + 42, y + 4, name))
    others = [f"guessing ({shown.chance:g})"] if shown.chance is not None else []
    for name in [*others, *([shown.usual_name] if shown.usual else [])]:
        y = top + _ROW * len(rows)
        mark = _line((left, y), (left + 32, y), MUTED, 1.5, "5 4")
        rows.append(mark + _text(left + 42, y + 4, name))
    if shown.ceiling:
        y = top + _ROW * len(rows)
        block = f'<rect x="{left}" y="{y - 6}" width="32" height="12" fill="{MUTED}"'
        rows.append(f'{block} fill-opacity="0.3"/>' + _text(left + 42, y + 4, "listeners agree"))
    return rows


def _marker(index: int, x: float, y: float) -> str:
    colour = PALETTE[index % len(PALETTE)]
    corners = (
        None,
        ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        ((0, -6), (6, 0), (0, 6), (-6, 0)),
        ((0, -6), (5.5, 4), (-5.5, 4)),
    )[index % 4]
    if corners is None:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
    points = " ".join(_xy((x + right, y + down)) for right, down in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'


def _circle(radius: float, colour: str, dash: str = "") -> str:
    x, y = _CENTRE
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius * _RADIUS:.1f}" fill="none" '
        f'stroke="{colour}"{_dashed(dash)}/>'
    )


def _line(start: _Point, end: _Point, colour: str, width: float = 1, dash: str = "") -> str:
    return (
        f'<path d="M{_xy(start)} L{_xy(end)}" stroke="{colour}" stroke-width="{width}" '
        f'fill="none"{_dashed(dash)}/>'
    )


def _text(
    x: float, y: float, words: str, anchor: str = "start", colour: str = INK, size: int = 13
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}">{_safe(words)}</text>'
    )


def _safe(words: str) -> str:
    """Return text for XML, which has no place for control characters."""
    return escape("".join(c if c.isprintable() else " " for c in words))


def _xy(point: _Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""
