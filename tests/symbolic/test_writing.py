"""A score written as MIDI and read again is the same music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import SHARED_DATA
from tiny_scores import Voice, tune, write_midi

from workbench.symbolic.reading import read_score
from workbench.symbolic.score import Score
from workbench.symbolic.writing import to_symusic


def same(one: Score, other: Score) -> None:
    assert [(t.program, t.is_drum) for t in one.tracks] == [
        (t.program, t.is_drum) for t in other.tracks
    ]
    for name in ("track", "pitch", "velocity"):
        assert np.array_equal(one.notes[name], other.notes[name])
    np.testing.assert_allclose(one.notes["onset_s"], other.notes["onset_s"], atol=2e-3)
    np.testing.assert_allclose(one.notes["duration_s"], other.notes["duration_s"], atol=4e-3)
    np.testing.assert_allclose(one.metres, other.metres, atol=1e-3)


def test_notes_tempi_and_metres_come_back(tmp_path: Path) -> None:
    voices = [Voice(0, tune(step=1 / 3)), Voice(0, tune(36), drums=True)]
    file = write_midi(tmp_path / "a.mid", voices, qpm=97.3, metre=(6, 8), sharps=[(0, 2), (12, -3)])
    score = read_score(file)
    to_symusic(score).dump_midi(str(tmp_path / "b.mid"))
    again = read_score(tmp_path / "b.mid")
    same(score, again)
    assert again.keys.tolist() == [[0, 2], [12, -3]]


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the real scores are not on this machine")
def test_real_scores_come_back(tmp_path: Path) -> None:
    for corpus, pattern in (("pop909", "*.mid"), ("openewld", "*.mxl")):
        for file in sorted((SHARED_DATA / "scores" / corpus).rglob(pattern))[:5]:
            score = read_score(file)
            to_symusic(score).dump_midi(str(tmp_path / "b.mid"))
            same(score, read_score(tmp_path / "b.mid"))
