"""Queries that have no stored vector: files, spans, sets; with an encoder that reads scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pitch_workspace import RATE, PitchClasses, Tones, score, tone, tones  # noqa: F401, a fixture

from workbench.audio.decode import encode
from workbench.errors import MediaError, NotReadyError, UnknownNameError, WorkbenchError
from workbench.search.filters import Filters
from workbench.search.find import find
from workbench.search.query import Part, Query
from workbench.search.query_vector import join_scores
from workbench.symbolic.synthesis import Synthesis

AUDIO, SYMBOLIC = range(1, 13), range(13, 17)  # ids: twelve tones from C4 on, four scores


def nearest(tones: Tones, query: Query | int | Path, domain: str = "audio") -> int:  # noqa: F811
    filters = Filters(domains=(domain,))
    return int(find(tones.ws, query, weights={"key": 1}, filters=filters, own=True).index[0])


def test_a_score_finds_the_sound_of_its_notes_and_back(tones: Tones) -> None:  # noqa: F811
    assert nearest(tones, SYMBOLIC[2]) == AUDIO[2]
    assert nearest(tones, AUDIO[3], "symbolic") == SYMBOLIC[3]


def test_a_sound_file_finds_its_pitch(tones: Tones, tmp_path: Path) -> None:  # noqa: F811
    encode(tmp_path / "e.wav", tone(76)[None], RATE)  # an octave above
    assert nearest(tones, tmp_path / "e.wav") == AUDIO[4]


def test_a_score_file_finds_its_notes_and_may_be_rendered(
    tones: Tones,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "d.csv"
    file.write_text("onset,duration,pitch\n0,2,62\n2,2,62\n")
    assert nearest(tones, file) == AUDIO[2]
    sound = tone(65, rate=44100)[None]  # the synthesizer's rate
    monkeypatch.setattr(Synthesis, "sound", lambda self, score: sound)
    assert nearest(tones, Query.of_file(file, render=True)) == AUDIO[5]


def test_only_the_span_counts(tones: Tones) -> None:  # noqa: F811
    tones.sounds[AUDIO[0]] = np.concatenate([tone(60), tone(67), tone(64)])
    assert nearest(tones, Query.of_item(AUDIO[0], span_s=(2, 4))) == AUDIO[7]
    tones.scores[SYMBOLIC[0]] = score(60, 60, 63, 63)
    assert nearest(tones, Query.of_item(SYMBOLIC[0], span_s=(1, 2))) == AUDIO[3]


def test_what_was_heard_is_not_heard_again_for_other_weights(
    tones: Tones,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "e.wav"
    encode(file, tone(64)[None], RATE)
    assert nearest(tones, file) == AUDIO[4]
    with monkeypatch.context() as patched:
        patched.setattr(tones.encoder, "encode", lambda batch: pytest.fail("heard again"))
        find(tones.ws, file, weights={"sound": -1})
    encode(file, tone(67, seconds=1.5)[None], RATE)  # the name says nothing
    assert nearest(tones, file) == AUDIO[7]


def test_a_set_is_heard_together_with_gains_and_offsets(tones: Tones) -> None:  # noqa: F811
    model, encoder = tones.ws.models.load(), PitchClasses()
    heard = np.zeros(3 * RATE)
    heard[: 2 * RATE] += 10 ** (-6 / 20) * tone(60)
    heard[RATE:] += tone(65)
    place = model.transform(encoder.encode([heard]))[0]
    query = Query.of_parts([Part(AUDIO[0], gain_db=-6), Part(AUDIO[5], offset_s=1)])
    found = find(tones.ws, query, count=99)
    stored = tones.ws.vectors("model-v0001")
    for item, row in found.iterrows():
        distance = np.linalg.norm(place[:12] - stored.rows([item])[0][:12])
        assert row["key"] == pytest.approx(1 - distance / 2, abs=2e-3)
    assert not {AUDIO[0], AUDIO[5]} & set(found.index)


def test_a_set_of_scores_in_one_tempo_is_one_score(tones: Tones) -> None:  # noqa: F811
    joined = join_scores([score(60, 62), score(67)])
    assert joined is not None
    assert joined.notes["pitch"].tolist() == [60, 67, 62]
    assert joined.notes["track"].tolist() == [0, 1, 0]
    assert len(joined.tracks) == 2
    assert joined.bar_count == 1
    assert join_scores([score(60), score(60, tempo=90)]) is None
    tones.sounds.clear()  # no sound is asked for
    assert nearest(tones, Query.of_parts([SYMBOLIC[1], SYMBOLIC[1]])) == AUDIO[1]


def test_scores_that_keep_different_time_are_heard(tones: Tones) -> None:  # noqa: F811
    tones.scores[SYMBOLIC[1]] = score(61, tempo=90)
    tones.sounds |= {SYMBOLIC[0]: tone(66), SYMBOLIC[1]: tone(66)}  # what they are rendered to
    for second in (Part(SYMBOLIC[1]), Part(SYMBOLIC[0], offset_s=1)):
        assert nearest(tones, Query.of_parts([Part(SYMBOLIC[0]), second])) == AUDIO[6]


def test_an_encoder_that_reads_no_scores_offers_their_sound(tones: Tones) -> None:  # noqa: F811
    tones.encoder.domains = ("audio",)
    query = Query.of_item(SYMBOLIC[0], span_s=(0, 1))
    with pytest.raises(WorkbenchError, match=r"cannot read scores.*--render, render=True"):
        find(tones.ws, query)
    tones.sounds[SYMBOLIC[0]] = tone(64)
    assert nearest(tones, query.rendered()) == AUDIO[4]
    later = tones.ws.catalogue.add_item(kind="song", domain="symbolic", title="not embedded")
    with pytest.raises(WorkbenchError, match="cannot read scores"):
        find(tones.ws, later)


def test_what_is_too_short_or_empty_says_so(tones: Tones, tmp_path: Path) -> None:  # noqa: F811
    with pytest.raises(MediaError, match=r"lasts 0\.25 s.*0\.5 s are needed"):
        find(tones.ws, Query.of_item(AUDIO[0], span_s=(1, 1.25)))
    with pytest.raises(MediaError, match="no notes between 5 and 6 s"):
        find(tones.ws, Query.of_item(SYMBOLIC[0], span_s=(5, 6)))
    with pytest.raises(MediaError, match="no sound in this query"):
        find(tones.ws, Query.of_item(AUDIO[0], span_s=(5, 6)))
    with pytest.raises(MediaError, match="no such file"):
        find(tones.ws, tmp_path / "nowhere.wav")
    with pytest.raises(UnknownNameError, match="no item 99"):
        find(tones.ws, Query.of_parts([1, 99]))
    empty = tones.ws.catalogue.add_item(kind="submix", domain="audio", title="nothing")
    with pytest.raises(MediaError, match="holds no tracks"):
        find(tones.ws, empty)
    later = tones.ws.catalogue.add_item(kind="track", domain="symbolic", title="new")
    with pytest.raises(NotReadyError, match="workbench embed"):
        find(tones.ws, later)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Query.of_parts([]), "holds no items"),
        (lambda: Query.of_item(1, span_s=(3, 3)), "ends after it begins"),
        (lambda: Query.of_item(1, span_s=(-1, 3)), "write it like 10:20"),
        (lambda: Query.of_item(1, span_s=(0, float("inf"))), "write it like 10:20"),
        (lambda: Query.of_parts([Part(1, offset_s=-1)]), "offset of 0 or more"),
        (lambda: Query.of_parts([Part(1, gain_db=float("nan"))]), "must be numbers"),
        (lambda: Query((Part(1),), Path("x.wav")), "not both"),
    ],
)
def test_queries_that_cannot_be_heard_are_refused(make, reason: str) -> None:
    with pytest.raises(WorkbenchError, match=reason):
        make()
