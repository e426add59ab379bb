"""Every item gets a colour that means something."""

from __future__ import annotations

import colorsys

import numpy as np
import pandas as pd
import pytest

from workbench.widgets.colours import UNTAGGED, colour_by_number, colour_by_tags, key_colour
from workbench.widgets.theme import OTHER, PALETTE, category_colours


def _tags(*rows: tuple) -> pd.DataFrame:
    """Rows of item, value and perhaps number, weak, confidence."""
    full = [(*row, *(None, False, 1.0)[len(row) - 2 :]) for row in rows]
    return pd.DataFrame(full, columns=["item_id", "value", "number", "weak", "confidence"])


def _colours(colouring) -> list[str]:
    return [colouring.palette[i] for i in colouring.index]


def test_frequent_values_get_the_first_colours() -> None:
    tags = _tags((1, "folk"), (2, "jazz"), (3, "jazz"), (4, "opera"))
    colouring = colour_by_tags(tags, np.array([1, 2, 3, 4]))
    assert _colours(colouring) == [PALETTE[1], PALETTE[0], PALETTE[0], PALETTE[2]]
    assert [(e["label"], e["count"]) for e in colouring.legend["entries"]] == [
        ("jazz", 2),
        ("folk", 1),
        ("opera", 1),
    ]


def test_beyond_eight_values_the_rest_share_grey() -> None:
    values = [value for n, value in enumerate("abcdefghij") for _ in range(20 - n)]
    colouring = colour_by_tags(_tags(*enumerate(values)), np.arange(len(values)))
    assert _colours(colouring)[-1] == OTHER
    assert len(set(_colours(colouring))) == 9
    last = colouring.legend["entries"][-1]
    assert (last["label"], last["count"]) == ("2 others", values.count("i") + values.count("j"))


def test_items_without_a_tag_are_pale_and_counted() -> None:
    colouring = colour_by_tags(_tags((1, "folk")), np.array([1, 2]))
    assert _colours(colouring) == [PALETTE[0], UNTAGGED]
    assert colouring.texts == ["folk", ""]
    assert colouring.legend["entries"][-1]["label"] == "no tag"


def test_no_tags_at_all_is_fine() -> None:
    colouring = colour_by_tags(_tags(), np.array([1, 2]))
    assert _colours(colouring) == [UNTAGGED, UNTAGGED]


def test_the_surest_of_several_values_gives_the_colour_and_all_are_said() -> None:
    tags = _tags((1, "guess", None, True, 1.0), (1, "flute", None, False, 0.5),
                 (1, "piano", None, False, 0.9), (2, "flute"), (3, "flute"))  # fmt: skip
    colouring = colour_by_tags(tags, np.array([1, 2, 3]))
    labels = [e["label"] for e in colouring.legend["entries"]]
    assert labels == ["flute", "piano"]
    assert _colours(colouring)[0] == PALETTE[1]
    assert colouring.texts[0] == "piano, flute, guess"


def test_numbers_get_a_scale_from_low_to_high() -> None:
    tags = _tags((1, "60", 60.0), (2, "120", 120.0), (3, "180", 180.0))
    colouring = colour_by_tags(tags, np.array([1, 2, 3, 4]))
    assert (colouring.legend["scale"]["low"], colouring.legend["scale"]["high"]) == ("60", "180")
    first, middle, last, none = colouring.index
    assert first < middle < last
    assert first + last == pytest.approx(2 * middle, abs=1)
    assert colouring.palette[none] == UNTAGGED


def test_one_number_alone_is_no_division_by_zero() -> None:
    assert colour_by_tags(_tags((1, "90", 90.0)), np.array([1])).index.tolist() == [0]


def test_a_minor_key_has_the_hue_of_its_relative_major_and_is_darker() -> None:
    tags = _tags((1, "C major"), (2, "A minor"), (3, "Eb major"), (4, "C minor"))
    colours = _colours(colour_by_tags(tags, np.array([1, 2, 3, 4])))
    hues = [_hls(colour) for colour in colours]
    assert colours[0] == key_colour(0, minor=False)
    assert hues[0][0] == pytest.approx(hues[1][0], abs=0.04)
    assert hues[2][0] == pytest.approx(hues[3][0], abs=0.04)
    assert hues[1][1] < hues[0][1]
    assert hues[3][1] < hues[2][1]
    assert len(set(colours)) == 4


def test_all_keys_can_be_told_apart() -> None:
    colours = {key_colour(f, minor=m) for f in range(12) for m in (False, True)}
    assert len(colours) == 24


def test_key_names_that_are_none_make_it_a_category() -> None:
    colouring = colour_by_tags(_tags((1, "C major"), (2, "unclear")), np.array([1, 2]))
    assert _colours(colouring) == [PALETTE[0], PALETTE[1]]


def test_weak_tags_are_said_to_be_derived() -> None:
    weak = colour_by_tags(_tags((1, "calm", None, True)), np.array([1]))
    known = colour_by_tags(_tags((1, "calm")), np.array([1]))
    assert (weak.legend["note"], known.legend["note"]) == ("derived", "")


def test_categories_beyond_the_palette_are_grey() -> None:
    colours = category_colours([str(n) for n in range(10)])
    assert colours["0"] == PALETTE[0]
    assert colours["9"] == OTHER


def _hls(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)


def test_scores_of_a_machine_go_from_their_lowest_to_their_highest_on_one_scale() -> None:
    scores = np.array([0.1, 0.4, np.nan, 0.25])
    colouring = colour_by_number(scores, note="calm, as heard by ears-1")
    low, high, none, middle = colouring.index.tolist()
    assert low < middle < high
    assert colouring.palette[none] == UNTAGGED
    assert colouring.texts == ["0.10", "0.40", "", "0.25"]
    scale = colouring.legend["scale"]
    assert (scale["low"], scale["high"]) == ("0.10", "0.40")
    assert colouring.legend["note"] == "calm, as heard by ears-1"


def test_where_nothing_was_heard_there_is_no_scale() -> None:
    colouring = colour_by_number(np.full(2, np.nan), note="calm")
    assert "scale" not in colouring.legend
    assert _colours(colouring) == [UNTAGGED, UNTAGGED]


def test_the_bands_of_a_scale_hold_every_number_once() -> None:
    numbers = np.array([0.0, 1, 2, 3, 50, 99, 100, np.nan])
    colouring = colour_by_number(numbers, note="counts", form=".0f", nothing="none")
    bands = colouring.legend["scale"]["bands"]
    held = [numbers[np.isin(colouring.index, band["colours"])].tolist() for band in bands]
    assert sorted(number for each in held for number in each) == [0, 1, 2, 3, 50, 99, 100]
    assert [band["count"] for band in bands] == [len(each) for each in held]
    assert [bands[0]["label"], bands[1]["label"], bands[-1]["label"]] == [
        "0 to 3",
        "nothing",
        "99 to 100",
    ]
    (none,) = colouring.legend["entries"]
    assert (none["label"], none["count"]) == ("none", 1)
    assert colouring.palette[none["colours"][0]] == UNTAGGED
