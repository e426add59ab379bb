from __future__ import annotations

import librosa
import numpy as np
import pytest

from workbench.features.notes import (
    DRUM_WIDTH,
    TONAL_WIDTH,
    band_columns,
    chroma_columns,
    drum_features,
    note_shares,
    tonal_features,
)

SECONDS = 12.0


def notes(*rows: tuple[float, float, float], program: int = 0, drum: int = 0) -> np.ndarray:
    """Return notes of (onset, duration, pitch), velocity 80."""
    return np.array([(*row, 80, program, drum) for row in rows], dtype=np.float32).reshape(-1, 6)


def scale(tonic: int = 60, *, step: float = 0.5) -> np.ndarray:
    """Return a major scale up and down for twelve seconds."""
    steps = (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2)
    count = int(SECONDS / step)
    return notes(*((i * step, step, tonic + steps[i % len(steps)]) for i in range(count)))


def test_shapes_are_those_of_sound() -> None:
    tonal, drums = tonal_features(scale(), SECONDS), drum_features(scale(), SECONDS)
    assert tonal.vector.shape == (TONAL_WIDTH,)
    assert drums.vector.shape == (DRUM_WIDTH,)
    assert tonal.chroma.shape == drums.chroma.shape == (12, chroma_columns(SECONDS)) == (12, 129)
    assert tonal.bands.shape == (24, band_columns(SECONDS)) == (24, 258)
    assert drums.bands.shape == (12, 258)


def test_a_transposed_piece_is_the_same_chromagram_turned() -> None:
    low, high = (tonal_features(scale(tonic), SECONDS).chroma for tonic in (60, 65))
    np.testing.assert_allclose(np.roll(low, 5, axis=0), high, atol=1e-6)


def test_the_chromagram_follows_what_is_held_note_by_note() -> None:
    table = scale()
    chroma = tonal_features(table, SECONDS).chroma
    rate = 22050 / 512 / 4
    for onset, duration, pitch, *_ in table[2:-2]:
        middle = int((onset + duration / 2) * rate)
        assert chroma[:, middle].argmax() == pitch % 12


def test_chroma_of_notes_resembles_the_chroma_of_their_sound() -> None:
    table = scale()
    sound = np.zeros(int(SECONDS * 22050), np.float32)
    for onset, duration, pitch, *_ in table:
        start, length = int(onset * 22050), int(duration * 22050)
        time = np.arange(length) / 22050
        tone = np.sin(2 * np.pi * librosa.midi_to_hz(pitch) * time) * np.hanning(length)
        sound[start : start + length] += tone[: len(sound) - start]
    heard = librosa.feature.chroma_cens(y=sound, sr=22050, fmin=librosa.note_to_hz("C2"))
    heard = heard[:, : 129 * 4].reshape(12, 129, 4).mean(axis=2)
    read = tonal_features(table, SECONDS).chroma
    heard /= np.linalg.norm(heard, axis=0) + 1e-9
    assert (read * heard).sum(axis=0).mean() > 0.85
    assert (np.roll(read, 1, axis=0) * heard).sum(axis=0).mean() < 0.5


def test_a_vector_holds_shares_of_pitch_classes_and_families() -> None:
    table = np.concatenate([notes((0, 3, 60)), notes((0, 1, 67), program=40)])
    vector = tonal_features(table, SECONDS).vector
    np.testing.assert_allclose(vector[:12], np.eye(12)[0] * 0.75 + np.eye(12)[7] * 0.25, atol=1e-6)
    families = vector[108:124] ** 2
    np.testing.assert_allclose(families[[0, 5]], [0.75, 0.25], atol=1e-6)


def test_bands_rise_with_the_pitch_and_end_with_the_note() -> None:
    bands = tonal_features(notes((0, 6, 40), (6, 6, 90)), SECONDS).bands
    half = bands.shape[1] // 2
    low, high = bands[:, : half - 1].sum(axis=1).argmax(), bands[:, half + 1 :].sum(axis=1).argmax()
    assert low < high
    assert bands[high, : half - 1].sum() == 0


def test_drums_are_sorted_by_what_is_struck() -> None:
    beat = np.concatenate(
        [notes(*((t, 0.1, pitch) for t in np.arange(0, 12, 1.0)), drum=1) for pitch in (36, 38, 42)]
    )
    features = drum_features(beat, SECONDS)
    assert (features.bands[:3, 0] > 0).all()
    assert features.bands[3:].sum() == 0
    assert features.bands[0, 1] == pytest.approx(features.bands[0, 0] / 2)
    np.testing.assert_allclose(features.vector[:3] ** 2, 1 / 3, atol=1e-6)
    assert not features.chroma.any()


def test_drums_and_tones_do_not_mix() -> None:
    beat = notes(*((t, 0.1, 36.0) for t in np.arange(0, 12, 0.5)), drum=1)
    both = np.concatenate([scale(), beat])
    both = both[np.argsort(both[:, 0], kind="stable")]
    for found, expected in zip(
        tonal_features(both, SECONDS), tonal_features(scale(), SECONDS), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    for found, expected in zip(
        drum_features(both, SECONDS), drum_features(beat, SECONDS), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_shares_say_which_kinds_there_are() -> None:
    beat = notes((0, 1, 36), drum=1)
    assert note_shares(scale()) == (1.0, 0.0)
    assert note_shares(beat) == (0.0, 1.0)
    assert note_shares(np.concatenate([scale(), beat])) == (1.0, 1.0)


def test_nothing_and_odd_notes_give_finite_numbers() -> None:
    odd = np.array([[0, 1e-4, 0, 1, 127, 0], [11.99, 500, 127, 127, 0, 0], [3, 1, 127, 1, 0, 1]])
    for table in (notes(), odd.astype(np.float32)):
        for features in (tonal_features(table, SECONDS), drum_features(table, SECONDS)):
            assert all(np.isfinite(array).all() for array in features)
