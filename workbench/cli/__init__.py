"""The `workbench` command: one function per verb, each a few lines around the library."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, cast

import typer

from workbench.cli import (
    catalogue,
    copy,
    dimensions,
    doctor,
    encoders,
    evaluate,
    exchange,
    export,
    index,
    judgements,
    models,
    pages,
    parts,
    search,
    songs,
    tag,
    tags,
    tasks,
    team,
    train,
)
from workbench.errors import CancelledError, StorageError, WorkbenchError
from workbench.logs import FILE_VARIABLE, begin_logging
from workbench.progress import TerminalProgress
from workbench.workspace import Workspace

app = typer.Typer(
    help="Curate, inspect and publish perceptual music similarity.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_log = logging.getLogger(__name__)
_VERBOSE = "--verbose"
_MODULES = (
    *(pages, catalogue, copy, index, parts, dimensions, encoders, train, models, search, songs),
    *(tag, tags, evaluate, judgements, exchange, export, tasks, team, doctor),
)
for module in _MODULES:
    module.register(app)


@app.callback()
def _global(
    verbose: Annotated[
        bool, typer.Option(_VERBOSE, help="Say what is done, line by line.")
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(envvar=FILE_VARIABLE, help="Append what is done to this file, as JSON lines."),
    ] = None,
) -> None:
    begin_logging(verbose=verbose or None, file=log)


# Wrong arguments; typer carries its own click or uses the real one, so it is named by its heir.
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)


def main() -> None:
    """Run a command; a problem the user can act on is one sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names and titles may hold anything
    job = _job_folder(sys.argv)
    Workspace.progress = TerminalProgress
    try:
        command = typer.main.get_command(app)
        arguments = _verbose_first(sys.argv[1:])
        with (
            command.make_context("workbench", arguments) as context,
            _noted(lambda: context.invoked_subcommand),
        ):
            command.invoke(context)
        _last_word(job, "done")
    except typer.Exit as leave:
        _last_word(job, "failed" if leave.exit_code else "done", message="The command failed.")
        raise SystemExit(leave.exit_code) from None
    except CancelledError as error:
        _last_word(job, "cancelled")
        _leave(str(error), error.exit_code)
    except WorkbenchError as error:
        _last_word(job, "failed", message=str(error))
        _leave(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _last_word(job, "cancelled")
        _leave("Stopped. What was finished is kept; run the command again to go on.", 130)
    except _UsageError as error:
        _last_word(job, "failed", message=error.format_message())
        _explain(error)
    except BrokenPipeError:  # the reader of our answer had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        text = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
        _last_word(job, "failed", message=text)
        _leave(text, StorageError.exit_code)
    except Exception as error:
        _last_word(job, "failed", message=f"{type(error).__name__}: {error}")
        raise


@contextlib.contextmanager
def _noted(name: Callable[[], str | None]) -> Iterator[None]:
    """Note that a command ran, how long, and what ended it; its name is known once it runs."""
    start = time.monotonic()
    ended = "done"
    try:
        yield
    except BaseException as error:
        ended = type(error).__name__
        raise
    finally:
        seconds = round(time.monotonic() - start, 3)
        _log.info("Command ended", extra={"command": name(), "how": ended, "seconds": seconds})


def _verbose_first(arguments: list[str]) -> list[str]:
    """Let ``--verbose`` stand anywhere before ``--``: people add it to a line that went wrong."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    if _VERBOSE not in arguments[:end]:
        return arguments
    rest = [word for word in arguments[:end] if word != _VERBOSE]
    return [_VERBOSE, *rest, *arguments[end:]]


def _explain(error: typer.BadParameter) -> None:
    """Say what was wrong with the arguments; where there were none, the help is the answer."""
    message = error.format_message()
    if not message or "\n" in message:
        print(message, end="", file=sys.stderr)  # empty where typer has shown the help already
        raise SystemExit(error.exit_code)
    name = error.ctx.command_path if error.ctx is not None else "workbench"
    _leave(f"{message.rstrip('.')}; see `{name} --help`.", error.exit_code)


def _leave(message: str, code: int) -> None:
    print(f"workbench: {message}", file=sys.stderr)
    raise SystemExit(code)


def _job_folder(arguments: list[str]) -> Path | None:
    if "--job" in arguments[:-1]:
        return Path(arguments[arguments.index("--job") + 1])
    return None


def _last_word(job: Path | None, event: str, **data: str) -> None:
    if job is not None and job.is_dir():
        from workbench.progress import JobProgress

        with contextlib.suppress(OSError):  # on a full disk the job counts as died
            JobProgress(job).event(event, **data)
