"""Event lists: one note per row of a CSV file, or of a JSON file that may hold maps as well."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import MediaError, WorkbenchError
from workbench.files import from_json
from workbench.row_files import Row, read_rows
from workbench.symbolic.assemble import MOST_NOTES, Found, check_count
from workbench.symbolic.score import Track

MOST_COLUMNS = 64
_VELOCITY = 80
_TRUE, _FALSE = ("1", "true", "yes"), ("", "0", "false", "no", "none")


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def read_csv_file(path: Path) -> Found:
    """Return what a table of notes holds.

    Columns are `pitch`, `onset` and `duration` in quarters, or `onset_s` and `duration_s` in
    seconds; and, where wanted, `velocity`, `track` (a name or a number), `program` and `drums`.

    Raises
    ------
    MediaError
        If a column is missing or a cell is no number.
    """
    data = path.read_bytes()
    if data.count(b"\n") > MOST_NOTES + 1:
        check_count(path.name, MOST_NOTES + 1)
    # A header of a million columns would cost a million cells for every row.
    lines = data[:100_000].decode("utf-8-sig", errors="replace").splitlines()
    try:
        header = next(csv.reader(lines), [])
    except csv.Error as error:
        raise MediaError(f"{path.name}: cannot be read as CSV ({error}).") from error
    if max(len(header), lines[0].count("\t") if lines else 0) > MOST_COLUMNS:
        raise MediaError(f"{path.name}: has more than {MOST_COLUMNS} columns.")
    try:
        rows = [row for _, row in read_rows(path)]
    except MediaError:
        raise
    except WorkbenchError as error:
        raise MediaError(str(error)) from error
    return _found(rows, path.name, {})


def read_json_file(path: Path) -> Found:
    """Return what a JSON list of notes holds, or an object with such a list as `notes`.

    An object may also have `tempi`, `metres` and `keys` (lists of rows as `Score` has them) and
    `pickup` (quarters before the first whole bar).

    Raises
    ------
    MediaError
        If it is no such list or object, or a value is no number.
    """
    data = path.read_bytes()
    # Counted before parsing: a list of empty lists takes thirty times its file's size in memory.
    if data.count(b"{") + data.count(b"[") > 2 * MOST_NOTES:
        raise MediaError(f"{path.name}: holds more than {MOST_NOTES:,} notes.")
    try:
        content = from_json(data)
    except (ValueError, RecursionError) as error:
        raise MediaError(f"{path.name}: cannot be read as JSON ({_where(error)}).") from error
    maps = content if isinstance(content, dict) else {}
    rows = maps.get("notes") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MediaError(
            f"{path.name}: holds no list of notes, each an object with onset, duration and pitch."
        )
    return _found(rows, path.name, maps)


def _found(rows: Sequence[Row], name: str, maps: Mapping[str, Any]) -> Found:
    check_count(name, len(rows))
    in_seconds = rows[0].get("onset_s") is not None
    unit = "_s" if in_seconds else ""
    number, tracks = _tracks(rows, name)
    pickup = maps.get("pickup", 0.0)
    found = Found(
        onset=_column(rows, f"onset{unit}", name),
        duration=_column(rows, f"duration{unit}", name),
        pitch=_column(rows, "pitch", name),
        velocity=_column(rows, "velocity", name, default=_VELOCITY),
        track=number,
        tracks=tracks,
        tempi=_map(maps, "tempi", 2, name),
        metres=_map(maps, "metres", 3, name),
        keys=_map(maps, "keys", 2, name),
        in_seconds=in_seconds,
    )
    found.pickup = _number(pickup, "pickup", name)
    if not 0 <= found.pickup < 1000:
        raise MediaError(f"{name}: its pickup is no length that a bar has.")
    return found


def _column(rows: Sequence[Row], key: str, name: str, default: float | None = None) -> np.ndarray:
    cells = (row.get(key, "") for row in rows)
    return np.array(
        [
            default if default is not None and cell in ("", None) else _number(cell, key, name)
            for cell in cells
        ],
        dtype=np.float64,
    )


def _number(cell: Any, key: str, name: str) -> float:
    """Return a cell as a number; text of one counts, true and false do not."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise MediaError(f"{name}: holds a note whose {key} is no number.")
    try:
        return float(cell)
    except (ValueError, OverflowError) as error:
        raise MediaError(f"{name}: holds a note whose {key} is no number.") from error


def _map(maps: Mapping[str, Any], key: str, width: int, name: str) -> list[tuple[Any, ...]]:
    rows = maps.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(r, list) and len(r) == width for r in rows):
        raise MediaError(f"{name}: its {key} are no rows of {width} numbers.")
    return [tuple(_number(cell, key, name) for cell in row) for row in rows]


def _tracks(rows: Sequence[Row], name: str) -> tuple[np.ndarray, list[Track]]:
    """Return the track of each row, and the tracks in the order in which they first play."""
    places: dict[Track, int] = {}
    numbers = []
    for row in rows:
        program = _number(row.get("program") or 0, "program", name)
        if not 0 <= program <= 127:
            raise MediaError(f"{name}: holds a program that is not 0 to 127.")
        label = row.get("track")
        track = Track("" if label is None else str(label)[:200], int(program), _drums(row, name))
        numbers.append(places.setdefault(track, len(places)))
    return np.array(numbers, dtype=np.int64), list(places)


def _drums(row: Row, name: str) -> bool:
    text = str(row.get("drums", "")).strip().lower()
    if text not in _TRUE + _FALSE:
        raise MediaError(f"{name}: its drums are neither true nor false.")
    return text in _TRUE
