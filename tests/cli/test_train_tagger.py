"""`workbench train tagger`, from a workspace's tags to machine tags and an encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from postgres import copied
from tagged_songs import songs  # noqa: F401 - a fixture

from workbench import Workspace
from workbench.tagging.machine_tags import MachineTags

QUICK = [
    "--channels", "4", "--width", "16", "--layers", "1", "--seconds", "1", "--clip", "2",
    "--noise", "none", "--epochs", "2", "--steps", "6", "--batch", "8", "--precision", "full",
]  # fmt: skip


@pytest.fixture
def ws(songs: Workspace, tmp_path: Path) -> Workspace:  # noqa: F811
    return copied(songs, tmp_path / "workspace")


def test_tags_become_a_teacher_a_student_machine_tags_and_vectors(workbench, ws: Workspace) -> None:
    place = ["-w", ws.root]
    answer = workbench("train", "tagger", "ours", *QUICK, *place)
    assert answer.code == 0, answer.err
    assert "ours-1 is trained" in answer.out
    assert "4 tags" in answer.out
    assert "hissing" in answer.out
    student = [*QUICK, "--width", "8", "--student", "distil", "--json"]
    answer = workbench("train", "tagger", "ours", *student, *place)
    assert answer.code == 0, answer.err
    card = json.loads(answer.out)
    assert card["key"] == "ours-2"
    assert card["training"]["teacher"] == "ours-1"
    answer = workbench("tag", "--tagger", "ours-2", "--processes", "1", *place)
    assert answer.code == 0, answer.err
    assert len(MachineTags(ws, "ours-2").ids) == 56
    answer = workbench("embed", "--encoder", "ours-2", "--processes", "1", *place)
    assert answer.code == 0, answer.err
    answer = workbench("train", "heads", "--encoder", "ours-2", *place)
    assert answer.code == 0, answer.err
    answer = workbench("evaluate", "--json", *place)
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)
    assert report["encoder"] == "ours-2"
    assert {"genre", "mood"} <= set(report["leakage"])


def test_a_student_takes_its_size_from_its_teacher(workbench, ws: Workspace) -> None:
    place = ["-w", ws.root]
    sized = QUICK[4:]  # without channels and width
    assert workbench("train", "tagger", "t", *QUICK, *place).code == 0
    answer = workbench("train", "tagger", "s", *sized, "--student", "expand", "--json", *place)
    assert json.loads(answer.out)["training"]["shape"]["channels"] == 4
    answer = workbench("train", "tagger", "s", *sized, "--student", "distil", "--json", *place)
    assert json.loads(answer.out)["training"]["shape"]["channels"] == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--student", "expand"], "no teacher yet"),
        (["--student", "shrink"], "expand or distil"),
        (["--size", "huge"], "published, small, light"),
        (["--noise", "loud"], "none, reference, patent"),
        (["--width", "20"], "does not divide by 8 heads"),
        (["--network", "resnet"], "transformer, short-chunk"),
        (["--resume"], "leave out --resume"),
        (["--tags", "missing.csv"], "missing.csv"),
        (["--kind", "submix"], "no songs to learn from"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(
    workbench, ws: Workspace, options: list[str], words: str
) -> None:
    answer = workbench("train", "tagger", "t", *options, "-w", ws.root)
    assert answer.code not in (0, None)
    assert words in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert "Traceback" not in answer.err
