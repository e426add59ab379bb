"""Encoders declared in workbench.toml: from Python, by hand and by the command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from sounds import tone, write

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.cli import main
from workbench.encoders import declare
from workbench.encoders.huggingface.encoder import HuggingFaceEncoder
from workbench.encoders.registry import find_encoder, list_encoders, load_encoder
from workbench.errors import StorageError, UnknownNameError, WorkbenchError
from workbench.search.embed import embed

FLAT = '''
class Flat:
    """Always the same."""
    name, version, licence = "flat", "1", "MIT"
    sample_rate, dim, domains, blocks = 8000, 1, ("audio",), {"all": slice(0, 1)}
    def encode(self, batch):
        import numpy as np
        return np.ones((len(batch), 1), np.float32)
'''


@pytest.fixture(scope="module")
def hubert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "hubert"
    tiny_models.hubert(folder)
    return folder


@pytest.fixture(autouse=True)
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))


def toml(ws: Workspace) -> Path:
    return ws.root / "workbench.toml"


# -- the file --------------------------------------------------------------------------------------


def test_adding_and_removing_leaves_the_rest_of_the_file(ws: Workspace, hubert: Path) -> None:
    file = toml(ws)
    before = file.read_text() + '\n[dimensions.arc]  # ours\nnotion = "shared_tag"\n'
    file.write_text(before)
    file.chmod(0o600)
    ws = Workspace(ws.root)
    declare.add_huggingface(ws, "first", hubert, layers=[1, 2], window=4)
    declare.add_huggingface(ws, "second", hubert)
    text = file.read_text()
    assert text.startswith(before)
    assert file.stat().st_mode & 0o777 == 0o600
    table = tomllib.loads(text)["encoders"]["first"]
    assert table["layers"] == [1, 2]
    assert (table["window"], table["licence"]) == (4, "cc-by-nc-4.0")
    assert ws.config == Workspace(ws.root).config
    declare.remove_encoder(ws, "second")
    declare.remove_encoder(ws, "first")
    assert file.read_text() == before
    with pytest.raises(UnknownNameError, match="declares no encoder 'first'; it declares none"):
        declare.remove_encoder(ws, "first")


def test_removing_leaves_what_belongs_to_the_next_table(ws: Workspace, hubert: Path) -> None:
    before = toml(ws).read_text()
    declare.add_huggingface(ws, "tiny", hubert)
    after = '\n# about the next one\n[dimensions.arc]\nnotion = "shared_tag"\n'
    toml(ws).write_text(toml(ws).read_text() + after)
    declare.remove_encoder(ws, "tiny")
    assert toml(ws).read_text() == before + "\n" + after


def test_a_file_that_cannot_be_edited_safely_is_left_alone(ws: Workspace, hubert: Path) -> None:
    text = 'encoders = { mine = { kind = "python", file = "a.py", object = "A" } }\n'
    toml(ws).write_text(text + toml(ws).read_text())
    before = toml(ws).read_bytes()
    for change in (
        lambda: declare.add_huggingface(Workspace(ws.root), "tiny", hubert),
        lambda: declare.remove_encoder(Workspace(ws.root), "mine"),
    ):
        with pytest.raises(WorkbenchError, match="by hand"):
            change()
    assert toml(ws).read_bytes() == before


@pytest.mark.parametrize("name", ["two words", "", "a.b", "descriptors", "descriptors-1", "tiny"])
def test_names_that_cannot_be_are_refused(ws: Workspace, hubert: Path, name: str) -> None:
    declare.add_huggingface(ws, "tiny", hubert)
    before = toml(ws).read_bytes()
    with pytest.raises(WorkbenchError, match="choose"):
        declare.add_huggingface(ws, name, hubert)
    assert toml(ws).read_bytes() == before


def test_broken_tables_are_listed_with_what_is_wrong(ws: Workspace) -> None:
    tables = {
        "kindless": 'model = "a/b"',
        "unknown": 'kind = "huggingface"\nmodel = "a/b"\nlayer = 3',
        "typed": 'kind = "huggingface"\nmodel = "a/b"\nwindow = "long"',
        "short": 'kind = "huggingface"\nmodel = "a/b"\nwindow = 1',
        "gone": 'kind = "huggingface"\nmodel = "./gone"',
        "fileless": 'kind = "python"\nfile = "none.py"\nobject = "A"',
        "fine": 'kind = "huggingface"\nmodel = "a/b"',
    }
    text = "\n".join(f"[encoders.{name}]\n{table}" for name, table in tables.items())
    toml(ws).write_text(toml(ws).read_text() + text)
    ws = Workspace(ws.root)
    problems = {i.key: i.problem for i in list_encoders(ws) if i.source == "workbench.toml"}
    assert "needs a kind" in problems["kindless"]
    assert "'layer'" in problems["unknown"]
    assert "window cannot be 'long'" in problems["typed"]
    assert "3 seconds or more" in problems["short"]
    assert "there is no folder" in problems["gone"]
    assert "there is no file" in problems["fileless"]
    fine = find_encoder("fine", ws)
    assert (fine.problem, fine.installed) == ("", True)
    assert fine.licence == "unknown: check before you publish"
    with pytest.raises(UnknownNameError, match="broken: there is no folder"):
        embed(ws, encoder="gone")


# -- keys ------------------------------------------------------------------------------------------


def test_the_key_changes_with_what_changes_the_vectors(ws: Workspace, hubert: Path) -> None:
    keys = set()
    for options in ({}, {"layers": [1]}, {"window": 4}):
        keys.add(declare.add_huggingface(ws, "tiny", hubert, **options).key)
        declare.remove_encoder(ws, "tiny")
    assert len(keys) == 3
    assert declare.add_huggingface(ws, "tiny", hubert, licence="bought").key in keys
    file = ws.root / "flat.py"
    file.write_text(FLAT)
    first = declare.add_python(ws, "flat", f"{file}:Flat")
    assert (first.licence, first.description) == ("MIT", "Always the same")
    assert load_encoder(first.key, ws.root).encode([np.zeros(1)]).tolist() == [[1]]
    file.write_text(FLAT.replace("ones", "zeros"))
    second = find_encoder("flat", ws)
    assert first.key != second.key
    assert load_encoder(second.key, ws.root).encode([np.zeros(1)]).tolist() == [[0]]


def test_a_folder_in_the_workspace_moves_with_it(
    ws: Workspace, hubert: Path, tmp_path: Path
) -> None:
    shutil.copytree(hubert, ws.root / "models" / "tiny")
    key = declare.add_huggingface(ws, "tiny", ws.root / "models" / "tiny").key
    moved = Workspace(shutil.copytree(ws.root, tmp_path / "moved"))
    shutil.rmtree(ws.root)
    assert find_encoder("tiny", moved).key == key
    assert load_encoder(key, moved.root).dim == 16


def test_other_weights_in_the_same_folder_are_refused(ws: Workspace, tmp_path: Path) -> None:
    tiny_models.hubert(tmp_path / "h")
    key = declare.add_huggingface(ws, "tiny", tmp_path / "h").key
    tiny_models.wav2vec2(tmp_path / "h")
    load_encoder.cache_clear()
    with pytest.raises(StorageError, match="not those it was added with"):
        load_encoder(key, ws.root)


def test_adding_looks_at_the_model_first(ws: Workspace, tmp_path: Path) -> None:
    before = toml(ws).read_bytes()
    tiny_models.mert(tmp_path / "mert")
    with pytest.raises(WorkbenchError, match="--allow-pickle"):
        declare.add_huggingface(ws, "mert", tmp_path / "mert")
    tiny_models.edit_config(tmp_path / "mert", deepnorm=True)
    with pytest.raises(WorkbenchError, match="--trust-remote-code"):
        declare.add_huggingface(ws, "mert", tmp_path / "mert", allow_pickle=True)
    with pytest.raises(WorkbenchError, match="There is no folder"):
        declare.add_huggingface(ws, "mert", "./nowhere")
    with pytest.raises(WorkbenchError, match="names no class"):
        declare.add_python(ws, "mine", "mine.py")
    assert toml(ws).read_bytes() == before
    assert not (tmp_path / "the code ran").exists()


def test_the_hubs_commit_is_kept(
    ws: Workspace, hubert: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub

    snapshot = shutil.copytree(hubert, tmp_path / "snapshots" / "c0ffee")
    asked = []

    def fetch(model: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((model, revision))
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    files = ["config.json", "pytorch_model.bin"]
    monkeypatch.setattr(huggingface_hub, "list_repo_files", lambda model, revision: files)
    with pytest.raises(WorkbenchError, match=r"pickled weights only.*--allow-pickle"):
        declare.add_huggingface(ws, "tiny", "somebody/tiny")
    assert "tiny" not in ws.config.get("encoders", {})
    files.append("model.safetensors")
    asked.clear()
    info = declare.add_huggingface(ws, "tiny", "somebody/tiny")
    assert ws.config["encoders"]["tiny"]["revision"] == "c0ffee"
    assert load_encoder(info.key, ws.root).licence == "cc-by-nc-4.0"
    assert asked == [("somebody/tiny", None), ("somebody/tiny", "c0ffee")]


# -- from the command to a model -------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> str:
    monkeypatch.setattr(sys, "argv", ["workbench", *map(str, words)])
    capsys.readouterr()
    main()
    return capsys.readouterr().out


def test_add_list_embed_train_remove(
    ws: Workspace,
    hubert: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def workbench(*words: object) -> str:
        return run(capsys, monkeypatch, *words, "-w", ws.root)

    marked = "cc-by-nc-4.0 (NON-COMMERCIAL use only)"
    for number in range(12):
        write(tmp_path / "music" / f"{number}.wav", tone(100 + 20 * number))
    rows = [f"{n}.wav,Artist {n},{'jazz' if n % 2 else 'folk'}" for n in range(12)]
    (tmp_path / "music" / "tags.csv").write_text("\n".join(["path,artist,genre", *rows]))
    import_music(ws, [tmp_path / "music"], manifest=tmp_path / "music" / "tags.csv")
    out = workbench("encoders", "add", "tiny", "--huggingface", hubert, "--layers", "1,3")
    assert f"Its licence: {marked}." in out
    assert "`workbench embed --encoder tiny`" in out
    (listed,) = [
        info
        for info in json.loads(workbench("encoders", "list", "--json"))
        if info["key"].startswith("tiny-")
    ]
    assert listed["non_commercial"] is True
    assert marked in workbench("encoders", "list")
    assert f"Licence of the encoder: {marked}." in workbench(
        "embed", "--encoder", "tiny", "--processes", 1
    )
    store = ws.vectors(listed["key"])
    assert store.vectors.shape == (12, 32)
    direct = HuggingFaceEncoder(hubert, layers=[1, 3])
    item = int(store.ids[0])
    from workbench.audio.decode import decode

    samples = decode(ws.catalogue.media_path(item)).mono(direct.sample_rate)
    np.testing.assert_allclose(store.rows([item]), direct.encode([samples]), atol=1e-4)
    assert marked in workbench("train", "heads")  # the only encoder that has vectors
    card = ws.models.card()
    assert (card.encoder, card.licence) == (listed["key"], marked)
    assert "no longer" in workbench("encoders", "remove", "tiny")
    assert ws.models.card().licence == marked


def test_a_process_of_its_own_says_what_is_wrong_in_one_sentence(ws: Workspace) -> None:
    command = [sys.executable, "-m", "workbench", "encoders", "add", "tiny", "-w", str(ws.root)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "workbench: Name one of --huggingface MODEL, --python FILE:CLASS and --network FOLDER.\n"
    )
