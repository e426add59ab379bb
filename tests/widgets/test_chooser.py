"""The chooser holds a few of many, in order, and says when it changes."""

from __future__ import annotations

from workbench.widgets.chooser import Chooser

OPTIONS = {f"version {i}": f"v{i}" for i in range(7)}


def chooser(chosen: list[str]) -> tuple[Chooser, list[list[str]]]:
    said: list[list[str]] = []
    return Chooser(OPTIONS, chosen, said.append, add="Add a version"), said


def test_list_offers_what_is_not_chosen_and_adds_it():
    made, said = chooser(["v1"])
    names = [name for name, _ in made.children[-1].options]
    assert names == ["Add a version …", *(n for n, v in OPTIONS.items() if v != "v1")]
    made.children[-1].value = "v4"
    assert said == [["v1", "v4"]]
    assert [b.description for b in made.children[:-1]] == ["● version 1  ✕", "■ version 4  ✕"]


def test_button_takes_its_own_away_and_the_last_one_stays():
    made, said = chooser(["v1", "v2"])
    made.children[0].click()
    assert said == [["v2"]]
    assert made.children[0].disabled
    made.leave("v2")
    assert made.chosen == ["v2"]


def test_four_is_the_most():
    made, said = chooser(["v1", "v2", "v3", "v4", "v5"])
    assert made.chosen == ["v1", "v2", "v3", "v4"]
    assert made.children[-1].disabled
    made.take("v6")
    assert said == []


def test_list_hides_while_nothing_is_left_to_add():
    two = dict(list(OPTIONS.items())[:2])
    made = Chooser(two, ["v0", "v1"], lambda now: None, add="Add")
    assert made.children[-1].layout.display == "none"
    made.leave("v1")
    assert made.children[-1].layout.display == ""
    made.children[-1].value = "v1"
    assert made.chosen == ["v0", "v1"]
