from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import NotReadyError
from workbench.training.base_targets import TargetCoder

DIMENSIONS = ("genre", "mood", "instrument", "era", "tempo", "key")


def labels(count: int = 6) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "genre": ["rock", "jazz", "rock", "", "folk", "jazz"],
            "mood": ["calm-dark", "", "", "energetic-bright", "", "calm-dark"],
            "instrument": ["piano|bass", "bass", "", "drums|piano", "voice", "bass"],
            "era": ["modern", "modern", "baroque", "modern", "", "baroque"],
            "tempo": [60.0, 120.0, 90.0, 100.0, float("nan"), 0.0],
            "key": ["C major", "A minor", "", "Bb minor", "B major", "C minor"],
        }
    ).iloc[:count]


@pytest.fixture
def coder() -> TargetCoder:
    return TargetCoder.fit(labels(), DIMENSIONS)


def test_classes_are_those_of_the_training_part_in_order(coder: TargetCoder) -> None:
    assert list(coder.vocabulary) == list(DIMENSIONS)
    assert coder.vocabulary["genre"] == ("folk", "jazz", "rock")
    assert coder.vocabulary["instrument"] == ("bass", "drums", "piano", "voice")
    assert coder.classes == (3, 2, 4, 2, 48, 24)
    assert coder.soft == (4,)


def test_labels_become_numbers_and_unknown_ones_minus_one(coder: TargetCoder) -> None:
    genre, mood, _, era, _, key = coder(labels())
    assert genre.tolist() == [2, 1, 2, -1, 0, 1]
    assert mood.tolist() == [0, -1, -1, 1, -1, 0]
    assert era.tolist() == [1, 1, 0, 1, -1, 0]
    assert key.tolist() == [0, 12 + 9, -1, 12 + 10, 11, 12 + 0]
    assert genre.dtype == key.dtype == np.int64


def test_a_class_that_training_never_met_is_unknown(coder: TargetCoder) -> None:
    assert coder(labels().assign(genre="polka"))[0].tolist() == [-1] * 6


def test_instruments_are_tags_and_rows_without_any_unknown(coder: TargetCoder) -> None:
    tags = coder(labels())[2]
    assert tags[[0, 1, 3, 4]].tolist() == [[1, 0, 1, 0], [1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]
    assert np.isnan(tags[2]).all()
    assert coder(labels().assign(instrument="zither"))[2].sum() == 0


def test_tempo_shares_sum_to_one_and_unknown_tempi_are_nan(coder: TargetCoder) -> None:
    shares = coder(labels())[4]
    assert shares.shape == (6, 48)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares[:4].sum(1), 1.0, rtol=1e-6)
    assert np.isnan(shares[4:]).all()


def tempo_shares(coder: TargetCoder, *bpm: float) -> np.ndarray:
    table = pd.concat([labels().iloc[:1]] * len(bpm)).assign(tempo=bpm)
    return coder(table)[4]


def test_octaves_of_a_tempo_coincide(coder: TargetCoder) -> None:
    shares = tempo_shares(coder, 37.5, 75.0, 150.0, 300.0)
    for other in shares[1:]:
        np.testing.assert_allclose(other, shares[0], atol=1e-6)


@pytest.mark.parametrize("bpm", [60.0, 61.0, 88.8, 119.0, 119.9])
def test_tempo_shares_are_a_bell_on_a_circle_of_log_tempo(coder: TargetCoder, bpm: float) -> None:
    found = tempo_shares(coder, bpm)[0]
    naive = np.zeros(48)
    for i in range(48):
        distances = [48 * np.log2(bpm / 60) - (i + 48 * turn) for turn in (-2, -1, 0, 1, 2)]
        naive[i] = np.exp(-0.5 * (min(map(abs, distances)) / 1.5) ** 2)
    np.testing.assert_allclose(found, naive / naive.sum(), atol=1e-6)


def test_close_tempi_overlap_and_distant_ones_do_not(coder: TargetCoder) -> None:
    near, same, far = tempo_shares(coder, 100.0, 103.0, 140.0)
    assert np.minimum(near, same).sum() > 0.4
    assert np.minimum(near, far).sum() < 0.01


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_dimension_of_one_class_is_refused_by_name(name: str) -> None:
    table = labels()
    table[name] = table[name][0]
    with pytest.raises(NotReadyError, match=f"Dimension {name} has one class .*--dimensions"):
        TargetCoder.fit(table, DIMENSIONS)


def test_a_dimension_without_labels_is_refused_by_name() -> None:
    with pytest.raises(NotReadyError, match=r"Dimension mood has no label \(nothing\)"):
        TargetCoder.fit(labels().assign(mood=""), DIMENSIONS)
