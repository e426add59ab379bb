"""A page is asked beforehand what it would show, because nobody will be there to answer.

A widget says with ``beforehand(most)`` which of its traits people may set on an exported page, and
to which values, of which there may be so many. Each value is set here as a press on the page would,
and what then changes, on any widget of the page, is written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import anywidget

from workbench.progress import Progress
from workbench.publishing.render import synced

MOST = 2000  # values of one trait; asking takes up to a tenth of a second each
Change = tuple[int, str]  # a widget, by its place on the page, and one of its traits
# trait -> (its value, what follows: changes, or the address of the page that shows it)
Answers = dict[str, list[tuple[Any, dict[Change, Any] | str]]]


def ask(
    models: Sequence[anywidget.AnyWidget], *, most: int = MOST, progress: Progress | None = None
) -> list[Answers]:
    """Return for each widget of a page what follows from the values of its traits.

    Parameters
    ----------
    models
        The widgets. They are as they were when this returns.
    most
        A trait that could have more values is not asked at all: half the answers would mislead.
    progress
        One step per value.
    """
    progress = progress or Progress()
    wanted = [getattr(model, "beforehand", _nothing)(most) for model in models]
    total = sum(len(values) for traits in wanted for values in traits.values())
    if total:
        progress.stage("Asking what follows from a click", total)
    return [
        {
            trait: _answers(models, place, trait, values, progress)
            for trait, values in wanted[place].items()
        }
        for place in range(len(models))
    ]


def _nothing(_most: int) -> dict[str, list[Any]]:
    """Return what may be set on a widget that does not say."""
    return {}


def _answers(
    models: Sequence[anywidget.AnyWidget],
    place: int,
    trait: str,
    values: Sequence[Any],
    progress: Progress,
) -> list[tuple[Any, dict[Change, Any] | str]]:
    model, first = models[place], getattr(models[place], trait)
    told: dict[int, dict[Change, Any]] = {}
    # What is set already comes last: nothing would follow from setting it again.
    order = sorted(range(len(values)), key=lambda at: values[at] == first)
    with _watching(models) as before:
        for at in order:
            setattr(model, trait, values[at])
            told[at] = {each: _value(models, each) for each in before if each != (place, trait)}
            progress.advance()
        setattr(model, trait, first)
        for (other, name), old in 2 * list(before.items()):  # a link may move what was put back
            setattr(models[other], name, old)
    # What changed later for the first time was, at an earlier value, as it was at the beginning.
    changed = {each: old for each, old in before.items() if each != (place, trait)}
    return [(value, {**changed, **told[at]}) for at, value in enumerate(values)]


@contextmanager
def _watching(models: Sequence[anywidget.AnyWidget]) -> Iterator[dict[Change, Any]]:
    """Give what has changed since, with its value before."""
    before: dict[Change, Any] = {}
    watches = []
    for place, model in enumerate(models):

        def note(change: Any, place: int = place) -> None:
            before.setdefault((place, change["name"]), change["old"])

        names = synced(model)
        model.observe(note, names)
        watches.append((model, note, names))
    try:
        yield before
    finally:
        for model, note, names in watches:
            model.unobserve(note, names)


def _value(models: Sequence[anywidget.AnyWidget], each: Change) -> Any:
    return getattr(models[each[0]], each[1])
