"""The `workbench` command: one function per verb, each a few lines around the library."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import typer

from workbench.cli import catalogue, check, models, pages
from workbench.errors import CancelledError, WorkbenchError

app = typer.Typer(
    help="Curate, inspect and publish perceptual music similarity.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (pages, catalogue, models, check):
    module.register(app)


def main() -> None:
    """Run a command; a problem the user can act on is one sentence and an exit code."""
    job = _job_folder(sys.argv)
    try:
        status = app(standalone_mode=False)
        _last_word(job, "done")
    except CancelledError as error:
        _last_word(job, "cancelled")
        _leave(str(error), error.exit_code)
    except WorkbenchError as error:
        _last_word(job, "failed", message=str(error))
        _leave(str(error), error.exit_code)
    except KeyboardInterrupt:
        _last_word(job, "cancelled")
        _leave("Stopped. What was finished is kept; run the command again to go on.", 130)
    except typer.Abort:
        _leave("Stopped.", 130)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            _last_word(job, "failed", message=str(error))
            raise
        text = f"{error.filename or 'A file'} cannot be written: {error.strerror}."
        _last_word(job, "failed", message=text)
        _leave(text, 5)
    except Exception as error:
        import click

        if isinstance(error, click.ClickException):
            error.show()
            raise SystemExit(error.exit_code) from None
        _last_word(job, "failed", message=f"{type(error).__name__}: {error}")
        raise
    else:
        raise SystemExit(status if isinstance(status, int) else 0)


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

        JobProgress(job).event(event, **data)
