"""What follows from a click is what the widgets did when they were asked."""

from __future__ import annotations

import anywidget
import traitlets

from workbench.publishing.asking import ask
from workbench.publishing.render import state_of
from workbench.widgets.explorer import Explorer


class _Counting(anywidget.AnyWidget):
    """Shows the double of a number, and says so from five on."""

    _esm = "export default {}"
    number = traitlets.Int(2).tag(sync=True)
    double = traitlets.Int(4).tag(sync=True)
    said = traitlets.Unicode("small").tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.observe(self._count, "number")

    def _count(self, _change: object) -> None:
        self.double = 2 * self.number
        if self.number > 4:
            self.said = "large"

    def beforehand(self, most: int):
        return {"number": [3, 5, 2]} if most > 2 else {}


def test_each_value_has_what_follows_from_it():
    (answers,) = ask([_Counting()])
    told = {value: changes[(0, "double")] for value, changes in answers["number"]}
    assert told == {3: 6, 5: 10, 2: 4}


def test_what_changed_later_is_told_of_earlier_values_as_it_was():
    (answers,) = ask([_Counting()])
    assert answers["number"][0][1][(0, "said")] == "small"
    assert answers["number"][1][1][(0, "said")] == "large"


def test_the_widgets_are_as_they_were_before():
    widget = _Counting()
    ask([widget])
    assert (widget.number, widget.double, widget.said) == (2, 4, "small")


def test_a_trait_of_too_many_values_is_not_asked():
    assert ask([_Counting()], most=2) == [{}]


def test_links_between_widgets_are_followed(lived_in):
    explorer = Explorer(lived_in)
    former = [state_of(explorer.maps), {**state_of(explorer.similar), "found": []}]
    maps, similar = ask([explorer.maps, explorer.similar])
    assert [state_of(explorer.maps), {**state_of(explorer.similar), "found": []}] == former
    ids = explorer.maps.items["id"]
    assert [value for value, _ in maps["selected"]] == ids
    assert [changes[(1, "query")]["id"] for _, changes in maps["selected"]] == ids
    assert all(changes[(0, "selected")] == value for value, changes in similar["item"])
    asked = maps["selected"][4][1]
    explorer.maps.selected = ids[4]
    assert asked[(1, "results")] == explorer.similar.results


def test_colours_are_asked_too(lived_in):
    explorer = Explorer(lived_in)
    maps, _ = ask([explorer.maps, explorer.similar])
    shown = {tuple(value): changes[(0, "colours")] for value, changes in maps["colour"]}
    assert {each["shows"] for each in shown[("genre",)]} == {"genre"}
    assert len({each["shows"] for each in shown[()]}) > 1
