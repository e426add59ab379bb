"""Every notebook and dashboard runs, shows what it promises, and holds no logic and no outputs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from workbench import Workspace
from workbench.resources import resource

NOTEBOOKS = sorted(resource("notebooks").glob("*.ipynb"))
DASHBOARDS = sorted(resource("dashboards").glob("*.ipynb"))
# What each must show: the widget classes, in their order.
WIDGETS = {
    "01_the_catalogue": [],
    "02_listen_and_judge": ["TripletRater"],
    "03_fine_tune": ["FineTuner"],
    "04_maps": ["SubspaceMaps"],
    "05_scores_and_leakage": ["KiviatChart", "LeakageTable"],
    "06_find_and_publish": ["SimilarItems", "Overview"],
    "07_base_model": ["BaseTrainer"],
    "08_from_a_melody_to_a_mix": ["SongBuilder"],
    "09_from_a_few_tags": ["TagReview"],
    "agreement": ["VBox"],
    "explore": ["VBox"],
    "finetune": ["VBox"],
    "model": ["VBox"],
    "overview": ["VBox"],
    "rate": ["VBox"],
    "song": ["VBox"],
    "tags": ["VBox"],
}


def name_of(path: Path) -> str:
    return path.stem


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run(path: Path, folder: Path, workspace: Path, monkeypatch) -> nbformat.NotebookNode:
    """Execute a notebook in `folder`, with its workspace named as our launcher names it."""
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(workspace))
    notebook = read(path)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return notebook


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the class of every widget shown, in order."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    return [
        re.search(r"(\w+)(?:\(| object at)", output.data["text/plain"])[1]
        for output in outputs
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
    ]


def test_the_story_has_nine_numbered_parts():
    assert [path.stem[:3] for path in NOTEBOOKS] == [f"0{i}_" for i in range(1, 10)]
    assert {path.stem for path in NOTEBOOKS + DASHBOARDS} == set(WIDGETS)


@pytest.mark.parametrize("path", NOTEBOOKS + DASHBOARDS, ids=name_of)
def test_is_committed_without_outputs(path: Path):
    notebook = read(path)
    nbformat.validate(notebook)
    for cell in code_cells(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("path", NOTEBOOKS + DASHBOARDS, ids=name_of)
def test_says_what_it_is(path: Path):
    metadata = read(path).metadata
    assert metadata["title"]
    assert metadata["workbench"]["description"].endswith(".")
    assert metadata["workbench"]["order"] >= 1


@pytest.mark.parametrize("path", NOTEBOOKS + DASHBOARDS, ids=name_of)
def test_cells_are_short_and_hold_no_logic(path: Path):
    for cell in code_cells(read(path)):
        assert 1 <= len(cell.source.splitlines()) <= 3
        allowed = ast.ImportFrom | ast.Assign | ast.Expr
        assert all(isinstance(part, allowed) for part in ast.parse(cell.source).body)


@pytest.mark.parametrize("path", NOTEBOOKS + DASHBOARDS, ids=name_of)
def test_runs_on_the_demo(path: Path, demo_workspace: Workspace, tmp_path: Path, monkeypatch):
    notebook = run(path, tmp_path, demo_workspace.root, monkeypatch)
    assert shown(notebook) == WIDGETS[path.stem]


def test_catalogue_notebook_shows_the_pieces(
    demo_workspace: Workspace, tmp_path: Path, monkeypatch
):
    path = resource("notebooks") / "01_the_catalogue.ipynb"
    notebook = run(path, tmp_path, demo_workspace.root, monkeypatch)
    texts = [o.data["text/plain"] for c in code_cells(notebook) for o in c.outputs]
    assert len(texts) == 4
    songs = demo_workspace.catalogue.items(kind="song", domain="audio")
    assert songs["artist"].iloc[0] in texts[0]


@pytest.mark.parametrize("path", DASHBOARDS, ids=name_of)
def test_page_without_a_workspace_says_so_in_one_sentence(path: Path, tmp_path: Path, monkeypatch):
    notebook = run(path, tmp_path, tmp_path, monkeypatch)
    assert shown(notebook) == ["Message"]


def test_missing_workspace_is_named_with_its_cure(tmp_path: Path):
    from workbench.widgets.page import page

    shown_instead = page(lambda ws: pytest.fail("nothing can be shown"), path=tmp_path)
    assert str(tmp_path) in shown_instead.text
    assert "workbench init" in shown_instead.text
