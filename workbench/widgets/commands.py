"""Commands of a page that always get an answer: an exception would never arrive there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Protocol, TypeVar

import anywidget

from workbench.errors import NotReadyError, WorkbenchError

_LOG = logging.getLogger(__name__)
Message = dict[str, Any]
Reply = tuple[Message, list[bytes]]


class Answering(Protocol):
    """A widget whose page asks: one command at a time, and how far its user is."""

    _lock: AbstractContextManager[Any]

    def _progress(self) -> Message: ...


_NOT_UNDERSTOOD = "The page sent what Python does not understand; reload it."
_LONGEST = 1000  # characters; names and ids are shorter
_MOST = 2**63  # databases hold whole numbers below


def word(message: Message, name: str) -> str:
    """Return a text of a message, empty where there is none.

    Raises
    ------
    WorkbenchError
        If it is something else, or text that no database or terminal takes.
    """
    text = message.get(name, "")
    if not isinstance(text, str) or len(text) > _LONGEST or not text.isprintable():
        raise WorkbenchError(_NOT_UNDERSTOOD)
    return text


def own_id(message: Message) -> str:
    """Return the id that the page gave its message, so that sending it twice counts once."""
    if not 1 <= len(word(message, "id")) <= 36:
        raise WorkbenchError(_NOT_UNDERSTOOD)
    return word(message, "id")


def item_of(message: Message) -> int:
    """Return the item that a message is about."""
    item = message.get("item")
    if type(item) is not int or not 0 <= item < _MOST:
        raise WorkbenchError(_NOT_UNDERSTOOD)
    return item


W = TypeVar("W", bound=Answering)


def page_command(method: Callable[[W, Message], Message]) -> Callable[..., Reply]:
    """Make a method a command of the page that answers whatever happens.

    Where something has to be done first, the reply is ``empty`` with the sentence; any other
    problem is ``error``, with the sentence if there is one for people.
    """

    @anywidget.experimental.command
    @wraps(method)
    def answer(self: W, message: Message, _buffers: list[bytes]) -> Reply:
        try:
            if not isinstance(message, dict):
                raise WorkbenchError(_NOT_UNDERSTOOD)
            with self._lock:
                return method(self, message), []
        except NotReadyError as error:
            return {"empty": str(error), **self._progress()}, []
        except WorkbenchError as error:
            return {"error": str(error)}, []
        except Exception:
            _LOG.exception("%s%s failed", type(self).__name__, method.__name__)
            return {"error": "Something went wrong in Python; its log has the details."}, []

    return answer
