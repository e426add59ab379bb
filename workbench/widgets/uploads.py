"""Files that a page sends to Python, piece by piece, since websockets refuse long messages."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.files import printable

LARGEST = 50 * 2**20  # bytes


class Uploads:
    """The last file that came, in a folder that goes with this object.

    Parameters
    ----------
    largest
        In bytes; larger files are refused.
    """

    def __init__(self, *, largest: int = LARGEST) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._largest = largest
        self._file: Path | None = None

    def take(self, message: dict[str, Any], buffers: list[bytes]) -> Path | None:
        """Store one piece and return the file when it is complete.

        Parameters
        ----------
        message
            ``name``, ``size`` (bytes of the whole file) and ``at`` (where the piece begins). A
            piece at 0 begins a file anew.
        buffers
            The piece.

        Raises
        ------
        WorkbenchError
            If the file is too large or empty, or a piece is missing.
        """
        size, at = int(message["size"]), int(message["at"])
        if not 0 < size <= self._largest:
            raise WorkbenchError(
                "The file is empty."
                if size <= 0
                else f"The file is larger than "
                f"{self._largest >> 20} MB; import it into the catalogue instead."
            )
        if at == 0:
            self._begin(str(message["name"]))
        piece = b"".join(bytes(buffer) for buffer in buffers)
        there = self._file.stat().st_size if self._file is not None else -1
        if self._file is None or at != there or at + len(piece) > size:
            raise WorkbenchError("A piece of the file did not arrive; choose it again.")
        with self._file.open("ab") as stream:
            stream.write(piece)
        return self._file if at + len(piece) == size else None

    def _begin(self, name: str) -> None:
        """Only the last part of a name counts, and of that what every system takes."""
        plain = printable(name.replace("\\", "/").rpartition("/")[2])[-120:].lstrip(".")
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="workbench-upload-")
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        self._file = Path(self._folder.name) / (plain.replace("\0", "") or "file")
        self._file.write_bytes(b"")
