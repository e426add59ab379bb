"""Tables as files: CSV, JSON, JSON Lines and Parquet, row by row, each with where it stands.

What comes from a file is not trusted: every cell is bounded, a bad row is named by its line, and
text that a spreadsheet would run as a formula is written so that it does not, and read back as it
was.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.errors import WorkbenchError
from workbench.files import atomic_path, from_json, write_text

if TYPE_CHECKING:
    import pandas as pd

Row: TypeAlias = Mapping[str, Any]
Refuse: TypeAlias = Callable[[str, str], None]  # where, and why

LONGEST_CELL = 100_000  # characters
LARGEST_FILE = 2**29  # bytes, of which reading takes a few times as much
MOST_ROWS = 5_000_000
_MOST_COLUMNS = 200
_PARQUET_ROWS = 1000  # at once
_LARGEST_FIELD = 2**28  # what the CSV parser takes before we say which row is too long
# How what a spreadsheet might run begins, in wide letters or after blanks as well; and our mark.
_RUNS = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n']")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")  # which is what it says


def read_rows(file: Path, *, refuse: Refuse | None = None) -> list[tuple[str, Row]]:
    """Return the rows of a file, each with where it stands, such as ``votes.csv, line 3``.

    Column names are in lower case and without blanks around them.

    Parameters
    ----------
    file
        ``.csv`` or ``.tsv``, ``.json`` (a list), ``.jsonl`` or ``.parquet``.
    refuse
        Called with place and reason for every row that cannot be read; without it the first such
        row is an error.

    Raises
    ------
    WorkbenchError
        If the file cannot be read, in one sentence.
    """
    readers = {
        ".csv": _csv_rows,
        ".tsv": _csv_rows,
        ".json": _json_rows,
        ".jsonl": _line_rows,
        ".parquet": _parquet_rows,
    }
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise WorkbenchError(f"{file.name} needs one of the suffixes {', '.join(readers)}.")
    if not file.is_file():
        raise WorkbenchError(f"There is no file {file}.")
    if file.stat().st_size > LARGEST_FILE:
        raise WorkbenchError(f"{file} is larger than {LARGEST_FILE >> 20} MB; split it.")

    def no(place: str, reason: str) -> None:
        if refuse is None:
            raise WorkbenchError(f"{place}: {reason}.")
        refuse(place, reason)

    rows: list[tuple[str, Row]] = []
    for place, row in reader(file, no):
        too_long = [n for n, cell in row.items() if isinstance(cell, str | bytes | list | dict)
                    and len(cell) > LONGEST_CELL]  # fmt: skip
        if too_long:
            no(place, f"its {too_long[0][:80]!r} is longer than {LONGEST_CELL:,} characters")
        else:
            rows.append((place, {str(name).strip().lower(): cell for name, cell in row.items()}))
    return rows


def write_rows(file: Path, rows: Sequence[Row], kinds: Mapping[str, type]) -> None:
    """Write a table; the file is whole or absent.

    Parameters
    ----------
    file
        ``.csv``, ``.jsonl`` or ``.parquet``.
    rows
        Cells by column; None is an empty one.
    kinds
        The columns in their order, each with its type: str, int, float or bool. A dict is kept as
        it is in JSON Lines.

    Raises
    ------
    WorkbenchError
        If the suffix is another one.
    """
    suffix = file.suffix.lower()
    if suffix == ".csv":
        write_text(file, _as_csv(rows, kinds))
    elif suffix == ".jsonl":
        lines = (json.dumps({n: row.get(n) for n in kinds}, ensure_ascii=False) for row in rows)
        write_text(file, "".join(f"{line}\n" for line in lines))
    elif suffix == ".parquet":
        _write_parquet(file, rows, kinds)
    else:
        raise WorkbenchError(f"{file} needs the suffix .csv, .jsonl or .parquet.")


def shielded(text: str) -> str:
    """Return text as a spreadsheet shows it without running it.

    Examples
    --------
    >>> shielded("=1+1"), shielded("Ada"), shielded("-3.5"), unshielded(shielded("=1+1"))
    ("'=1+1", 'Ada', '-3.5', '=1+1')
    """
    runs = _RUNS.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


def unshielded(text: str) -> str:
    """Return what `shielded` was given."""
    return text[1:] if text.startswith("'") and _RUNS.match(text, 1) else text


def table_as_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV in which no cell is run by a spreadsheet; its index is left out."""
    texts = table.map(lambda cell: shielded(cell) if isinstance(cell, str) else cell)
    return str(texts.to_csv(index=False))


