"""How long work tells where it is: to a terminal, to a job's file, or to nobody."""

from __future__ import annotations

import atexit
import json
import time
from pathlib import Path
from typing import IO, Any

from workbench.files import printable


class Progress:
    """The silent progress, and the interface of the others."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage of `total` steps (None: unknown)."""

    def advance(self, count: int = 1, label: str = "") -> None:
        """Tell that `count` more steps are done; `label` names the last one."""

    def note(self, text: str) -> None:
        """Say one line that stays readable."""

    def event(self, kind: str, /, **data: Any) -> None:
        """Report a structured event, such as a training step."""

    def cancelled(self) -> bool:
        """Return whether somebody asked to stop."""
        return False

    def close(self) -> None:
        """End the last stage."""


class TerminalProgress(Progress):
    """Progress bars on standard error; nothing is drawn where it is not a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bars

        self._console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[label]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        atexit.register(self._bars.stop)  # an error must not leave the cursor hidden
        self._task: Any = None
        self._name = ""
        self._started = 0.0
        self._told = False

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a new bar."""
        self.close()
        self._bars.start()
        self._name, self._started, self._told = name, time.monotonic(), False
        self._task = self._bars.add_task(name, total=total, label="")

    def advance(self, count: int = 1, label: str = "") -> None:
        """Move the bar."""
        from rich.markup import escape

        if self._task is not None:
            self._bars.update(self._task, advance=count, label=escape(printable(label[:40])))

    def event(self, kind: str, /, **data: Any) -> None:
        """Show a training step beside its bar; an epoch has a line of its own, which is a note."""
        if kind == "epoch":
            self._told = True
        elif kind == "step" and "of" in data and self._task is not None:
            self._bars.update(
                self._task,
                completed=data["step"],
                total=data["of"],
                label=f"loss {data['loss']:.4f}",
            )

    def note(self, text: str) -> None:
        """Print one line above the bar."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """End the bar; say how long it took where no bar was drawn and no line told of it."""
        if self._task is not None:
            self._bars.update(self._task, label="", visible=not self._told)
            self._bars.stop()
            self._bars.remove_task(self._task)  # else the next one would draw it again
            if not (self._told or self._console.is_terminal):
                self.note(f"{self._name}: {time.monotonic() - self._started:.1f} s")
            self._task = None


class JobProgress(Progress):
    """Events as JSON lines in a job's folder, read by any page that watches the job."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stream: IO[str] = (folder / "events.jsonl").open("a", buffering=1)
        self._done = 0
        self._total: int | None = None

    def stage(self, name: str, total: int | None = None) -> None:
        """Record a new stage."""
        self._done, self._total = 0, total
        self.event("stage", name=name, total=total)

    def advance(self, count: int = 1, label: str = "") -> None:
        """Record how far the stage is."""
        self._done += count
        self.event("advance", done=self._done, total=self._total, label=label)

    def note(self, text: str) -> None:
        """Record one line."""
        self.event("note", text=text)

    def event(self, kind: str, /, **data: Any) -> None:
        """Record a structured event."""
        self._stream.write(json.dumps({"event": kind, "at": time.time(), **data}) + "\n")

    def cancelled(self) -> bool:
        """Return whether the job's cancel file exists."""
        return (self._folder / "cancel").exists()

    def close(self) -> None:
        """Keep the file open: `done` or `failed` follow."""
