"""A tree of widgets as HTML: boxes and texts become elements, the rest a place to be drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import anywidget
import ipywidgets as W

_OWN = {"layout", "tabbable", "tooltip"}  # traits of every widget, of no use without Python


@dataclass
class Rendered:
    """What stands on a page.

    Attributes
    ----------
    markup
        HTML; ``<div data-model="2">`` is where the third of `models` is drawn.
    models
        The widgets that draw themselves, in the order of the page.
    """

    markup: str = ""
    models: list[anywidget.AnyWidget] = field(default_factory=list)
    _styles: set[str] = field(default_factory=set, repr=False)

    def add(self, widget: W.Widget) -> None:
        """Put a widget, with all it holds, at the end of the page."""
        self.markup += self._element(widget)

    def _element(self, widget: W.Widget) -> str:
        """Return a widget's HTML; controls that need Python are left out."""
        if isinstance(widget, anywidget.AnyWidget):
            self.models.append(widget)
            return f"<div{_attributes(widget)} data-model='{len(self.models) - 1}'></div>"
        if isinstance(widget, W.Tab | W.Accordion):
            return "".join(self._sections(widget))
        if isinstance(widget, W.Box):
            inside = "".join(map(self._element, widget.children))
            return f"<div{_attributes(widget)}>{inside}</div>" if inside else ""
        if isinstance(widget, W.Label):
            return f"<div{_attributes(widget)}>{escape(widget.value)}</div>"
        if isinstance(widget, W.HTML):
            return self._html(widget)
        return ""

    def _html(self, widget: W.HTML) -> str:
        """Return what an HTML widget shows; a style sheet stands on the page once."""
        if not widget.value or widget.value in self._styles:
            return ""
        if "wb-style" in widget._dom_classes:
            self._styles.add(widget.value)
        content = f"<div class='widget-html-content'>{widget.value}</div>"
        return f"<div{_attributes(widget)}>{content}</div>"

    def _sections(self, widget: W.Tab | W.Accordion) -> Iterator[str]:
        """Return what lies behind tabs, below one another."""
        for index, child in enumerate(widget.children):
            yield f"<h3>{escape(widget.get_title(index) or '')}</h3>{self._element(child)}"


def state_of(model: anywidget.AnyWidget) -> dict[str, Any]:
    """Return what a widget sends to its page, without what every widget has."""
    return {name: getattr(model, name) for name in synced(model)}


def synced(model: anywidget.AnyWidget) -> list[str]:
    """Return the names of the traits that a widget shares with its page."""
    names = model.trait_names(sync=True)
    return sorted(name for name in names if not name.startswith("_") and name not in _OWN)


def _attributes(widget: W.Widget) -> str:
    """Return the classes and the layout of a widget as attributes."""
    kinds = {W.VBox: "widget-box widget-vbox", W.HBox: "widget-box widget-hbox",
             W.Label: "widget-label", W.HTML: "widget-html"}  # fmt: skip
    kind = next((name for cls, name in kinds.items() if isinstance(widget, cls)), "")
    classes = " ".join(["jupyter-widgets", kind, *widget._dom_classes]).strip()
    layout = {
        name.replace("_", "-"): value
        for name in widget.layout.trait_names(sync=True)
        if not name.startswith("_") and (value := getattr(widget.layout, name)) is not None
    }
    style = ";".join(f"{name}:{value}" for name, value in sorted(layout.items()))
    styled = f" style='{escape(style)}'" if style else ""
    return f" class='{escape(classes)}'{styled}"
