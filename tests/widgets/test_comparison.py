"""The page of two versions: what it says, what it lists, and what it says where it cannot."""

from __future__ import annotations

import json

import pytest
from example_workspace import HOSTILE, add_model, add_songs, judge

from workbench import Workspace
from workbench.evaluation.comparison import (
    answer_both,
    held_out_by_both,
    judged_by_people,
    pooled,
    summary,
)
from workbench.widgets.comparison import LISTED, ModelComparison
from workbench.widgets.comparison_figures import dots_figure, summary_words
from workbench.widgets.sources import SourceLine
from workbench.widgets.triplet_list import TripletList


@pytest.fixture
def compared(bare: Workspace) -> Workspace:
    """Return a workspace with two versions that kept the same songs aside, and judgements since."""
    songs = add_songs(bare, 24)
    add_model(bare, 44, held_out=songs)
    add_model(bare, 49, held_out=songs, parent="v0001")
    judge(bare, songs, {("Ada", "genre", "a"): 12, (HOSTILE, "tempo", "b"): 6})
    return bare


def parts(widget, kind: type) -> list:
    """Return the widgets of a class below another one."""
    found = [widget] if isinstance(widget, kind) else []
    return found + [p for child in getattr(widget, "children", ()) for p in parts(child, kind)]


def markup(page) -> str:
    return " ".join(getattr(w, "value", "") for w in parts(page, object) if hasattr(w, "value") and
                    isinstance(w.value, str))  # fmt: skip


def both(ws: Workspace):
    cards = ws.models.card("v0001"), ws.models.card("v0002")
    return cards, answer_both(ws, *cards, held_out_by_both(ws, *cards).questions)


def test_current_version_is_compared_with_its_parent(compared: Workspace) -> None:
    page = ModelComparison(compared)
    _, found = both(compared)
    result = summary(pooled(found))
    assert summary_words("v0001", "v0002", result).split(".")[0] in markup(page)
    assert f"{len(pooled(found))} triplets from the tags of 24 songs" in markup(page).replace(
        ",", ""
    )


def test_every_disagreement_is_listed_once_and_can_be_heard(compared: Workspace) -> None:
    (listed,) = parts(ModelComparison(compared), TripletList)
    _, found = both(compared)
    expected = {
        (name, *part.items[row].tolist())
        for name, part in found.items()
        for row in part.disagreed[:LISTED]
    }
    assert {(t["keys"]["dimension"], *t["items"]) for t in listed.triplets} == expected
    assert len(listed.triplets) == len(expected)
    for one in listed.triplets:
        right = [answer["model"] for answer in one["answers"] if answer["margin"] > 0]
        assert right == [one["keys"]["right"]]
        assert all(listed.items[str(i)]["url"].endswith(f"/{i}") for i in one["items"])
    json.dumps([listed.triplets, listed.items, listed.filters])


def test_every_figure_states_models_data_and_date_and_gives_its_data(compared: Workspace) -> None:
    lines = parts(ModelComparison(compared), SourceLine)
    assert len(lines) == 3
    for line in lines:
        assert line.words.startswith("Model v0002 of 2 March 2026 · against model v0001 of 1 March")
        assert "triplets from the tags of 24 songs" in line.words
        assert line.table["rows"]


def test_what_people_said_can_be_asked_instead(compared: Workspace) -> None:
    page = ModelComparison(compared)
    page._kind.value = "judgements"
    cards = compared.models.card("v0001"), compared.models.card("v0002")
    asked = judged_by_people(compared, *cards)
    assert f"{len(asked.questions)} triplets that people judged" in markup(page)
    (listed,) = parts(page, TripletList)
    assert listed.triplets
    assert {one["why"] for one in listed.triplets} <= {
        "One person said A.",
        "2 of 2 people said A.",
    }


def test_learned_judgements_are_not_asked(compared: Workspace) -> None:
    last = compared.judgements.history()["id"].iloc[-1]
    kept = compared.models.card().held_out
    add_model(compared, 40, parent="v0002", watermark=last, judgements=18, held_out=kept)
    page = ModelComparison(compared)
    page._kind.value = "judgements"
    assert "no judgement yet that neither version has learned from" in page._message.text
    page._kind.value = "tags"
    assert page._message.text == ""


def test_titles_and_names_are_only_text(compared: Workspace) -> None:
    page = ModelComparison(compared)
    assert "<img" not in markup(page)


def test_one_version_says_how_to_get_another(bare: Workspace) -> None:
    assert "workbench train heads" in markup(ModelComparison(bare))
    add_songs(bare, 3)
    add_model(bare, 40)
    page = ModelComparison(bare)
    assert "one version so far, v0001" in markup(page)
    assert "“Fine-tune”" in markup(page)


def test_one_version_chosen_twice_is_no_comparison(compared: Workspace) -> None:
    page = ModelComparison(compared)
    page._first.value = "v0002"
    assert page._message.text == "Choose two different versions."
    assert not page._body.children


def test_versions_that_kept_nothing_aside_say_so(bare: Workspace) -> None:
    add_songs(bare, 6)
    add_model(bare, 40)
    add_model(bare, 41, parent="v0001")
    assert "fewer than three" in ModelComparison(bare)._message.text.lower()


def test_songs_without_tags_say_what_to_do(compared: Workspace) -> None:
    with compared.database.write() as transaction:
        from workbench.catalogue.tables import Tag

        transaction.query(Tag).delete()
    assert "carry no tags" in ModelComparison(compared)._message.text


def test_a_version_that_is_not_there_is_named(compared: Workspace) -> None:
    assert "v0009" in markup(ModelComparison(compared, versions=("v0009", "v0002")))


def test_dots_leave_out_what_was_not_measured() -> None:
    known = {"k": 3, "n": 4, "score": 0.75, "low": 0.3, "high": 0.95}
    missing = {"k": 0, "n": 0, "score": None, "low": None, "high": None}
    figure = dots_figure({"v1": {"genre": known, "key": missing}})
    assert figure["data"][0]["x"] == [0.75]
    assert figure["layout"]["yaxis"]["ticktext"] == ["genre", "key"]
    assert figure["layout"]["xaxis"]["range"][0] < 0.3
