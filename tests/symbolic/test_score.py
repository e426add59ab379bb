"""A score is cut and divided as a loop over its notes would do it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from workbench.symbolic.assemble import Found, assemble
from workbench.symbolic.score import Score, Track

TRACKS = (Track("Lead", 80), Track("Kit", 0, is_drum=True), Track("Bass", 33))


def random_score(
    *,
    count: int = 200,
    seed: int = 0,
    metres: Sequence[tuple[float, int, int]] = ((0, 3, 4), (12, 6, 8), (30, 5, 4)),
    pickup: float = 0.0,
) -> Score:
    rng = np.random.default_rng(seed)
    return assemble(
        "random",
        Found(
            onset=rng.integers(0, 50 * 24, count) / 24,
            duration=rng.integers(1, 60, count) / 24,
            pitch=rng.integers(0, 128, count),
            velocity=rng.integers(1, 128, count),
            track=rng.integers(0, 3, count),
            tracks=TRACKS,
            tempi=[(0, 90), (10, 150), (20.5, 61)],
            metres=metres,
            pickup=pickup,
        ),
    )


def naive_seconds(quarter: float) -> float:
    """Walk in steps of a 240th of a quarter."""
    seconds, step = 0.0, 1 / 240
    for i in range(round(quarter * 240)):
        at = i * step
        seconds += step * 60 / (90 if at < 10 - 1e-9 else 150 if at < 20.5 - 1e-9 else 61)
    return seconds


def test_seconds_follow_every_change_of_tempo() -> None:
    score = random_score()
    places = [0.0, 3.5, 10.0, 15.25, 20.5, 40.0]
    expected = [naive_seconds(place) for place in places]
    assert np.allclose(score.seconds_of(np.array(places)), expected)
    assert np.allclose(score.quarters_of(np.array(expected)), places)
    assert np.allclose(score.seconds_of(score.notes["onset"]), score.notes["onset_s"])


@pytest.mark.parametrize("pickup", [0.0, 1.0])
def test_bars_are_those_of_a_loop_over_beats(pickup: float) -> None:
    metres = [(0, 3, 4), (12, 6, 8), (31, 5, 4)]
    score = random_score(metres=metres, pickup=pickup)
    end = float((score.notes["onset"] + score.notes["duration"]).max())
    starts, at = [0.0], pickup
    while at < end:
        if at > 0 or not pickup:
            starts.append(at)
        _, numerator, denominator = [m for m in metres if m[0] <= at][-1]
        following = [m[0] for m in metres if m[0] > at]
        at = min([at + numerator * 4 / denominator, *following])
    assert score.bars[:, 0].tolist() == pytest.approx([*sorted(set(starts)), at])
    assert score.has_pickup == bool(pickup)


def test_every_note_is_in_the_one_bar_in_which_it_begins() -> None:
    score = random_score()
    numbers = score.bar_numbers()
    for number in range(score.bar_count):
        start, end = score.bars[number : number + 2, 0]
        inside = [start <= onset < end for onset in score.notes["onset"]]
        assert (numbers == number).tolist() == inside
        bar = score.bar(number)
        assert len(bar) == sum(inside)
        assert bar.bar_count == 1
        assert bar.bars[-1, 0] == pytest.approx(end - start)
        if len(bar):
            assert bar.end_s <= bar.bars[-1, 1] + 1e-9
    with pytest.raises(IndexError, match="no bar"):
        score.bar(score.bar_count)


@pytest.mark.parametrize("held", [False, True])
def test_a_span_is_what_a_loop_over_the_notes_finds(held: bool) -> None:
    score, start, end = random_score(), 5.0, 12.0
    expected = []
    for note in score.notes:
        onset, stop = note["onset_s"], note["onset_s"] + note["duration_s"]
        struck = start <= onset < end
        if struck or (held and onset < start < stop):
            begin = max(onset, start)
            expected.append((begin - start, min(stop, end) - begin, int(note["pitch"])))
    span = score.span(start, end, held=held)
    assert len(expected) > 20
    columns = np.column_stack([span.notes[n] for n in ("onset_s", "duration_s", "pitch")])
    assert np.allclose(sorted(map(tuple, columns)), sorted(expected))
    # Its own maps tell the same time.
    assert np.allclose(span.seconds_of(span.notes["onset"]), span.notes["onset_s"])
    assert span.bars[-1, 1] == pytest.approx(end - start)
    with pytest.raises(ValueError, match="ends after"):
        score.span(3.0, 3.0)


def test_a_span_where_nobody_plays_is_a_score_without_notes() -> None:
    rest = random_score().span(1000.0, 1001.0)
    assert len(rest) == 0
    assert rest.end_s == rest.onset_rate() == 0.0
    assert not rest.pitch_class_weights().any()


def test_drums_stand_apart_from_tonal_tracks() -> None:
    score = random_score()
    assert [t.name for t in score.tonal.tracks] == ["Lead", "Bass"]
    assert [t.name for t in score.drums.tracks] == ["Kit"]
    assert len(score.tonal) + len(score.drums) == len(score)
    bass = score.notes[score.notes["track"] == 2]
    assert score.track(2).notes["pitch"].tolist() == bass["pitch"].tolist()
    assert set(score.track(2).notes["track"]) == {0}
    with pytest.raises(IndexError, match="no track"):
        score.track(3)


def test_pitch_classes_are_weighed_by_how_long_they_sound() -> None:
    found = Found(
        onset=np.array([0, 1, 2, 0]),
        duration=np.array([1, 1, 2, 4]),
        pitch=np.array([60, 64, 67, 48]),
        velocity=np.full(4, 80),
        track=np.zeros(4, dtype=int),
        tracks=[Track()],
    )
    score = assemble("chord", found)
    weights = score.pitch_class_weights()
    assert weights[[0, 4, 7]].tolist() == pytest.approx([5 / 8, 1 / 8, 2 / 8])
    assert score.onset_rate() == pytest.approx(3 / 2.0)  # two notes are struck together


def test_notes_cannot_be_changed_behind_its_back() -> None:
    with pytest.raises(ValueError, match="read-only"):
        random_score().notes["pitch"][0] = 1
