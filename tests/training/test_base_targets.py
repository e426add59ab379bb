from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from workbench.catalogue.keys import key_name, parse_key
from workbench.errors import NotReadyError
from workbench.features.cens import cens
from workbench.features.key import estimate_key
from workbench.features.spectral import HOP, SAMPLE_RATE
from workbench.features.tempogram import cyclic_tempogram
from workbench.training.base_targets import TargetCoder, shift

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


def tones(*pitches: int, seconds: float = 6.0) -> torch.Tensor:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hertz = 440 * 2 ** ((np.array(pitches) - 69) / 12)
    tone = np.stack([np.sin(2 * np.pi * f * time) for f in hertz])
    weights = np.array([2.0, 0.7, 1.4, 0.8, 1.5, 1.0, 0.6])[: len(pitches), None]
    return torch.from_numpy((0.1 * weights * tone).sum(0).astype(np.float32))


C_MAJOR = (60, 62, 64, 65, 67, 69, 71)


def clicks(bpm: float, seconds: float = 14.0) -> torch.Tensor:
    """The onset envelope of a click track."""
    frames = int(seconds * SAMPLE_RATE / HOP)
    times = np.arange(0, seconds, 60 / bpm) * SAMPLE_RATE / HOP
    nearness = 1.0 - np.abs(np.arange(frames)[:, None] - times).min(1)
    return torch.from_numpy(np.maximum(nearness, 0.0).astype(np.float32))


def segments(count: int) -> dict[str, torch.Tensor]:
    chroma = cens(tones(*C_MAJOR))[:, 60:189]
    tempogram = cyclic_tempogram(clicks(100.0), bins=64)[:, 200:329]
    return {
        "mel": torch.rand(count, 128, 129),
        "cens": chroma.repeat(count, 1, 1),
        "tempogram": tempogram.repeat(count, 1, 1),
    }


def table_of(count: int) -> pd.DataFrame:
    return pd.DataFrame({"key": ["C major"] * count, "tempo": [100.0] * count})


def shifted(
    count: int = 40, *, share: float = 1.0, cyclic: bool = True, seed: int = 0
) -> tuple[pd.DataFrame, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    before = segments(count)
    after = {name: x.clone() for name, x in before.items()}
    rng = np.random.default_rng(seed)
    return shift(table_of(count), after, rng, share=share, cyclic=cyclic), before, after


def test_a_chromagram_of_c_major_turned_by_two_is_that_of_d_major() -> None:
    c = cens(tones(*C_MAJOR))[:, 60:189]
    d = cens(tones(*(p + 2 for p in C_MAJOR)))[:, 60:189]
    table, _, after = shifted()
    row = table["key"].tolist().index("D major")
    torch.testing.assert_close(after["cens"][row], c.roll(2, 0))
    assert (after["cens"][row] - d).abs().mean() < 0.05 < (c - d).abs().mean()


def test_key_labels_turn_with_their_chromagrams() -> None:
    table, before, after = shifted()
    assert table["key"].nunique() >= 10
    for i, name in enumerate(table["key"]):
        key = parse_key(name)
        assert key is not None
        assert key[1]
        torch.testing.assert_close(after["cens"][i], before["cens"][i].roll(key[0], 0))
        assert estimate_key(after["cens"][i].mean(1).numpy()) == key


def test_tempo_labels_turn_with_their_tempograms() -> None:
    table, _, after = shifted()
    assert table["tempo"].nunique() > 10
    assert table["tempo"].between(100.0, 200.0, inclusive="left").all()
    for i, bpm in enumerate(table["tempo"]):
        expected = cyclic_tempogram(clicks(bpm), bins=64)[:, 264].argmax()
        found = after["tempogram"][i][:, 64].argmax()
        apart = abs(int(found) - int(expected)) % 64
        assert min(apart, 64 - apart) <= 1


def test_shifted_tempi_move_their_shares_by_as_many_classes(coder: TargetCoder) -> None:
    table, _, _ = shifted()
    shares = coder(
        labels()
        .iloc[:1]
        .merge(table[["tempo"]], how="cross")
        .assign(tempo=table["tempo"].to_numpy())
    )[4]
    plain = tempo_shares(coder, 100.0)[0]
    for share, bpm in zip(shares, table["tempo"], strict=True):
        by = round(48 * np.log2(bpm / 100.0))
        np.testing.assert_allclose(share, np.roll(plain, by), atol=1e-5)


def test_mel_spectrograms_and_other_columns_stay() -> None:
    table, before, after = shifted()
    torch.testing.assert_close(after["mel"], before["mel"])
    assert list(table.columns) == ["key", "tempo"]


def test_nothing_turns_without_a_share() -> None:
    table, before, after = shifted(share=0.0)
    pd.testing.assert_frame_equal(table, table_of(40))
    for name, x in before.items():
        torch.testing.assert_close(after[name], x)


def test_about_the_share_turns_key_and_tempo_each_on_their_own() -> None:
    table, _, _ = shifted(300, share=0.5)
    keys, tempi = table["key"] != "C major", table["tempo"] != 100.0
    assert keys.mean() == pytest.approx(0.5 * 11 / 12, abs=0.1)
    assert tempi.mean() == pytest.approx(0.5 * 15 / 16, abs=0.1)
    assert 0.1 < (keys & tempi).mean() < 0.35


def test_a_tempogram_over_lags_is_not_turned() -> None:
    table, before, after = shifted(cyclic=False)
    assert (table["tempo"] == 100.0).all()
    torch.testing.assert_close(after["tempogram"], before["tempogram"])
    assert (table["key"] != "C major").any()


def test_the_table_that_was_given_stays_and_unknown_labels_stay_unknown() -> None:
    given = pd.DataFrame({"key": [""] * 20, "tempo": [float("nan")] * 20})
    found = shift(given, segments(20), np.random.default_rng(0), share=1.0, cyclic=True)
    assert (found["key"] == "").all()
    assert found["tempo"].isna().all()
    assert (given["key"] == "").all()


def test_minor_keys_stay_minor() -> None:
    given = table_of(20).assign(key="A minor")
    found = shift(given, segments(20), np.random.default_rng(0), share=1.0, cyclic=True)
    assert found["key"].str.endswith("minor").all()
    assert set(found["key"]) <= {key_name(k, major=False) for k in range(12)}


def test_one_seed_gives_one_choice() -> None:
    first, again, other = (shifted(seed=s)[0] for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert (first["key"] != other["key"]).any()
