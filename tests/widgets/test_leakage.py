"""The leakage table has a row per subspace and a column per question, and shades by distance."""

from __future__ import annotations

import re

from example_workspace import score

from workbench import Workspace
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets.leakage import LeakageTable, leakage_rows

NOTHING = {"k": 0, "n": 0, "score": None, "low": None, "high": None}


def shade(cell: str) -> float:
    return float(re.search(r"rgba\(0,114,178,([\d.]+)\)", cell)[1])


def test_rows_are_subspaces_and_columns_are_questions():
    leakage = {"genre": {"genre": score(54), "mood": score(33)}, "mood": {"genre": score(30)}}
    rows = leakage_rows(leakage, ["genre", "mood"])
    assert [row[0] for row in rows] == ["genre", "mood"]
    assert ">0.90<" in rows[0][1]
    assert ">0.55<" in rows[0][2]
    assert ">0.50<" in rows[1][1]
    assert "not measured" in rows[1][2]


def test_shade_grows_from_guessing_upwards():
    row = leakage_rows({"genre": {"genre": score(60), "mood": score(45), "era": score(9)}},
                       ["genre", "mood", "era"])[0]  # fmt: skip
    assert shade(row[1]) > shade(row[2]) > shade(row[3]) == 0


def test_counts_and_interval_show_under_the_pointer():
    cell = leakage_rows({"genre": {"genre": score(54)}}, ["genre"])[0][1]
    assert 'title="54 of 60 right: 0.90 (0.80 to 0.95)"' in cell


def test_unmeasured_cells_are_not_numbers():
    assert "not measured" in leakage_rows({"genre": {"genre": NOTHING}}, ["genre"])[0][1]


def test_table_names_its_model(lived_in: Workspace):
    table, line = LeakageTable(lived_in).children[1].children
    assert table.value.count("<tr>") == len(DIMENSIONS) + 1
    assert line.words.startswith("Model v0002 of 2 March 2026")
    stored = lived_in.models.card().metrics["leakage"]
    assert len(line.table["rows"]) == len(DIMENSIONS) ** 2
    own, asked, value = line.table["rows"][1][:3]
    assert value == stored[own][asked]["score"]


def test_another_version_can_be_shown(lived_in: Workspace):
    _, line = LeakageTable(lived_in, version="v0001").children[1].children
    assert line.words.startswith("Model v0001")


def test_missing_measurements_say_what_to_run(bare: Workspace):
    from example_workspace import add_model, add_songs

    assert "workbench train" in LeakageTable(bare).children[-1].value
    add_songs(bare, 3)
    add_model(bare, 40, metrics={})
    assert "workbench evaluate" in LeakageTable(bare).children[-1].value
