"""Floors are computed from sound, once per item, and answer triplets as models do."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import tone, write
from synthetic import make_model

from workbench import Workspace
from workbench.audio.decode import decode
from workbench.catalogue.media import describe_audio
from workbench.errors import StorageError
from workbench.evaluation import floor_store
from workbench.evaluation.floor_store import EVEN, QUANTISED, RAW, STATISTICS, workspace_floors
from workbench.evaluation.floors import (
    Codebook,
    Floor,
    mfcc_codebook,
    mfcc_frames,
    mfcc_histograms,
    mfcc_statistics,
    standardised,
)
from workbench.evaluation.report import against_floor
from workbench.subspaces.triplets import Triplets

RATE = 22050


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=0.1, size=int(seconds * RATE)).astype("f4")


def test_frames_are_mfccs_and_their_changes() -> None:
    samples = noise(1.5)
    frames = mfcc_frames(samples)
    assert frames.shape == (1 + len(samples) // 512, 39)
    mfcc = librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=13, n_fft=1024, hop_length=512)
    np.testing.assert_allclose(frames[:, :13], mfcc.T, rtol=1e-4, atol=1e-3)
    # The change is a slope over nine frames, by least squares.
    slopes = [np.polyfit(np.arange(-4, 5), mfcc[2, t - 4 : t + 5], 1)[0] for t in range(10, 20)]
    np.testing.assert_allclose(frames[10:20, 15], slopes, rtol=1e-3, atol=1e-3)


def test_statistics_are_mean_and_deviation() -> None:
    samples = noise(1.0)
    frames, found = mfcc_frames(samples), mfcc_statistics(samples)
    assert found.shape == (78,)
    np.testing.assert_allclose(found[:39], frames.mean(axis=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[39:], frames.std(axis=0), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("length", [1, 600, 3000])
def test_the_shortest_sounds_have_frames(length: int) -> None:
    assert np.isfinite(mfcc_statistics(noise(1.0)[:length])).all()


def test_a_word_is_the_nearest_centre() -> None:
    rng = np.random.default_rng(0)
    words = rng.normal(size=(7, 4)).astype(np.float32)
    codebook = Codebook(np.full(4, 2.0), np.full(4, 0.5), words)
    frames = rng.normal(2, 0.5, (30, 4))
    expected = [
        min(range(7), key=lambda w: np.sum(((f - 2) / 0.5 - words[w]) ** 2)) for f in frames
    ]
    assert codebook.nearest(frames).tolist() == expected
    histogram = mfcc_histograms([frames, frames[:1]], codebook)
    assert histogram.shape == (2, 7)
    np.testing.assert_allclose(histogram.sum(axis=1), 1, rtol=1e-6)
    assert histogram[0, expected[0]] == pytest.approx(expected.count(expected[0]) / 30)
    assert histogram[1].tolist() == np.eye(7)[expected[0]].tolist()


def test_clusters_become_words() -> None:
    rng = np.random.default_rng(0)
    centres = 20 * rng.normal(size=(5, 39))
    which = [rng.integers(0, 5, 400) for _ in range(4)]
    frames = [(centres[w] + rng.normal(size=(400, 39))).astype(np.float32) for w in which]
    codebook = mfcc_codebook(frames, size=40)
    for item, clusters in zip(frames, which, strict=True):
        words = codebook.nearest(item)
        for word in set(words):
            assert len(set(clusters[words == word])) == 1  # no word spans two clusters
    again = mfcc_codebook(frames, size=40)
    np.testing.assert_array_equal(codebook.words, again.words)


def test_few_frames_make_few_words() -> None:
    frames = [np.random.default_rng(0).normal(size=(100, 39)).astype(np.float32)]
    assert len(mfcc_codebook(frames).words) == 5
    assert len(mfcc_codebook([frames[0][:1]]).words) == 1


def test_columns_are_standardised_and_constant_ones_vanish() -> None:
    x = np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)
    assert standardised(x).tolist() == [[-1, 0], [1, 0]]


def test_floors_answer_with_their_own_distance() -> None:
    vectors = np.array([[1.0, 0.0], [5.0, 0.0], [0.9, 0.6]], np.float32)
    triplets = {"genre": Triplets(np.array([[0, 1, 2]]), np.ones(1, np.float32))}
    model, songs = {"genre": np.array([True])}, {"genre": np.array([0])}
    near, alike = (
        against_floor(model, Floor(vectors, distance), triplets, songs)["genre"]
        for distance in ("euclidean", "cosine")
    )
    assert (near["k"], near["n"], near["gained"]) == (0, 1, 1)
    assert (alike["k"], alike["n"], alike["gained"]) == (1, 1, 0)


# -- in a workspace --------------------------------------------------------------------------------


@pytest.fixture
def sounding(ws: Workspace, tmp_path: Path) -> tuple[Workspace, np.ndarray]:
    """Four songs with sound and one without, with vectors of the small model's width."""
    ids = []
    for number, hz in enumerate((200, 300, 450, 700)):
        path = write(tmp_path / f"{hz}.wav", tone(hz, seconds=1.0))
        media = describe_audio(path)
        ids.append(
            ws.catalogue.add_item(kind="song", domain="audio", title=f"{number}", media=media)
        )
    ids.append(ws.catalogue.add_item(kind="song", domain="audio", title="silent"))
    vectors = np.random.default_rng(0).normal(size=(5, 12)).astype(np.float32)
    ws.vectors("descriptors-1").write(np.array(ids), vectors)
    return ws, np.array(ids)


