"""What a Kiviat diagram shows is the same as table, in words and as SVG, and nothing is made up."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from workbench.evaluation.scores import Score
from workbench.widgets.kiviat_data import Kiviat, short
from workbench.widgets.kiviat_svg import kiviat_svg

SVG = "{http://www.w3.org/2000/svg}"
NAN = float("nan")


def score(k: int, n: int = 60) -> dict[str, object]:
    return Score(k, n).as_dict()


SCORES = {"genre": score(40), "mood": score(45), "tempo": score(57)}
NOTHING = score(0, 0)


def test_table_has_a_row_for_all_that_is_drawn():
    shown = Kiviat(
        outlines={"v1": SCORES, "v2": {"genre": score(30)}},
        ceiling={"tempo": score(50)},
        usual={"mood": {"score": 0.3}},
    )
    table = shown.table()
    assert list(table["what"]) == ["outline"] * 6 + ["ceiling", "usual"]
    first = table.iloc[0]
    assert (first["name"], first["dimension"], first["k"], first["n"]) == ("v1", "genre", 40, 60)
    assert (first["low"], first["high"]) == (SCORES["genre"]["low"], SCORES["genre"]["high"])
    assert pd.isna(table.iloc[4]["value"])  # v2 was not asked about mood


def test_axes_are_those_of_all_outlines_in_order():
    shown = Kiviat(outlines={"v1": {"key": score(1), "era": score(2)}, "v2": {"genre": score(1)}})
    assert shown.axes == ["key", "era", "genre"]


@pytest.mark.parametrize("missing", [{}, NOTHING, {"score": NAN, "low": NAN, "high": NAN}])
def test_what_is_not_measured_is_said_and_never_drawn(missing: dict[str, object]):
    shown = Kiviat(outlines={"v1": {**SCORES, "mood": missing}})
    assert "mood not measured" in shown.words()
    assert "nan" not in kiviat_svg(shown).lower()
    markers = [
        p for p in ET.fromstring(kiviat_svg(shown)).iter(f"{SVG}circle") if p.get("r") == "4.5"
    ]
    assert len(markers) == 3  # two scores, and one in the legend


def test_words_give_every_number():
    words = Kiviat(outlines={"v1": SCORES}).words()
    assert words.startswith("Kiviat diagram over 3 dimensions. v1: genre 40 of 60 right: 0.67 (")
    assert "tempo 57 of 60 right: 0.95" in words


def test_scores_end_at_one_and_relevance_at_the_next_quarter():
    low = {"a": {"score": 0.31}, "b": {"score": 0.2, "low": 0.1, "high": 0.44}}
    assert Kiviat(outlines={"x": low}).top == 1.0
    assert Kiviat(outlines={"x": low}, chance=None).top == 0.5
    assert Kiviat(outlines={"x": low}, chance=None, usual={"a": {"score": 0.6}}).top == 0.75
    assert Kiviat(outlines={"x": {"a": {"score": 0.0}}}, chance=None).top == 1.0
    assert Kiviat(outlines={"x": low}, chance=None).ticks == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_long_names_are_cut_where_words_end():
    assert short("syncopation of the left hand in slow pieces") == [
        "syncopation of",
        "the left hand …",
    ]


def test_svg_puts_markers_at_angle_and_radius():
    shown = Kiviat(outlines={"v1": SCORES})
    root = ET.fromstring(kiviat_svg(shown))
    rings = [float(c.get("r", "")) for c in root.iter(f"{SVG}circle") if c.get("fill") == "none"]
    unit = max(rings)
    assert unit / 2 in rings  # guessing
    ring = next(c for c in root.iter(f"{SVG}circle") if float(c.get("r", "")) == unit)
    x, y = float(ring.get("cx", "")), float(ring.get("cy", ""))
    places = [(float(c.get("cx", "")), float(c.get("cy", "")))
              for c in root.iter(f"{SVG}circle") if c.get("r") == "4.5"]  # fmt: skip
    for index, found in enumerate(SCORES.values()):
        turn = math.radians(90 - 120 * index)
        wanted = (
            x + unit * found["score"] * math.cos(turn),
            y - unit * found["score"] * math.sin(turn),
        )
        assert any(math.dist(wanted, place) < 0.2 for place in places)


def test_svg_escapes_names_and_drops_control_characters():
    hostile = "<script>alert(1)</script> & \x00\x1b\"'"
    shown = Kiviat(outlines={hostile: {hostile: score(3), "b": score(4), "c": score(5)}})
    root = ET.fromstring(kiviat_svg(shown, title=hostile))
    assert not list(root.iter(f"{SVG}script"))
    assert any(hostile[:12] in (text.text or "") for text in root.iter(f"{SVG}text"))


def test_svg_outlines_differ_by_more_than_colour():
    shown = Kiviat(outlines={f"v{i}": SCORES for i in range(4)})
    root = ET.fromstring(kiviat_svg(shown))
    dashes = {
        p.get("stroke-dasharray") for p in root.iter(f"{SVG}path") if p.get("stroke-width") == "2"
    }
    assert len(dashes) == 4


@pytest.mark.parametrize("count", [1, 2, 12])
def test_svg_draws_any_number_of_dimensions(count: int):
    scores = {f"dimension {i} with a long name of its own": score(30 + i) for i in range(count)}
    shown = Kiviat(outlines={"v1": scores, "v2": scores}, ceiling={next(iter(scores)): score(50)})
    root = ET.fromstring(kiviat_svg(shown))
    circles = [c for c in root.iter(f"{SVG}circle") if c.get("r") == "4.5"]
    squares = list(root.iter(f"{SVG}polygon"))
    assert len(circles) == len(squares) == count + 1
    assert sum(float(x.get("fill-opacity", "1")) < 1 for x in root.iter()) == 2  # band and legend