def table_from_csv(file: Path, **options: Any) -> pd.DataFrame:
    """Read what `table_as_csv` wrote; `options` are those of `pandas.read_csv`.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read.
    """
    import pandas as pd

    table = pd.read_csv(file, **options)
    return table.map(lambda cell: unshielded(cell) if isinstance(cell, str) else cell)


# -- reading --------------------------------------------------------------------------------------


def _text_of(file: Path) -> str:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:  # \r in a cell stays
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"{file} cannot be read as UTF-8 text: {error}.") from error


def _csv_rows(file: Path, no: Refuse) -> Iterator[tuple[str, Row]]:
    text = _text_of(file)
    tabs = "\t" in text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",")
    limit = csv.field_size_limit(_LARGEST_FIELD)
    try:
        columns = [name.strip() for name in next(reader, [])]
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"{file}, line {reader.line_num}"
            if any(cell.strip() for cell in cells[len(columns) :]):
                no(
                    place,
                    f"{len(cells)} cells, but there are {len(columns)} columns; quote values "
                    "that hold commas",
                )
                continue
            cells += [""] * (len(columns) - len(cells))
            yield place, dict(zip(columns, map(unshielded, cells), strict=False))
    except csv.Error as error:
        raise WorkbenchError(f"{file} cannot be read as CSV: {error}.") from error
    finally:
        csv.field_size_limit(limit)


def _line_rows(file: Path, no: Refuse) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(_text_of(file).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{file}, line {number}"
        try:
            row = from_json(line)
        except ValueError as error:
            no(place, f"it cannot be read as JSON ({type(error).__name__})")
            continue
        if isinstance(row, dict):
            yield place, row
        else:
            no(place, "it is no object")


def _json_rows(file: Path, no: Refuse) -> Iterator[tuple[str, Row]]:
    try:
        data = from_json(_text_of(file))
    except ValueError as error:
        raise WorkbenchError(f"{file} cannot be read as JSON: {error}.") from error
    if isinstance(data, dict) and isinstance(data.get("triplets"), list):
        data = data["triplets"]
    if isinstance(data, dict) and all(isinstance(row, dict) for row in data.values()):
        data = list(data.values())  # dim-sim's JSON: an object by triplet id
    if not isinstance(data, list):
        raise WorkbenchError(f"{file} holds no list of rows.")
    for number, row in enumerate(data, start=1):
        if isinstance(row, dict):
            yield f"{file}, entry {number}", row
        else:
            no(f"{file}, entry {number}", "it is no object")


def _parquet_rows(file: Path, _no: Refuse) -> Iterator[tuple[str, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as stored:
            _check_promised(file, stored.metadata)
            rows = [row for part in stored.iter_batches(_PARQUET_ROWS) for row in part.to_pylist()]
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        raise WorkbenchError(f"{file} cannot be read as Parquet: {error}.") from error
    for number, row in enumerate(rows, start=1):
        yield f"{file}, row {number}", row


def _check_promised(file: Path, metadata: Any) -> None:
    """Refuse what unpacks to more than a table holds: Parquet says a long repetition in a byte."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    if metadata.num_rows > MOST_ROWS or metadata.num_columns > _MOST_COLUMNS:
        raise WorkbenchError(f"{file} has more than {MOST_ROWS:,} rows or {_MOST_COLUMNS} columns.")
    if size > 2 * LARGEST_FILE:
        raise WorkbenchError(f"{file} unpacks to more than {LARGEST_FILE >> 19} MB; split it.")


# -- writing --------------------------------------------------------------------------------------


def _as_csv(rows: Sequence[Row], kinds: Mapping[str, type]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(kinds)
    for row in rows:
        cells = [row.get(name) for name in kinds]
        writer.writerow(["" if c is None else shielded(c) if isinstance(c, str) else c
                         for c in cells])  # fmt: skip
    return stream.getvalue()


def _write_parquet(file: Path, rows: Sequence[Row], kinds: Mapping[str, type]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
    with atomic_path(file) as partial:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), partial)
