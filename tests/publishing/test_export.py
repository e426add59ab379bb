"""The whole of an export: what is in it, and what is not."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from example_workspace import add_model, add_songs
from tone_workspace import add_tone

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import WorkbenchError
from workbench.publishing.export import ExportOptions, export_dashboard


def _texts(folder: Path) -> str:
    return "".join(
        file.read_text() for file in folder.rglob("*") if file.suffix in (".html", ".json", ".csv")
    )


def test_pages_state_their_date_data_and_model(lived_in: Workspace, tmp_path: Path):
    made = export_dashboard(lived_in, tmp_path / "out", ExportOptions(kinds=()))
    assert made.pages[:2] == ["Overview", "Explore"]
    for name in ("index", "overview", "explore"):
        page = (tmp_path / "out" / f"{name}.html").read_text()
        assert "UTC, from workspace workspace, model v0001 of 1 March 2026" in page
        assert "snapshot" in page


def test_the_pages_hold_what_the_widgets_of_the_dashboards_show(
    lived_in: Workspace, tmp_path: Path, page_models
):
    from workbench.widgets.explorer import Explorer

    export_dashboard(lived_in, tmp_path / "out", ExportOptions(["explore"], kinds=()))
    maps, similar = page_models(tmp_path / "out" / "explore.html")
    shown = Explorer(lived_in)
    assert maps["state"]["items"] == shown.maps.items
    assert maps["state"]["maps"] == shown.maps.maps
    assert similar["state"]["results"] == shown.similar.results
    assert [value for value, _ in maps["answers"]["selected"]] == shown.maps.items["id"]


def test_nobody_is_named_and_no_place_is_told(lived_in: Workspace, tmp_path: Path):
    lived_in.catalogue.record_failure(Path("/home/somebody/private.wav"), "damaged")
    (lived_in.root / "maps" / "v0001.npz").write_bytes(b"damaged")  # a sentence names the file
    export_dashboard(lived_in, tmp_path / "out")
    texts = _texts(tmp_path / "out")
    for hidden in ("Wilhelmina", "Balthasar", "private.wav", str(lived_in.root)):
        assert hidden not in texts
    assert "rater 1" in texts
    assert "is damaged" in texts


def test_raters_are_named_where_that_is_wanted(lived_in: Workspace, tmp_path: Path):
    export_dashboard(lived_in, tmp_path / "out", ExportOptions(kinds=(), names=True))
    assert "Wilhelmina" in _texts(tmp_path / "out")


def test_only_pieces_on_the_pages_have_sound(ws: Workspace, tmp_path: Path):
    songs = [add_tone(ws, number) for number in range(5)]
    add_model(ws, 44)
    add_tone(ws, 9, tags=False)  # in the catalogue, on no map and in no list
    options = ExportOptions(["explore"], seconds=1.0)
    made = export_dashboard(ws, tmp_path / "out", options, processes=1)
    assert "Tone 9" not in _texts(tmp_path / "out")
    assert made.sounds.items == songs
    limited = ExportOptions(["explore"], seconds=1.0, items=2)
    made = export_dashboard(ws, tmp_path / "out", limited, again=True, processes=1)
    assert len(made.sounds.items) == len(list((tmp_path / "out" / "audio").iterdir())) == 2
    made = export_dashboard(
        ws, tmp_path / "out", ExportOptions(["explore"], kinds=("track",)), again=True
    )
    assert made.sounds.items == []


def test_sounds_are_listed_with_their_licences_and_run_nothing(ws: Workspace, tmp_path: Path):
    first, second = (add_tone(ws, number) for number in range(2))
    ws.catalogue.annotate(first, title="=cmd|' /C calc'!A0", artist="@SUM(1)")
    ws.catalogue.set_tags({second: [TagValue("licence", "CC BY 4.0", "test")]})
    add_model(ws, 44)
    export_dashboard(ws, tmp_path / "out", ExportOptions(["explore"], seconds=1.0), processes=1)
    with (tmp_path / "out" / "sounds.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["title"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["artist"] == "'@SUM(1)"
    assert rows[1]["licence"] == "CC BY 4.0"
    assert [row["file"] for row in rows] == [f"audio/{n}.ogg" for n in (first, second)]


def test_pieces_without_sound_are_told(lived_in: Workspace, tmp_path: Path):
    made = export_dashboard(lived_in, tmp_path / "out", ExportOptions(["explore"]), processes=1)
    assert made.sounds.items == []
    assert len(made.sounds.missing) == 12
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["sounds"]["missing"] == sorted(made.sounds.missing)
    assert manifest["model"]["version"] == "v0001"
    assert "assets/plotly.min.js" not in manifest["files"]  # no page of it has a chart


def test_an_empty_workspace_says_what_is_missing(ws: Workspace, tmp_path: Path):
    export_dashboard(ws, tmp_path / "out")
    assert "no model yet" in (tmp_path / "out" / "index.html").read_text()
    assert "The catalogue is empty" in (tmp_path / "out" / "overview.html").read_text()
    assert "There is no model yet" in (tmp_path / "out" / "explore.html").read_text()


@pytest.mark.parametrize("count", [1, 2])
def test_a_workspace_of_hardly_anything_is_exported(ws: Workspace, tmp_path: Path, count: int):
    add_songs(ws, count)
    export_dashboard(ws, tmp_path / "out", ExportOptions(kinds=()))
    add_model(ws, 30)
    export_dashboard(ws, tmp_path / "out", ExportOptions(kinds=()), again=True)
    assert "v0001" in (tmp_path / "out" / "overview.html").read_text()


def test_too_many_pieces_are_not_asked_about(lived_in: Workspace, tmp_path: Path, page_models):
    options = ExportOptions(["explore"], kinds=(), most=10)
    export_dashboard(lived_in, tmp_path / "out", options)
    maps, similar = page_models(tmp_path / "out" / "explore.html")
    assert similar["answers"] == {}
    assert "selected" not in maps["answers"]


def test_a_folder_of_something_else_is_refused_before_any_work(ws: Workspace, tmp_path: Path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(WorkbenchError, match="something else"):
        export_dashboard(ws, tmp_path)
