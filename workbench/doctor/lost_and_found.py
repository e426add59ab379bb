"""Where repairs put what they take away: a folder of its own for every repair, in the workspace."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.files import clear_storage_errors

if TYPE_CHECKING:
    from workbench.catalogue.database import Database

FOLDER = "lost+found"


class LostAndFound:
    """What one repair takes away; nothing is deleted.

    Parameters
    ----------
    root
        The workspace folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._backed_up = False

    @cached_property
    def folder(self) -> Path:
        """Its folder, which is made when something goes there."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        folder = self._root / FOLDER / stamp
        with clear_storage_errors(folder):
            folder.mkdir(parents=True)
        return folder

    @property
    def used(self) -> bool:
        """Whether anything went there."""
        return "folder" in self.__dict__

    def move(self, path: Path) -> None:
        """Take a file or folder of the workspace away, under the path it had."""
        place = self._place(path)
        with clear_storage_errors(place):
            os.rename(path, place)

    def copy(self, path: Path) -> None:
        """Keep a file as it was before it is mended."""
        place = self._place(path)
        with clear_storage_errors(place):
            shutil.copy2(path, place)

    def keep_rows(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows down as JSON lines before they are taken out of the database."""
        place = self._place(self._root / "database" / f"{table}.jsonl")
        with clear_storage_errors(place), place.open("a", encoding="utf-8") as stream:
            for row in rows:
                stream.write(json.dumps(row, default=_as_text, ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    def back_up(self, database: Database) -> None:
        """Copy an SQLite database aside before the first change that a repair makes to it."""
        if not self._backed_up:
            database.back_up("before-repair")
            self._backed_up = True

    def _place(self, path: Path) -> Path:
        inside = path.relative_to(self._root) if path.is_relative_to(self._root) else path.name
        place = self.folder / inside
        with clear_storage_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
        return place


def _as_text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
