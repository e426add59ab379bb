"""The CSV manifest that may come with music: path, title, artist, and any tag columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from workbench.catalogue.items import TagValue
from workbench.catalogue.keys import key_name, parse_key
from workbench.errors import WorkbenchError

_SEPARATOR = ";"
_MAX_COLUMNS = 200


@dataclass(frozen=True)
class ManifestRow:
    """What a manifest says of one file."""

    title: str | None = None
    artist: str | None = None
    tags: list[TagValue] = field(default_factory=list)


def read_manifest(file: Path) -> dict[Path, ManifestRow]:
    """Read a manifest; paths are relative to its folder.

    Every column but ``path``, ``title`` and ``artist`` is a tag column and names a dimension or
    any other field; several values are separated by ``;``. Tempo is in bpm.

    Raises
    ------
    WorkbenchError
        If the file cannot be read, a column is missing, empty or doubled, a file is named twice,
        or a tempo or key is not understood.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            columns = [name.strip().lower() for name in next(reader, [])]
            _check_columns(file, columns)
            rows: dict[Path, ManifestRow] = {}
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    place = f"{file}, line {reader.line_num}"
                    values = _named_cells(columns, cells, place)
                    path = _path(file.parent, values.pop("path"), place)
                    if path in rows:
                        raise WorkbenchError(f"{place}: the file {path.name} was named before.")
                    rows[path] = _row(values, place)
            return rows
    except FileNotFoundError as error:
        raise WorkbenchError(f"There is no manifest {file}.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WorkbenchError(
            f"The manifest {file} cannot be read as UTF-8 CSV: {error}."
        ) from error


def _check_columns(file: Path, columns: list[str]) -> None:
    if "path" not in columns:
        found = ", ".join(c for c in columns if c)[:200] or "none"
        raise WorkbenchError(f"The manifest {file} has no column `path`; its columns are: {found}.")
    if "" in columns:
        raise WorkbenchError(f"The manifest {file} has a column without a name.")
    if len(set(columns)) < len(columns):
        doubled = next(c for c in columns if columns.count(c) > 1)
        raise WorkbenchError(f"The manifest {file} has the column `{doubled}` twice.")
    if len(columns) > _MAX_COLUMNS:
        raise WorkbenchError(f"The manifest {file} has more than {_MAX_COLUMNS} columns.")


def _named_cells(columns: list[str], cells: list[str], place: str) -> dict[str, str]:
    if len(cells) > len(columns):
        raise WorkbenchError(
            f"{place}: {len(cells)} cells, but there are {len(columns)} columns; quote values "
            "that hold commas."
        )
    missing = [""] * (len(columns) - len(cells))  # spreadsheets leave empty cells at the end out
    return {n: c.strip() for n, c in zip(columns, cells + missing, strict=True)}


def _path(folder: Path, text: str, place: str) -> Path:
    if not text:
        raise WorkbenchError(f"{place}: the path is empty.")
    try:
        return (folder / text).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, or links in a circle
        raise WorkbenchError(f"{place}: the path {text[:80]!r} leads nowhere.") from error


def _row(values: dict[str, str], place: str) -> ManifestRow:
    tags = []
    for column, cell in values.items():
        if column not in ("title", "artist"):
            for value in filter(None, (v.strip() for v in cell.split(_SEPARATOR))):
                tags.append(tag_from_text(column, value, source="manifest", place=place))
    return ManifestRow(values.get("title") or None, values.get("artist") or None, tags)


def tag_from_text(dimension: str, value: str, *, source: str, place: str) -> TagValue:
    """Return a tag; tempi become numbers and keys get their usual name.

    Parameters
    ----------
    dimension, value
        The field and what it says.
    source
        Who says so.
    place
        Where it stands, for the sentence that refuses it.
    """
    if dimension == "tempo":
        try:
            bpm = float(value)
        except ValueError:
            bpm = 0.0
        if not 1.0 <= bpm <= 1000.0:
            raise WorkbenchError(f"{place}: tempo {value!r} is not a number of beats per minute.")
        return TagValue(dimension, f"{bpm:g}", source, number=bpm)
    if dimension == "key":
        parsed = parse_key(value)
        if parsed is None:
            raise WorkbenchError(
                f"{place}: key {value!r} is not understood; write it like `F# minor`."
            )
        return TagValue(dimension, key_name(parsed[0], major=parsed[1]), source)
    return TagValue(dimension, value, source)
