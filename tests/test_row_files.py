"""Tables as files: whole, bounded, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from workbench.errors import WorkbenchError
from workbench.row_files import LONGEST_CELL, read_rows, shielded, unshielded, write_rows

KINDS = {"name": str, "count": int, "share": float, "sure": bool}
ROWS = [
    {"name": "Söhne, \"Ltd\"\nof two lines", "count": -3, "share": -0.25, "sure": True},
    {"name": "=HYPERLINK(\"http://x\")", "count": None, "share": None, "sure": None},
    {"name": None, "count": 2**40, "share": 1e-300, "sure": False},
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"table{suffix}"
    write_rows(file, ROWS, KINDS)
    for (_, found), row in zip(read_rows(file), ROWS, strict=True):
        for name, cell in row.items():
            expected = cell if suffix != ".csv" else "" if cell is None else str(cell)
            assert found[name] == expected
    assert not list(tmp_path.glob(".partial-*"))


def test_parquet_keeps_types_where_a_column_has_gaps(tmp_path: Path) -> None:
    write_rows(tmp_path / "t.parquet", ROWS, KINDS)
    import pyarrow.parquet as pq

    types = [str(field.type) for field in pq.read_schema(tmp_path / "t.parquet")]
    assert types == ["string", "int64", "double", "bool"]
    write_rows(tmp_path / "none.parquet", [], KINDS)
    assert list(pd.read_parquet(tmp_path / "none.parquet").columns) == list(KINDS)


@pytest.mark.parametrize(
    "text", ["=1", "+1+1", "-1+1", "@x", "\tx", "\rx", "'", "''=1", "'=", "'x", "", "x=1", "1-2"]
)
def test_no_cell_begins_as_a_formula_and_every_one_comes_back(tmp_path: Path, text: str) -> None:
    assert not shielded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unshielded(shielded(text)) == text
    write_rows(tmp_path / "t.csv", [{"name": text, "count": 1}], {"name": str, "count": int})
    assert read_rows(tmp_path / "t.csv")[0][1]["name"] == text


def test_numbers_stay_numbers_for_a_spreadsheet(tmp_path: Path) -> None:
    write_rows(tmp_path / "t.csv", ROWS, KINDS)
    with (tmp_path / "t.csv").open(newline="") as stream:
        assert next(csv.DictReader(stream))["count"] == "-3"


def test_bad_rows_are_named_or_handed_over(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    long = "x" * (LONGEST_CELL + 1)
    file.write_text(f'{{"a": 1}}\n[2]\n{{"a"\n{{"a": "{long}"}}\n\n{{"A ": 5}}\n')
    bad: list[tuple[str, str]] = []
    rows = read_rows(file, refuse=lambda place, reason: bad.append((place, reason)))
    assert [dict(row) for _, row in rows] == [{"a": 1}, {"a": 5}]
    assert [place.rpartition(" ")[2] for place, _ in bad] == ["2", "3", "4"]
    assert all(len(reason) < 100 for _, reason in bad)
    with pytest.raises(WorkbenchError, match="line 2: it is no object"):
        read_rows(file)


def test_a_megabyte_cell_costs_its_row_only(tmp_path: Path) -> None:
    file, before = tmp_path / "t.csv", csv.field_size_limit()
    file.write_text(f"a,b\n1,2\n{'x' * 2_000_000},3\n4,5\n")
    bad: list[str] = []
    rows = read_rows(file, refuse=lambda place, _reason: bad.append(place))
    assert [row["a"] for _, row in rows] == ["1", "4"]
    assert len(bad) == 1
    assert csv.field_size_limit() == before
