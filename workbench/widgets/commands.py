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
