"""What a machine says is never taken for what people say: not in training, nor in any score."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from heard import store_heard
from postgres import copied
from synthetic import NAMES

import workbench as package
from workbench import Workspace
from workbench.cli import main
from workbench.subspaces.triplets import relations
from workbench.tagging.cleaning import human_tags, propose_cleaning
from workbench.training.initial import fit_initial

# Those that learn and measure, and what they rest on; `tagging` and `search` come after them.
_KNOW_NO_MACHINE = ("catalogue", "subspaces", "evaluation", "training", "judgements", "backbones")
_OF_MACHINES = (
    *("workbench.tagging.machine_tags", "workbench.tagging.tag"),
    *("workbench.search.heard_tags", "workbench.search.by_tags", "workbench.sampling.heard"),
)


def tell_nonsense(ws: Workspace) -> None:
    """Have a machine swear that everything is of every genre, mood and instrument there is not."""
    count = len(ws.catalogue.items())
    names = [(dimension, value) for dimension in NAMES for value in (*NAMES[dimension], "opera")]
    rng = np.random.default_rng(0)
    store_heard(ws, {name: rng.choice([0.0, 1.0], count) for name in names})


@pytest.fixture
def with_nonsense(fitted_once: Workspace, tmp_path: Path) -> tuple[Workspace, Workspace]:
    """Two copies of a workspace, one of which has absurd machine tags."""
    plain, told = (copied(fitted_once, tmp_path / name) for name in ("plain", "told"))
    tell_nonsense(told)
    return plain, told


def evaluation(ws: Workspace, monkeypatch, capsys) -> dict:
    """What `workbench evaluate` says, as a dictionary."""
    arguments = ["workbench", "evaluate", "--combinations", "--json", "--workspace", str(ws.root)]
    monkeypatch.setattr("sys.argv", arguments)
    capsys.readouterr()
    main()
    return json.loads(capsys.readouterr().out)


def test_evaluation_gives_the_same_numbers(with_nonsense, monkeypatch, capsys) -> None:
    plain, told = with_nonsense
    assert evaluation(plain, monkeypatch, capsys) == evaluation(told, monkeypatch, capsys)


def test_triplets_relations_and_tables_of_tags_are_the_same(with_nonsense) -> None:
    plain, told = with_nonsense
    ids = plain.catalogue.items().index.tolist()
    for name, relation in relations(plain, ids).items():
        np.testing.assert_array_equal(relations(told, ids)[name], relation)
    columns = ["item_id", "dimension", "value"]
    assert plain.catalogue.tags()[columns].equals(told.catalogue.tags()[columns])
    tables = [
        propose_cleaning(human_tags(ws), ws.catalogue.items(), min_items=1, min_artists=1)
        for ws in with_nonsense
    ]
    assert tables[0].equals(tables[1])


def test_heads_fitted_to_tags_are_the_same(with_nonsense) -> None:
    fitted = []
    for ws in with_nonsense:
        card = fit_initial(ws, seed=3)
        fitted.append((card.metrics["scores"], ws.vectors(f"model-{card.version}").vectors))
    assert fitted[0][0] == fitted[1][0]
    np.testing.assert_array_equal(fitted[0][1], fitted[1][1])


@pytest.mark.parametrize("name", _KNOW_NO_MACHINE)
def test_nothing_that_learns_or_measures_imports_machine_tags(name: str) -> None:
    folder = Path(package.__file__).parent / name
    files = sorted(folder.rglob("*.py"))
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or "", *(f"{node.module}.{n.name}" for n in node.names)]
            modules += [n.name for n in node.names] if isinstance(node, ast.Import) else []
            found = [module for module in modules if module in _OF_MACHINES]
            assert not found, f"{file} imports {found}"
