"""Boxes and texts become elements, what draws itself a place; what needs Python is left out."""

from __future__ import annotations

import ipywidgets as W

from workbench.publishing.render import Rendered, state_of
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart


def _rendered(*widgets: W.Widget) -> Rendered:
    rendered = Rendered()
    for widget in widgets:
        rendered.add(widget)
    return rendered


def test_text_of_labels_is_escaped_and_html_is_kept():
    markup = _rendered(W.VBox([W.Label("<b>1</b>"), W.HTML("<b>2</b>")])).markup
    assert "&lt;b&gt;1&lt;/b&gt;" in markup
    assert "<b>2</b>" in markup


def test_widgets_that_draw_themselves_are_numbered_along_the_page():
    first, second = PlotlyChart({"data": []}), PlotlyChart({"data": []})
    rendered = _rendered(W.HBox([first, W.VBox([second])]))
    assert rendered.models == [first, second]
    assert rendered.markup.index("data-model='0'") < rendered.markup.index("data-model='1'")


def test_controls_are_left_out_and_so_are_boxes_of_nothing_else():
    controls = [W.Button(description="Refresh"), W.Text("name"), W.Dropdown(options=["a"])]
    assert _rendered(present.row(controls)).markup == ""
    assert "kept" in _rendered(present.row([*controls, W.Label("kept")])).markup


def test_classes_and_layout_are_kept():
    box = W.VBox([W.Label("x")], layout={"display": "none", "min_width": "3px"})
    box.add_class("wb-card")
    markup = _rendered(box).markup
    assert "wb-card" in markup
    assert "display:none;min-width:3px" in markup


def test_a_class_or_a_size_cannot_leave_its_attribute():
    box = W.VBox([W.Label("x")], layout={"width": "1px' onclick='x()"})
    box.add_class("a' onload='x()")
    markup = _rendered(box).markup
    assert "' onclick" not in markup
    assert "' onload" not in markup


def test_a_style_sheet_stands_on_the_page_once():
    page = present.Page([present.Page([present.note("inside")])])
    assert _rendered(page).markup.count("<style>") == 1


def test_tabs_stand_below_one_another():
    tabs = W.Tab([W.Label("one"), W.Label("two")], titles=["First", "<Second>"])
    markup = _rendered(tabs).markup
    order = [markup.index(text) for text in ("First", "one", "&lt;Second&gt;", "two")]
    assert order == sorted(order)


def test_the_state_is_what_the_page_shares_and_nothing_of_jupyter():
    state = state_of(PlotlyChart({"data": [{"y": [1]}]}, height=200))
    assert (state["height"], state["figure"]["data"]) == (200, [{"y": [1]}])
    assert not [name for name in state if name.startswith("_") or name == "layout"]
