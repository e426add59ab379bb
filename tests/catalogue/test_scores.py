"""The notes of items: whole scores, tracks, spans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounds import tone, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.errors import MediaError, UnknownNameError
from workbench.symbolic.reading import read_score

DUO = [Voice(0, tune()), Voice(32, tune(36, step=2.0))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_midi(tmp_path / "music" / "duo.mid", DUO, qpm=120)


@pytest.fixture
def song(ws: Workspace, file: Path) -> int:
    import_music(ws, [file], processes=1)
    return int(ws.catalogue.items(kind="song").index[0])


def test_a_song_has_all_notes_and_a_track_its_own(ws: Workspace, file: Path, song: int) -> None:
    whole = read_score(file)
    assert np.array_equal(ws.catalogue.score_of(song).notes, whole.notes)
    for number, track in enumerate(ws.catalogue.tracks_in_file(song)):
        part = ws.catalogue.score_of(track)
        own = whole.notes[whole.notes["track"] == number]
        assert part.notes["pitch"].tolist() == own["pitch"].tolist()
        assert part.notes["onset_s"].tolist() == own["onset_s"].tolist()
        assert part.tracks == (whole.tracks[number],)
        assert np.array_equal(part.bars, whole.bars)


@pytest.mark.parametrize("kind", ["segment", "bar"])
def test_a_span_of_a_track_has_the_notes_that_begin_in_it(
    ws: Workspace, song: int, kind: str
) -> None:
    bass = ws.catalogue.tracks_in_file(song)[1]
    row = ws.catalogue.item(bass)
    with ws.database.write() as session:
        from workbench.catalogue.tables import Item

        span = Item(
            kind=kind, domain="symbolic", title="x", parent_id=bass, media_id=row.media_id,
            track_number=1, start_s=2.0, duration_s=4.0,
        )  # fmt: skip
        session.add(span)
        session.flush()
        span_id = span.id
    notes = ws.catalogue.score_of(bass).notes
    inside = notes[(notes["onset_s"] > 2.0 - 1e-6) & (notes["onset_s"] < 6.0 - 1e-6)]
    part = ws.catalogue.score_of(span_id)
    assert part.notes["pitch"].tolist() == inside["pitch"].tolist()
    np.testing.assert_allclose(part.notes["onset_s"], inside["onset_s"] - 2.0)
    assert ws.catalogue.bars(span_id)["start_s"].tolist() == [0.0, 2.0]


def test_what_has_no_notes_says_so(ws: Workspace, tmp_path: Path, song: int) -> None:
    import_music(ws, [write(tmp_path / "a.wav", tone())], processes=1)
    (sound,) = ws.catalogue.items(domain="audio").index
    with pytest.raises(UnknownNameError, match=f"Item {sound} is sound"):
        ws.catalogue.score_of(int(sound))
    with pytest.raises(UnknownNameError, match="There is no item 999"):
        ws.catalogue.score_of(999)


def test_a_score_that_has_changed_or_gone_is_one_sentence(
    ws: Workspace, file: Path, song: int
) -> None:
    bass = ws.catalogue.tracks_in_file(song)[1]
    ws.catalogue.score_of(bass)
    write_midi(file, DUO[:1])
    with pytest.raises(MediaError, match="has changed: there is no track 1 among 1; import it"):
        ws.catalogue.score_of(bass)
    file.unlink()
    with pytest.raises(MediaError, match="is gone"):
        ws.catalogue.score_of(bass)


def test_bars_of_older_imports_are_read_once(ws: Workspace, file: Path, song: int) -> None:
    import sqlalchemy as sa

    from workbench.catalogue.tables import Media

    before = ws.catalogue.bars(song)
    with ws.database.write() as session:
        session.execute(sa.update(Media).values(bars=None))
    assert ws.catalogue.bars(song).equals(before)
    file.unlink()
    assert ws.catalogue.bars(song).equals(before)
