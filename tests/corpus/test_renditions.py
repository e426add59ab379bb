from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from workbench.corpus.renditions import FAMILIES, Rendition, draw_rendition
from workbench.corpus.scores import BeatScore, Part

SCALE = (0, 2, 4, 5, 7, 9, 11)
FAMILY_OF = {program: name for name, programs in FAMILIES.items() for program in programs}


def part(
    program: int = 0, *, beats: float = 64, step: float = 1.0, tonic: int = 60, drums: bool = False
) -> Part:
    onset = np.arange(0, beats, step)
    pitch = tonic + np.array(SCALE)[np.arange(len(onset)) % 7]
    columns = (onset, np.full(len(onset), step), pitch, np.full(len(onset), 80.0))
    return Part(program, drums, np.column_stack(columns).astype(float))


SCORE = BeatScore([part(), part(40, tonic=48), part(drums=True, tonic=36)], 100.0, [(0.0, 0)])


def drawn(score: BeatScore = SCORE, *, seed: int = 0, **options: object) -> Rendition:
    rendition = draw_rendition(score, np.random.default_rng(seed), **options)  # type: ignore[arg-type]
    assert rendition is not None
    return rendition


@pytest.mark.parametrize("seed", range(12))
def test_transposition_moves_key_and_notes_together(seed: int) -> None:
    rendition = drawn(seed=seed)
    assert rendition.key is not None
    tonic, major = rendition.key
    assert major
    sounding = {int(p) % 12 for q in rendition.parts if not q.drums for p in q.notes[:, 2]}
    assert sounding == {(tonic + step) % 12 for step in SCALE}


def test_all_twelve_keys_come_up() -> None:
    assert {drawn(seed=seed).key for seed in range(100)} == {(k, True) for k in range(12)}


@pytest.mark.parametrize("seed", range(8))
def test_a_key_that_is_known_beforehand_moves_too(seed: int) -> None:
    score = replace(SCORE, signatures=[])
    rendition = drawn(score, seed=seed, key=(9, False))
    assert rendition.key is not None
    tonic, major = rendition.key
    assert not major
    sounding = {int(p) % 12 for q in rendition.parts if not q.drums for p in q.notes[:, 2]}
    assert sounding == {(tonic + 3 + step) % 12 for step in SCALE}


@pytest.mark.parametrize("seed", range(8))
def test_the_tempo_is_that_of_the_notes_as_they_sound(seed: int) -> None:
    rendition = drawn(seed=seed)
    for sounding in rendition.parts:
        onsets = sounding.notes[:, 0]
        assert np.median(np.diff(onsets)) == pytest.approx(60 / rendition.bpm, abs=0.006)
        through = (onsets[-1] - onsets[0]) / (len(onsets) - 1)
        assert through == pytest.approx(60 / rendition.bpm, rel=0.005)


def test_the_tempo_stays_within_what_people_play() -> None:
    for bpm in (8.0, 60.0, 100.0, 240.0, 1000.0):
        found = [drawn(seed=seed, bpm=bpm).bpm for seed in range(20)]
        assert 50 <= min(found) < max(found) <= 190 or min(found) == max(found) == 50


def test_a_tempo_that_is_known_beforehand_comes_before_the_files() -> None:
    found = np.array([drawn(seed=seed, bpm=70.0).bpm for seed in range(40)])
    assert (np.abs(np.log2(found / 70.0)) <= 0.4 + 1e-9).all()
    assert np.ptp(np.log2(found)) > 0.5


@pytest.mark.parametrize("bpm", [float("inf"), 0.0, -60.0, float("nan")])
def test_a_tempo_that_makes_no_sense_is_replaced_by_chance(bpm: float) -> None:
    rendition = drawn(replace(SCORE, bpm=bpm))
    assert 50 <= rendition.bpm <= 190


@pytest.mark.parametrize("seed", range(12))
def test_instruments_are_the_families_that_sound(seed: int) -> None:
    rendition = drawn(seed=seed)
    sounding = {"drums" if p.drums else FAMILY_OF[p.program] for p in rendition.parts}
    assert rendition.instruments == sorted(sounding)
    assert all(len(p.notes) for p in rendition.parts)


def test_a_part_that_rests_during_the_excerpt_is_not_named() -> None:
    late = part(56)
    late = replace(late, notes=late.notes[-1:] + np.array([1000.0, 0, 0, 0]))
    early = BeatScore([part(beats=1000), late], 100.0, [(0.0, 0)])
    rendition = drawn(early)
    assert len(rendition.parts) == 1
    assert "brass" not in rendition.instruments or rendition.instruments == ["brass"]


def test_parts_keep_their_family_more_often_than_not_and_change_together() -> None:
    score = BeatScore([part(40), part(48, tonic=48)], 100.0, [(0.0, 0)])
    families = [drawn(score, seed=seed).instruments for seed in range(100)]
    assert all(len(names) == 1 for names in families)
    assert 60 <= sum(names == ["strings"] for names in families) <= 95


