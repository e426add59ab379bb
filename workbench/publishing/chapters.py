"""A dashboard's pages: one, or one for each thing that it shows at a time.

A widget such as a row of tabs says with ``chapters()`` that one of its traits turns the page: the
trait and its values. What a value shows is built anew in Python, so each becomes a page of its own,
and choosing it there leads to that page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as W

from workbench.progress import Progress
from workbench.publishing.asking import ask
from workbench.publishing.dashboards import shown_by
from workbench.publishing.pages import page_data
from workbench.publishing.render import Rendered
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Drawn:
    """One page: its address, its widgets and what they hold (see `page_data`)."""

    url: str
    rendered: Rendered
    data: str


def drawn_pages(
    notebook: Path, ws: Workspace, *, most: int, progress: Progress | None = None
) -> Iterator[Drawn]:
    """Run a dashboard and yield its pages; the first is called after the notebook.

    Parameters
    ----------
    notebook, ws
        What is run, and on what.
    most, progress
        As for `ask`.
    """
    widgets = shown_by(notebook, ws)
    first = _rendered(widgets)
    turning = next((model for model in first.models if hasattr(model, "chapters")), None)
    if turning is None:
        data = page_data(first.models, ask(first.models, most=most, progress=progress))
        yield Drawn(page_url(notebook), first, data)
        return
    trait, values = turning.chapters()
    urls = dict(zip(values, _urls(page_url(notebook), values), strict=True))
    for value, url in urls.items():
        setattr(turning, trait, value)
        rendered = _rendered(widgets)
        answers = ask(rendered.models, most=most, progress=progress)
        place = _place(rendered.models, turning)
        answers[place] = {**answers[place], trait: list(urls.items())}
        yield Drawn(url, rendered, page_data(rendered.models, answers))


def _rendered(widgets: Sequence[W.Widget]) -> Rendered:
    rendered = Rendered()
    for widget in widgets:
        rendered.add(widget)
    return rendered


def _place(models: Sequence[anywidget.AnyWidget], wanted: anywidget.AnyWidget) -> int:
    return next(place for place, model in enumerate(models) if model is wanted)


def page_url(notebook: Path) -> str:
    """Return the address of a dashboard's first page; ``index.html`` is that of the list of pages.

    Examples
    --------
    >>> page_url(Path("My maps #2.ipynb")), page_url(Path("index.ipynb"))
    ('my-maps-2.html', 'index-page.html')
    """
    name = _slug(notebook.stem) or "page"
    return f"{'index-page' if name == 'index' else name}.html"


def _urls(first: str, values: Sequence[Any]) -> list[str]:
    """Return an address for each value, from its letters; names that clash get a number.

    Examples
    --------
    >>> _urls("dimension.html", ["genre", "my mood", "My Mood!"])
    ['dimension.html', 'dimension-my-mood.html', 'dimension-my-mood-3.html']
    """
    stem, urls = first.removesuffix(".html"), [first]
    for number, value in enumerate(values[1:], start=2):
        slug = _slug(str(value)) or str(number)
        url = f"{stem}-{slug}.html"
        urls.append(f"{stem}-{slug}-{number}.html" if url in urls else url)
    return urls


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
