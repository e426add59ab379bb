"""Which colour an item has on a map: by its tag's category, its number or its key."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.widgets.theme import OTHER, PALETTE, SEQUENTIAL

if TYPE_CHECKING:
    import pandas as pd

UNTAGGED = "#e3e7ec"
LEVELS = 48
_BANDS = 6  # of a scale, each to be picked in the legend
_FIFTHS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "Ab", "Eb", "Bb", "F")


@dataclass(frozen=True)
class Colouring:
    """Colours of n items in one dimension.

    Attributes
    ----------
    palette
        CSS colours.
    index : uint8 [n]
        The colour of each item.
    texts
        What is said about each item: its tags, or nothing.
    legend
        For people: ``{"entries": [{"label", "colours", "count"}]}`` where `colours` are indices
        into the palette, or ``{"scale": {"low", "high", "bands"}}`` with the same for the parts
        of a scale; either with a ``"note"``.
    """

    palette: list[str]
    index: np.ndarray
    texts: list[str]
    legend: dict[str, Any]


def colour_by_tags(tags: pd.DataFrame, ids: np.ndarray) -> Colouring:
    """Colour items by the tags of one dimension.

    Numbers get a continuous scale, keys a cycle along the circle of fifths, and anything else
    the eight most frequent values a colour each and the rest the grey of "other". An item with
    several values has the colour of the surest one and the text of all.

    Parameters
    ----------
    tags
        The dimension's rows of ``Catalogue.tags``.
    ids : int64 [n]
        The items.
    """
    tags = tags[tags["item_id"].isin(ids)]
    tags = tags.sort_values(["weak", "confidence"], ascending=[True, False], kind="stable")
    first = tags.drop_duplicates("item_id").set_index("item_id").reindex(ids)
    said = _texts(tags)
    values = [value if isinstance(value, str) else None for value in first["value"].tolist()]
    numbers = first["number"].to_numpy(dtype=float)
    known = [value for value in values if value is not None]
    if known and np.isfinite(numbers).sum() == len(known):
        colouring = _by_number(numbers, "g")
    elif known and all(_key(value) is not None for value in known):
        colouring = _by_key(values)
    else:
        colouring = _by_category(values)
    palette, index, legend = colouring
    weak = len(tags) > 0 and bool(tags["weak"].all())
    note = "derived" if weak else ""
    texts = [said.get(item, "") for item in ids.tolist()]
    return Colouring(palette, index, texts, {**legend, "note": note})


def colour_by_number(
    numbers: np.ndarray, *, note: str, form: str = ".2f", nothing: str = "no tag"
) -> Colouring:
    """Colour items by a number, on a continuous scale from the lowest to the highest.

    Parameters
    ----------
    numbers : float64 [n]
        NaN for items of which nothing is known.
    note
        Whose numbers of what they are.
    form
        How a number is written.
    nothing
        What the legend calls items of which nothing is known.
    """
    known = np.isfinite(numbers)
    if known.any():
        palette, index, legend = _by_number(numbers, form, nothing)
    else:
        palette, index, legend = _by_category([None] * len(numbers), nothing)
    texts = [format(number, form) if math.isfinite(number) else "" for number in numbers]
    return Colouring(palette, index, texts, {**legend, "note": note})


def _texts(tags: pd.DataFrame) -> dict[int, str]:
    """Return the values of each item, joined; a loop, since pandas takes seconds for 100,000."""
    values: dict[int, dict[str, None]] = {}
    for item, value in zip(tags["item_id"].tolist(), tags["value"].tolist(), strict=True):
        values.setdefault(item, {})[value] = None
    return {item: ", ".join(own) for item, own in values.items()}


def _by_category(
    values: list[str | None], nothing: str = "no tag"
) -> tuple[list[str], np.ndarray, dict[str, Any]]:
    counts: dict[str, int] = {}
    for value in values:
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    named, rest = ranked[: len(PALETTE)], ranked[len(PALETTE) :]
    place = {value: index for index, value in enumerate(named)}
    other, untagged = len(PALETTE), len(PALETTE) + 1
    index = [untagged if value is None else place.get(value, other) for value in values]
    entries = [{"label": v, "colours": [place[v]], "count": counts[v]} for v in named]
    if rest:
        count = sum(counts[value] for value in rest)
        entries.append({"label": f"{len(rest)} others", "colours": [other], "count": count})
    entries += _unknown(values.count(None), untagged, nothing)
    return [*PALETTE, OTHER, UNTAGGED], np.array(index, dtype=np.uint8), {"entries": entries}


def _by_number(
    numbers: np.ndarray, form: str, nothing: str = "no tag"
) -> tuple[list[str], np.ndarray, dict[str, Any]]:
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    level = (numbers - low) / ((high - low) or 1.0) * (LEVELS - 1)
    index = np.where(np.isfinite(level), np.nan_to_num(level).round(), LEVELS).astype(np.uint8)
    size = LEVELS // _BANDS
    bands = []
    for first in range(0, LEVELS, size):
        inside = numbers[(index >= first) & (index < first + size)]
        ends = [format(end, form) for end in (inside.min(), inside.max())] if len(inside) else []
        label = " to ".join(dict.fromkeys(ends)) or "nothing"
        colours = list(range(first, first + size))
        bands.append({"label": label, "colours": colours, "count": len(inside)})
    scale = {"low": format(low, form), "high": format(high, form), "bands": bands}
    entries = _unknown(int((index == LEVELS).sum()), LEVELS, nothing)
    legend = {"scale": scale, "entries": entries}
    return [*_ramp(SEQUENTIAL, LEVELS), UNTAGGED], index, legend


def _by_key(values: list[str | None]) -> tuple[list[str], np.ndarray, dict[str, Any]]:
    index = []
    for value in values:
        key = None if value is None else _key(value)
        index.append(24 if key is None else key)
    palette = [key_colour(fifth, minor=minor) for minor in (False, True) for fifth in range(12)]
    entries = []
    for fifth, tonic in enumerate(_FIFTHS):
        count = sum(key in (fifth, fifth + 12) for key in index)
        relative = _FIFTHS[(fifth + 3) % 12]
        if count:
            label = f"{tonic} / {relative}m"
            entries.append({"label": label, "colours": [fifth, fifth + 12], "count": count})
    entries += _unknown(values.count(None), 24, "no tag")
    return [*palette, UNTAGGED], np.array(index, dtype=np.uint8), {"entries": entries}


def _unknown(count: int, colour: int, label: str) -> list[dict[str, Any]]:
    return [{"label": label, "colours": [colour], "count": count}] if count else []


def _key(value: str) -> int | None:
    """Return the place of a key: 0 to 11 along the fifths for major, 12 more for minor.

    A minor key has the place of its relative major, so that both share a hue.
    """
    tonic, _, mode = value.partition(" ")
    if tonic not in _FIFTHS or mode not in ("major", "minor"):
        return None
    fifth = _FIFTHS.index(tonic)
    return fifth if mode == "major" else (fifth - 3) % 12 + 12


def key_colour(fifth: int, *, minor: bool) -> str:
    """Return the colour of a key: hue along the circle of fifths, minor darker.

    Lightness changes around the circle too, so that opposite keys differ without seeing colour.
    """
    angle = 2 * math.pi * fifth / 12
    lightness = 0.68 + 0.1 * math.cos(angle) - (0.22 if minor else 0.0)
    return _oklch(lightness, 0.13, angle + 0.5)


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    """Return the sRGB colour of an OKLCH one (Ottosson 2020), clipped to the screen's gamut."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(channel)):02x}" for channel in linear)


def _gamma(channel: float) -> float:
    channel = min(1.0, max(0.0, channel))
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _ramp(stops: tuple[str, ...], count: int) -> list[str]:
    rgb = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    at = np.linspace(0, len(stops) - 1, count)
    mixed = [np.interp(at, np.arange(len(stops)), rgb[:, channel]) for channel in range(3)]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.stack(mixed, axis=1).round().astype(int)]
