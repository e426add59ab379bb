"""The tags commands: the table to edit, and what they say of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench import Workspace
from workbench.tagging.cleaning import read_cleaning


def test_clean_writes_a_table_and_says_what_to_do(workbench, fitted_once: Workspace) -> None:
    answer = workbench("tags", "clean", "tags.csv", "--min-items", 2, "-w", fitted_once.root)
    assert answer.code == 0, answer.err
    assert answer.out.split()[:4] == ["dimension", "value", "items", "artists"]
    assert "tags.csv has them all" in answer.out
    assert read_cleaning(Path("tags.csv")).vocabulary
    again = workbench("tags", "clean", "tags.csv", "--min-items", 2, "-w", fitted_once.root)
    assert again.code == 1
    assert "may have been edited" in again.err


def test_clean_takes_dimensions_and_a_top(workbench, fitted_once: Workspace) -> None:
    options = ["--dimension", "genre", "--top", 2, "--min-items", 1, "--min-artists", 1, "--json"]
    answer = workbench("tags", "clean", "tags.csv", *options, "-w", fitted_once.root)
    rows = json.loads(answer.out)
    assert {row["dimension"] for row in rows} == {"genre"}
    assert sum(row["kept"] for row in rows) == 2
    assert len(read_cleaning(Path("tags.csv")).vocabulary) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["tags.csv", "--dimension", "opera"], "Nobody tagged an item with 'opera'"),
        (["tags.csv", "--min-items", 10_000], "No tag has 10000 items"),
        (["tags.parquet"], "needs the suffix .csv"),
    ],
)
def test_what_cannot_be_cleaned_is_one_sentence(
    workbench, fitted_once: Workspace, options: list[str], sentence: str
) -> None:
    answer = workbench("tags", "clean", *options, "-w", fitted_once.root)
    assert answer.code != 0
    assert sentence in answer.err
    assert not Path("tags.csv").exists()


def test_a_catalogue_without_tags_is_one_sentence(workbench, ws: Workspace) -> None:
    answer = workbench("tags", "clean", "tags.csv", "-w", ws.root)
    assert answer.code == 7
    assert "import music with a manifest of tags first" in answer.err
