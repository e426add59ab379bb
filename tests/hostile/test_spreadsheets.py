"""No cell that we write is run by a spreadsheet, and what we write we read back as it was."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tries import HOW_OFTEN, tried

import workbench
from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.row_files import (
    read_rows,
    shielded,
    table_as_csv,
    table_from_csv,
    unshielded,
    write_rows,
)

FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1+1", "\u00a0=1", "\uff1d1+1"),
    *("=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "'=1", "''=1", "-", "+", "@", "--1"),
    *('"=1+1"', "=1;2", "-3.5 dB", "+49 30 1234"),
]
NUMBERS = ["-3.5", "+7", "1e-9", "-2,5", "12", "-0"]
WORDS = ["Ada", "", "it's", "a=b", "1+1", "e-mail", "\u00e9t\u00e9", "a\nb", '"quoted"', "a,b;c"]


def is_run(cell: str) -> bool:
    """Whether Excel, LibreOffice or Sheets may take text for a formula (OWASP, CSV Injection)."""
    start = cell.lstrip()[:1]
    odd = cell[:1] in tuple("\t\r\n") or start in tuple("=+-@\uff1d\uff0b\uff0d\uff20")
    return odd and not re.fullmatch(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?", cell)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    assert not is_run(shielded(text))
    assert unshielded(shielded(text)) == text


@pytest.mark.parametrize("text", NUMBERS + WORDS)
def test_numbers_and_words_stay_what_they_are(text: str) -> None:
    assert shielded(text) == text
    assert unshielded(text) == text


@pytest.mark.parametrize("count", HOW_OFTEN)
def test_any_text_is_harmless_and_comes_back(tmp_path: Path, count: int) -> None:
    text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
    cells = st.lists(st.one_of(text, st.sampled_from(FORMULAS)), min_size=1, max_size=4)
    file = tmp_path / "table.csv"

    @tried(count)
    @given(cells)
    def holds(titles: list[str]) -> None:
        rows = [{"number": -3.5, "title": title} for title in titles]
        write_rows(file, rows, {"number": float, "title": str})
        with file.open(newline="", encoding="utf-8") as stream:
            raw = list(csv.reader(stream))[1:]
        assert not any(is_run(title) for _, title in raw)
        assert {number for number, _ in raw} == {"-3.5"}
        back = [row["title"] for _, row in read_rows(file)]
        assert back == titles

    holds()


def test_a_table_of_pandas_is_harmless_and_comes_back(tmp_path: Path) -> None:
    table = pd.DataFrame({"title": FORMULAS, "value": [-float(n) for n in range(len(FORMULAS))]})
    file = tmp_path / "table.csv"
    file.write_bytes(table_as_csv(table).encode())
    raw = list(csv.reader(io.StringIO(file.read_bytes().decode(), newline="")))[1:]
    assert not any(is_run(title) for title, _ in raw)
    back = table_from_csv(file, keep_default_na=False, dtype={"title": str})
    pd.testing.assert_frame_equal(back, table)


def test_the_tables_of_the_command_line_are_harmless(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from workbench.cli import app

    for text in FORMULAS:
        ws.catalogue.add_item(kind="song", domain="audio", title=text, artist=text,
                              tags=[TagValue("mood", text, text)])  # fmt: skip
    for table in ("items", "tags"):
        file = tmp_path / f"{table}.csv"
        arguments = ["export", table, str(file), "--workspace", str(ws.root)]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        with file.open(newline="", encoding="utf-8") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not [cell for cell in cells if is_run(cell)]


@pytest.mark.skipif(shutil.which("node") is None, reason="the scripts are run by node")
def test_the_browser_writes_what_python_would() -> None:
    script = (Path(workbench.__file__).parent / "widgets/static/downloads.js").read_text()
    texts = FORMULAS + NUMBERS + WORDS
    program = f"{script}\nconsole.log(JSON.stringify({json.dumps(texts)}.map(csvCell)));"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    rows = [
        list(csv.reader(io.StringIO(f"{cell},x", newline=""))) for cell in json.loads(done.stdout)
    ]
    assert [row[0] for [row] in rows] == [shielded(text) for text in texts]