def test_a_program_for_effects_becomes_a_synthesiser() -> None:
    found = {tuple(drawn(BeatScore([part(122)], 100.0, []), seed=s).instruments) for s in range(20)}
    assert ("synth",) in found


def test_one_seed_gives_one_rendition_and_another_another() -> None:
    first, again, other = drawn(seed=1), drawn(seed=1), drawn(seed=2)
    assert (first.bpm, first.key, first.instruments) == (again.bpm, again.key, again.instruments)
    for one, two in zip(first.parts, again.parts, strict=True):
        np.testing.assert_array_equal(one.notes, two.notes)
    assert first.bpm != other.bpm


def test_a_signature_that_changes_inside_the_excerpt_makes_the_key_unknown() -> None:
    beats = 40.0  # at 100 bpm a little more than what is heard
    changing = BeatScore([part(beats=beats)], 100.0, [(0.0, 0), (20.0, 3)])
    # Every excerpt of 24 s at 80 to 130 bpm crosses beat 20.
    found = [drawn(changing, seed=seed) for seed in range(20)]
    assert {r.key for r in found if r.bpm * 0.4 > 21} == {None}


def test_a_signature_of_another_key_than_the_scores_makes_the_key_unknown() -> None:
    score = BeatScore([part(beats=200)], 100.0, [(0.0, 0), (100.0, 3)])
    keys = [drawn(score, seed=seed, seconds=6.0).key for seed in range(60)]
    assert any(key is None for key in keys)
    assert any(key is not None for key in keys)


def test_an_excerpt_lies_within_its_time_and_the_keyboard() -> None:
    low, high = part(tonic=20, beats=500), part(40, tonic=100, beats=500)
    for seed in range(10):
        rendition = drawn(BeatScore([low, high], 100.0, []), seed=seed, seconds=10.0)
        notes = np.concatenate([p.notes for p in rendition.parts])
        assert notes[:, 0].min() >= 0
        assert (notes[:, 0] + notes[:, 1]).max() < 10.0 + 0.05
        assert notes[:, 1].min() > 0
        assert notes[:, 2].min() >= 21
        assert notes[:, 2].max() <= 108
        assert notes[:, 3].min() >= 20
        assert notes[:, 3].max() <= 127
        assert (notes[:, 2] == np.round(notes[:, 2])).all()


def test_a_short_score_goes_round_on_the_beat() -> None:
    rendition = drawn(BeatScore([part(beats=12)], 120.0, [(0.0, 0)]), seconds=24.0)
    onsets = rendition.parts[0].notes[:, 0]
    assert onsets.max() > 22.0
    np.testing.assert_allclose(np.diff(onsets), 60 / rendition.bpm, atol=0.05)


def test_too_little_music_gives_nothing() -> None:
    rng = np.random.default_rng(0)
    assert draw_rendition(BeatScore([part(beats=7)], 100.0, []), rng) is None
    sparse = part(beats=64, step=16.0)
    assert draw_rendition(BeatScore([sparse], 100.0, []), rng) is None


def test_at_most_eight_parts_are_heard_those_with_the_most_notes() -> None:
    parts = [part(40, tonic=40 + i, step=1.0 if i < 10 else 0.5) for i in range(12)]
    rendition = drawn(BeatScore(parts, 100.0, []))
    counts = [len(p.notes) for p in rendition.parts]
    assert len(counts) == len(rendition.gains_db) == 8
    assert counts[0] >= 1.9 * counts[2]


def test_the_pace_counts_moments_and_not_notes() -> None:
    chord = [part(tonic=48 + 4 * i) for i in range(4)]
    rendition = drawn(BeatScore(chord, 60.0, [(0.0, 0)]), seconds=24.0)
    assert rendition.onset_rate == pytest.approx(rendition.bpm / 60, rel=0.3)


@pytest.mark.parametrize(
    ("rate", "key", "mood"),
    [
        (8.0, (0, True), "energetic-bright"),
        (8.0, (0, False), "energetic-dark"),
        (1.0, (0, True), "calm-bright"),
        (1.0, (0, False), "calm-dark"),
        (4.2, (0, True), ""),
        (8.0, None, ""),
        (0.0, (0, True), "calm-bright"),
    ],
)
def test_moods_are_the_quadrants_of_pace_and_mode(
    rate: float, key: tuple[int, bool] | None, mood: str
) -> None:
    assert replace(drawn(), onset_rate=rate, key=key).mood == mood


def test_no_program_is_in_two_families() -> None:
    programs = list(chain.from_iterable(FAMILIES.values()))
    assert len(programs) == len(set(programs))
    assert set(programs) <= set(range(128))