def test_floors_of_a_workspace_are_read_from_its_sound(sounding) -> None:
    ws, ids = sounding
    model = make_model()
    floors, silent = workspace_floors(ws, model, ids)
    assert list(floors) == [RAW, EVEN, STATISTICS, QUANTISED]
    assert list(silent) == [ids[4]]
    raw = ws.vectors("descriptors-1").rows(ids)
    np.testing.assert_array_equal(floors[RAW].vectors, raw)
    np.testing.assert_array_equal(floors[EVEN].vectors, model.normaliser(raw))
    for name in (STATISTICS, QUANTISED):
        known = np.isfinite(floors[name].vectors).all(axis=1)
        assert known.tolist() == [True] * 4 + [False]
    samples = [decode(ws.catalogue.media_path(int(i))).mono(RATE) for i in ids[:4]]
    expected = standardised(np.array([mfcc_statistics(s) for s in samples]))
    np.testing.assert_allclose(floors[STATISTICS].vectors[:4], expected, atol=1e-4)
    np.testing.assert_allclose(floors[QUANTISED].vectors[:4].sum(axis=1), 1, rtol=1e-5)


def test_sound_is_read_once_and_counted_in_the_same_words(
    sounding, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, ids = sounding
    first, _ = workspace_floors(ws, make_model(), ids[:2])
    read = []
    plain = floor_store.mfcc_frames
    monkeypatch.setattr(floor_store, "mfcc_frames", lambda s: read.append(1) or plain(s))
    later, _ = workspace_floors(ws, make_model(), ids[:4])
    assert len(read) == 2
    np.testing.assert_array_equal(later[QUANTISED].vectors[:2], first[QUANTISED].vectors)
    workspace_floors(ws, make_model(), ids[[3, 0]])
    assert len(read) == 2


def test_damaged_words_are_told(sounding) -> None:
    ws, ids = sounding
    workspace_floors(ws, make_model(), ids[:2])
    (ws.root / "vectors" / "floor-mfcc-vq-1" / "codebook.npz").write_bytes(b"nonsense")
    with pytest.raises(StorageError, match=r"codebook\.npz is damaged; delete"):
        workspace_floors(ws, make_model(), ids[:4])


def test_without_any_sound_the_encoder_is_left(fitted_once: Workspace) -> None:
    model = fitted_once.models.load()
    ids = np.array(model.card.held_out)
    floors, silent = workspace_floors(fitted_once, model, ids)
    assert list(floors) == [RAW, EVEN]
    assert set(silent) == set(ids.tolist())
