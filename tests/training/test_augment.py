from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from workbench.catalogue.keys import key_name, parse_key
from workbench.features.cens import cens
from workbench.features.key import estimate_key
from workbench.features.spectral import HOP, SAMPLE_RATE, mel_spectrogram
from workbench.features.tempogram import cyclic_tempogram
from workbench.training.augment import colour, shift
from workbench.training.base_targets import TargetCoder


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


def test_shifted_tempi_move_their_shares_by_as_many_classes() -> None:
    table, _, _ = shifted()
    coder = TargetCoder.fit(pd.DataFrame({"tempo": [60.0, 70.0]}), ("tempo",))
    plain = coder(table_of(1))[0][0]
    for share, bpm in zip(coder(table)[0], table["tempo"], strict=True):
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


def test_segments_of_one_track_turn_alike() -> None:
    tracks = np.repeat([7, 3, 9, 3], 10)
    found = shift(
        table_of(40), segments(40), np.random.default_rng(0), share=1.0, cyclic=True, tracks=tracks
    )
    for track in (3, 7, 9):
        assert found[tracks == track].drop_duplicates().shape[0] == 1
    assert found["tempo"].nunique() == 3


def noise(count: int) -> torch.Tensor:
    torch.manual_seed(0)
    return mel_spectrogram(torch.randn(count, 128 * 512) * 0.3)


def test_colour_changes_about_its_share_of_the_segments() -> None:
    before = noise(200)
    after = before.clone()
    colour(after, np.random.default_rng(0), share=0.5)
    changed = (after != before).flatten(1).any(1)
    assert changed.float().mean() == pytest.approx(0.5, abs=0.1)
    assert after.isfinite().all()


def test_nothing_is_coloured_without_a_share() -> None:
    before = noise(4)
    after = before.clone()
    colour(after, np.random.default_rng(0), share=0.0)
    torch.testing.assert_close(after, before)


def test_colour_is_a_smooth_equaliser_constant_in_time() -> None:
    before = noise(1)
    after = before.clone()
    colour(after, np.random.default_rng(3), share=1.0)

    def decibels(mel: torch.Tensor) -> torch.Tensor:
        """Naively undo the standardisation and the compression."""
        return 20 * torch.log10((10 ** (mel[0] * 0.25 + 0.2) - 1) / 10)

    silent = torch.isclose(after[0], torch.tensor(-0.8))
    gain = (decibels(after) - decibels(before)).masked_fill(silent, torch.nan)
    assert silent.any()
    per_band = gain.nanmedian(1).values
    off = (gain - per_band[:, None]).abs().nan_to_num()
    assert off.max() < 0.1
    steps = per_band[~per_band.isnan()].diff().abs()
    assert steps.max() < 3.0
    assert per_band[~per_band.isnan()].abs().max() > 1.0


def test_gaps_are_whole_bands_and_whole_columns() -> None:
    mel = noise(30)
    colour(mel, np.random.default_rng(0), share=1.0)
    silent = torch.isclose(mel, torch.tensor(-0.8))
    for segment in silent:
        bands, columns = segment.all(1), segment.all(0)
        assert (segment == (bands[:, None] | columns[None, :])).all()
        assert bands.sum() <= 16
        assert columns.sum() <= 16
