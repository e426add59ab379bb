"""Callbacks that never fail in silence, and messages that never run as HTML.

Voila hides the exceptions of callbacks altogether, and ``widgets.HTML`` runs what it is given:
both are wrapped here once.
"""

from __future__ import annotations

import functools
import html
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.widgets import theme

P = ParamSpec("P")
R = TypeVar("R")
_log = logging.getLogger(__name__)
_COLOURS = {
    "info": f"var(--wb-accent, {theme.ACCENT})",
    "success": "var(--wb-good, #00735c)",
    "warning": "var(--wb-warning, #8a5a00)",
    "error": "var(--wb-bad, #b3400a)",
}


def guarded(
    show: Callable[[str], object],
) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Make a callback show its failure in one sentence and log the rest.

    Parameters
    ----------
    show
        Called with the sentence: that of a `WorkbenchError`, else a general one, since other
        exceptions may carry what is not for every viewer.

    Examples
    --------
    >>> said = []
    >>> @guarded(said.append)
    ... def press(button):
    ...     raise WorkbenchError("There is nothing to undo.")
    >>> press(None)
    >>> said
    ['There is nothing to undo.']
    """

    def wrap(callback: Callable[P, R]) -> Callable[P, R | None]:
        @functools.wraps(callback)
        def call(*args: P.args, **kwargs: P.kwargs) -> R | None:
            try:
                return callback(*args, **kwargs)
            except WorkbenchError as error:
                show(str(error))
            except Exception as error:
                _log.exception("%s failed", getattr(callback, "__qualname__", callback))
                show(f"Something went wrong ({type(error).__name__}); the log holds the details.")
            return None

        return call

    return wrap


class Message(ipywidgets.HTML):
    """One line of text for people, shown letter by letter whatever it holds.

    Use `show` and `clear`; `text` is what was last shown.
    """

    def __init__(self, text: str = "", level: str = "info") -> None:
        super().__init__()
        self.text = ""
        self.show(text, level)

    def show(self, text: str, level: str = "error") -> None:
        """Show `text`; `level` is info, success, warning or error."""
        self.text = text
        colour = _COLOURS[level]
        # tex2jax_ignore: a price in dollars is no formula.
        self.value = text and (
            f'<div class="tex2jax_ignore mathjax_ignore" role="status" style="font:14px/1.45 '
            f"{html.escape(theme.FONT)};color:var(--wb-ink,{theme.INK});padding:8px 14px;"
            f"border-radius:6px;border:1px solid var(--wb-line,{theme.LINE});"
            f'border-left:4px solid {colour};background:var(--wb-ground,#f6f8fa)">'
            f"{html.escape(text)}</div>"
        )
        self.layout.display = "" if text else "none"

    def clear(self) -> None:
        """Show nothing."""
        self.show("", "info")


def message(text: str, level: str = "info") -> Message:
    """Return a widget that shows `text` safely; `level` is info, success, warning or error."""
    return Message(text, level)
