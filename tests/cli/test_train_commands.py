"""`workbench train corpus` and `train base`, from scores to an encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from workbench import Workspace

SMALL = [
    "--network", "siamese", "--size", "12", "--width", "0.125", "--dimensions", "genre,tempo",
    "--epochs", "1", "--steps", "2", "--batch", "8", "--chroma-s", "0", "--precision", "full",
]  # fmt: skip


def test_scores_become_a_network_and_an_encoder(
    workbench, tiny_corpus: tuple[Path, Path], tmp_path: Path, ws: Workspace
) -> None:
    folder = tmp_path / "trained"
    answer = workbench("train", "base", tiny_corpus[1], folder, *SMALL, "--json")
    assert answer.code == 0, answer.err
    card = json.loads(answer.out)
    assert (card["shape"]["size"], card["dimensions"]) == (12, ["genre", "tempo"])
    assert card["data"]["recipe"]["renditions"] == 2
    assert card["data"]["held_out_artists"]
    assert set(card["scores"]["floors"]) >= {"MFCC statistics", "MFCC-VQ", "untrained network"}
    assert "train base" in card["reproduce"][0]
    assert json.loads((folder / "card.json").read_text())["sha256"] == card["sha256"]
    answer = workbench("encoders", "add", "ours", "--network", folder, "-w", ws.root)
    assert answer.code == 0, answer.err
    assert "embed --encoder ours" in answer.out


def test_a_finished_training_is_stored_again_by_resuming(
    workbench, tiny_corpus: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "trained"
    assert workbench("train", "base", tiny_corpus[1], folder, *SMALL).code == 0
    first = json.loads((folder / "card.json").read_text())["sha256"]
    answer = workbench("train", "base", tiny_corpus[1], folder, *SMALL, "--resume")
    assert answer.code == 0, answer.err
    assert json.loads((folder / "card.json").read_text())["sha256"] == first


def test_a_training_is_not_written_over(
    workbench, tiny_corpus: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "trained"
    assert workbench("train", "base", tiny_corpus[1], folder, *SMALL).code == 0
    before = (folder / "network.safetensors").read_bytes()
    answer = workbench("train", "base", tiny_corpus[1], folder, *SMALL, "--seed", "1")
    assert (answer.code, "go on with it (--resume)" in answer.err) == (1, True)
    assert (folder / "network.safetensors").read_bytes() == before


def test_a_training_that_is_interrupted_says_how_to_go_on(
    workbench, tiny_corpus: tuple[Path, Path], tmp_path: Path, monkeypatch
) -> None:
    from workbench.training import base_run

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(base_run, "embed_segments", stop)
    answer = workbench("train", "base", tiny_corpus[1], tmp_path / "x", *SMALL)
    assert (answer.code, "same command and --resume" in answer.err) == (130, True)


def test_a_network_is_scored_beside_floors_and_another_one(
    workbench, tiny_corpus: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert workbench("train", "base", tiny_corpus[1], first, *SMALL, "--version", "7").code == 0
    assert workbench("train", "base", tiny_corpus[1], second, *SMALL, "--seed", "1").code == 0
    card = json.loads((first / "card.json").read_text())
    assert card["version"] == "7"
    answer = workbench("train", "score", tiny_corpus[1], first, "--json")
    assert json.loads(answer.out)["scores"] == card["scores"]["scores"]
    answer = workbench("train", "score", tiny_corpus[1], first, "--against", second)
    assert answer.code == 0, answer.err
    for words in ("raw cosine", "MFCC-VQ", "untrained network", "Against model", "Leakage"):
        assert words in answer.out
    answer = workbench("train", "score", tiny_corpus[1], first, "--distance", "euclidean", "--json")
    assert json.loads(answer.out)["distance"] == "euclidean"
    answer = workbench("train", "score", tiny_corpus[1], first, "--distance", "manhattan")
    assert answer.code != 0
    assert "manhattan" in answer.err


def test_what_cannot_be_trained_is_told_in_a_sentence(
    workbench, tiny_corpus: tuple[Path, Path], tmp_path: Path
) -> None:
    cases = [
        (["--size", "13"], 1, "does not divide"),
        (["--network", "resnet"], 4, "There is no 'resnet'"),
        (["--loss", "magic"], 4, "There is no loss magic"),
        (["--metric", "manhattan"], 4, "no metric 'manhattan'"),
        (["--schedule", "never"], 4, "There is no schedule"),
        (["--precision", "half"], 4, "mixed or full"),
        (["--device", "tpu"], 1, "choose cpu or cuda"),
        (["--dimensions", "genre,colour"], 4, "colour"),
        (["--resume"], 7, "no checkpoint"),
    ]
    for options, code, words in cases:
        answer = workbench("train", "base", tiny_corpus[1], tmp_path / "x", *SMALL, *options)
        assert (answer.code, words in answer.err) == (code, True), (options, answer)
    answer = workbench("train", "base", tmp_path, tmp_path / "x")
    assert answer.code == 7
    assert "workbench train corpus" in answer.err


def test_rendering_says_how_many_scores_are_in_each_part(
    workbench, tiny_corpus: tuple[Path, Path], two_fonts: tuple[Path, Path], tmp_path: Path
) -> None:
    rows = pd.read_csv(tiny_corpus[0], keep_default_na=False)
    rows = rows[rows["artist"].isin(["Cy", "Ben", "Dora Byte"])]
    manifest = tiny_corpus[0].with_name("few.csv")
    rows.to_csv(manifest, index=False)
    answer = workbench(
        "train", "corpus", manifest, tmp_path / "corpus", "--font", two_fonts[0],
        "--test-font", two_fonts[1], "--renditions", "1", "--processes", "1",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "train" in answer.out
    failures = json.loads((tmp_path / "corpus" / "failures.json").read_text())
    assert len(failures) == 2  # one is no score, one too short
