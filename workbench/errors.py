"""The one exception people see: a sentence that says what happened and what to do."""

from __future__ import annotations

_LONGEST = 1500  # characters


class WorkbenchError(Exception):
    """A problem the user can act on.

    The message is one clear sentence. The command line prints it without a traceback and exits
    with `exit_code`; widgets show it in place. It may quote a file, so it is kept to one line of
    bounded length that no terminal takes for a command.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(_one_line(message))


class NotAWorkspaceError(WorkbenchError):
    """The folder holds no workspace, or one this version cannot read."""

    exit_code = 3


class UnknownNameError(WorkbenchError):
    """A dimension, encoder, model or item of that name does not exist."""

    exit_code = 4


class StorageError(WorkbenchError):
    """The database is locked or read-only, the disk is full, or a stored file is damaged."""

    exit_code = 5


class MediaError(WorkbenchError):
    """A sound or score cannot be read."""

    exit_code = 6


class NotReadyError(WorkbenchError):
    """Something has to be computed or recorded first; the sentence says which command does it."""

    exit_code = 7


class ReadOnlyError(WorkbenchError):
    """Somebody who may only read tried to change something."""

    exit_code = 8

    def __init__(self, message: str = "This page is read-only: ask for a rater's address.") -> None:
        super().__init__(message)


class CancelledError(WorkbenchError):
    """Somebody asked the work to stop."""

    exit_code = 130


def _one_line(message: str) -> str:
    text = str(message)
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 3 :]}"
    text = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
