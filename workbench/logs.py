"""What the workbench notes while it works: lines for people, and JSON lines for programs.

Every module logs with ``logging.getLogger(__name__)``; facts beside the sentence go into `extra`.
Warnings always reach standard error; ``--verbose`` shows what is done as well, and ``--log FILE``
(or ``WORKBENCH_LOG``) appends everything to a file, one JSON object per line. Processes that a
command starts note the same way: the choice travels in the environment. Raters' names, tokens and
answers are never noted.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, TextIO

from workbench.files import clear_storage_errors, printable

VERBOSE_VARIABLE = "WORKBENCH_VERBOSE"
FILE_VARIABLE = "WORKBENCH_LOG"
_ALWAYS_THERE = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def begin_logging(*, verbose: bool | None = None, file: Path | None = None) -> None:
    """Note from now on, in this process and in those it starts.

    Parameters
    ----------
    verbose
        Whether standard error also shows what is done, not only warnings; by default what
        ``WORKBENCH_VERBOSE`` says.
    file
        The file that JSON lines are appended to; by default that of ``WORKBENCH_LOG``, if any.
        When it is moved away, such as by logrotate, a new one is begun.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    if verbose is None:
        verbose = os.environ.get(VERBOSE_VARIABLE, "") not in ("", "0")
    if file is None and os.environ.get(FILE_VARIABLE):
        file = Path(os.environ[FILE_VARIABLE])
    os.environ[VERBOSE_VARIABLE] = "1" if verbose else ""
    terminal = _StandardError()
    terminal.setLevel(logging.INFO if verbose else logging.WARNING)
    terminal.setFormatter(Lines())
    handlers: list[logging.Handler] = [terminal]
    if file is not None:
        os.environ[FILE_VARIABLE] = str(file.resolve())
        with clear_storage_errors(file):
            handlers.append(WatchedFileHandler(file, encoding="utf-8"))
        handlers[-1].setFormatter(JsonLines())
    logger = logging.getLogger("workbench")
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose or file else logging.WARNING)
    logger.propagate = False  # servers and kernels have handlers of their own at the root


class Lines(logging.Formatter):
    r"""One line for people: when, how grave, who, what, and the facts.

    Whatever the facts hold, a record stays one line, so that no title can pretend to be another;
    only the traceback of our own program follows on lines of its own.

    Examples
    --------
    >>> record = logging.makeLogRecord(
    ...     {"name": "workbench.x", "levelname": "INFO", "msg": "Imported", "created": 0.0,
    ...      "title": "two\nlines"})
    >>> Lines().format(record)
    '1970-01-01 00:00:00 INFO x: Imported (title=two\\nlines)'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = ", ".join(f"{name}={value}" for name, value in _facts(record).items())
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        who = record.name.removeprefix("workbench.")
        text = f"{record.getMessage()} ({facts})" if facts else record.getMessage()
        line = f"{moment} {record.levelname} {who}: {printable(text)}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonLines(logging.Formatter):
    """One JSON object per record: at, level, logger, event, process, the facts, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as one line."""
        entry: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "process": record.process,
            **_facts(record),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class _StandardError(logging.StreamHandler[TextIO]):
    """Whatever standard error is at the moment: progress bars put themselves before it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _other: TextIO) -> None: ...


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _ALWAYS_THERE}
