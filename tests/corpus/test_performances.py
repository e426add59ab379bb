from __future__ import annotations

import numpy as np
import pytest

from workbench.corpus.performances import Performance, draw_performance, draw_stems, pieces_of
from workbench.corpus.scores import BeatScore, Part

BEATS = 400


def part(program: int = 0, tonic: int = 60, *, drums: bool = False, beats: int = BEATS) -> Part:
    steps = (0, 2, 4, 5, 7, 9, 11, 12)
    rows = [(i, 1.0, 36 if drums else tonic + steps[i % 8], 80) for i in range(beats)]
    return Part(program, drums, np.array(rows, dtype=float))


SCORE = BeatScore([part(), part(40, 48), part(drums=True)], 100.0, [(0.0, 0)])


def drawn(score: BeatScore = SCORE, seed: int = 0, **options: object) -> Performance:
    found = draw_performance(score, np.random.default_rng(seed), **options)
    assert found is not None
    return found


def test_sections_follow_each_other_in_the_score() -> None:
    rising = Part(0, False, np.array([(i, 1.0, 20 + i % 90, 80) for i in range(BEATS)], float))
    for seed in range(10):
        found = drawn(BeatScore([rising], 100.0, []), seed)
        assert [s.number for s in found.sections][:2] == [0, 1]
        first, second = (s.parts[0].notes for s in found.sections[:2])
        beat = 60.0 / found.bpm
        # The second begins where the first ends: one step after its last note.
        steps = round((second[0, 0] + 12.0 - first[-1, 0]) / beat)
        assert steps == 1


def test_a_far_section_is_no_neighbour() -> None:
    found = drawn()
    assert [s.number for s in found.sections] == [0, 1, 3]


def test_tempi_lie_on_a_grid_so_that_performances_share_them() -> None:
    tempi = {drawn(seed=seed).bpm for seed in range(60)}
    assert len(tempi) < 10
    for bpm in tempi:
        assert (6 * np.log2(bpm / 60.0)) == pytest.approx(round(6 * np.log2(bpm / 60.0)), abs=1e-9)
        assert 45 < bpm < 200


def test_what_is_transposed_is_transposed_in_key_and_notes() -> None:
    for seed in range(12):
        found = drawn(seed=seed)
        assert found.centre == (found.shift % 12, True)
        pitches = found.sections[0].parts[0].notes[:, 2].astype(int) % 12
        assert set(pitches) <= {(s + found.shift) % 12 for s in (0, 2, 4, 5, 7, 9, 11)}
        assert found.sections[0].key in (None, found.centre)


def test_all_sections_are_played_by_the_same_instruments() -> None:
    for seed in range(10):
        found = drawn(seed=seed)
        for i in range(3):
            assert len({s.parts[i].program for s in found.sections if i in s.parts}) == 1


def test_stems_are_tracks_of_the_mix_with_enough_notes() -> None:
    rare = Part(73, False, np.array([(3.0, 1.0, 70, 80)]))
    score = BeatScore([*SCORE.parts, rare], 100.0, [(0.0, 0)])
    rng = np.random.default_rng(0)
    for seed in range(10):
        found = drawn(score, seed)
        stems = draw_stems(found, rng)
        assert len(stems) == 2
        assert 3 not in stems
        pieces = [(section.number, stem) for section, stem in pieces_of(found, stems)]
        mixes = [number for number, stem in pieces if stem is None]
        assert mixes == [section.number for section in found.sections]
        alone = {piece for piece in pieces if piece[1] is not None}
        assert alone == {(0, stems[0]), (0, stems[1]), (1, stems[0])}


def test_a_single_part_is_no_stem_of_itself() -> None:
    found = drawn(BeatScore([part()], 100.0, [(0.0, 0)]))
    assert draw_stems(found, np.random.default_rng(0)) == []


def test_drums_alone_have_no_centre() -> None:
    found = drawn(BeatScore([part(drums=True)], 100.0, []))
    assert (found.centre, found.shift) == (None, 0)


def test_too_little_music_gives_no_performance() -> None:
    rng = np.random.default_rng(0)
    assert draw_performance(BeatScore([part(beats=7)], 100.0, []), rng) is None
    sparse = Part(0, False, np.array([(0.0, 1.0, 60, 80), (90.0, 1.0, 60, 80)]))
    assert draw_performance(BeatScore([sparse], 100.0, []), rng) is None


def test_a_short_score_has_one_section_that_goes_round() -> None:
    found = drawn(BeatScore([part(beats=12)], 100.0, [(0.0, 0)]))
    assert [s.number for s in found.sections] == [0]
    assert found.sections[0].parts[0].notes[:, 0].max() > 10.0
