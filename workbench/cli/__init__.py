"""The `workbench` command: one function per verb, each a few lines around the library."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import cast

import typer

from workbench.cli import (
    catalogue,
    check,
    copy,
    dimensions,
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
from workbench.progress import TerminalProgress
from workbench.workspace import Workspace

app = typer.Typer(
    help="Curate, inspect and publish perceptual music similarity.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_MODULES = (
    *(
        pages,
        catalogue,
        copy,
        index,
        parts,
        dimensions,
        encoders,
        train,
        models,
        search,
        songs,
        tag,
        tags,
    ),
    *(evaluate, judgements, exchange, export, tasks, team, check),
)
for module in _MODULES:
    module.register(app)
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
        with typer.main.get_command(app).make_context("workbench", sys.argv[1:]) as context:
            context.command.invoke(context)
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
