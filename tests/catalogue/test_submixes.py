"""Submixes are the naive sum of their parts, one item per set and settings."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from sounds import RATE, tone, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.errors import UnknownNameError, WorkbenchError


@pytest.fixture
def stems(ws: Workspace, tmp_path: Path) -> dict[str, int]:
    """A song of three stems, by their names."""
    music = tmp_path / "song"
    write(music / "mix.wav", tone(200, seconds=2.0))
    write(music / "drums.wav", 0.5 * tone(300, seconds=2.0))
    write(music / "bass.wav", 0.5 * tone(100, seconds=1.0))
    write(music / "keys.wav", 0.5 * tone(500, seconds=1.0, rate=22050), rate=22050)
    import_music(ws, [music], processes=1)
    names = {item: Path(name).stem for item, name in ws.catalogue.media_names().items()}
    return {name: item for item, name in names.items()}


def read(ws: Workspace, item: int) -> np.ndarray:
    return soundfile.read(ws.catalogue.media_path(item), dtype="float32")[0]


def test_a_submix_is_the_sum_of_its_parts(ws: Workspace, stems: dict[str, int]) -> None:
    drums, bass, keys = (stems[name] for name in ("drums", "bass", "keys"))
    mix = ws.catalogue.add_submix(
        [drums, bass, keys], gains_db={bass: -6.0}, offsets_s={bass: 0.5, keys: 0.25}
    )
    item = ws.catalogue.item(mix)
    assert (item.kind, item.domain, item.parent_id) == ("submix", "audio", stems["mix"])
    assert (item.media_id, item.duration_s) == (None, 2.0)
    naive = read(ws, drums).copy()
    naive[RATE // 2 : RATE // 2 + RATE] += 10 ** (-6 / 20) * read(ws, bass)
    upper = soxr.resample(read(ws, keys), 22050, RATE, quality="HQ")
    first = round(0.25 * RATE)
    naive[first : first + len(upper)] += upper
    heard = ws.catalogue.heard(mix)
    played, rate = soundfile.read(heard.path, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(played, naive, atol=2e-4)
    np.testing.assert_allclose(ws.catalogue.sound_of(mix, RATE), naive.mean(axis=1), atol=1e-5)
    # Now it has a file like any other item.
    assert ws.catalogue.media_path(mix) == heard.path
    assert ws.catalogue.peaks([mix])[mix] == heard.peaks
    shutil.rmtree(ws.cache_folder)
    assert ws.catalogue.sound_path(mix) == heard.path


def test_a_loud_submix_is_turned_down_as_a_whole(ws: Workspace, stems: dict[str, int]) -> None:
    items = [stems["drums"], stems["mix"]]
    mix = ws.catalogue.add_submix(items, gains_db=[20.0, 20.0])
    naive = 10 * (read(ws, items[0]) + read(ws, items[1]))
    naive *= 10 ** (-0.1 / 20) / np.abs(naive).max()
    played = soundfile.read(ws.catalogue.sound_path(mix), dtype="float32")[0]
    np.testing.assert_allclose(played, naive, atol=2e-4)


def test_the_same_set_and_settings_are_the_same_item(ws: Workspace, stems: dict[str, int]) -> None:
    drums, bass, keys = (stems[name] for name in ("drums", "bass", "keys"))
    first = ws.catalogue.add_submix([drums, bass], gains_db={bass: -3.0})
    assert ws.catalogue.add_submix([bass, drums], [-3.0, 0.0], title="Another") == first
    others = [
        ws.catalogue.add_submix([drums, bass]),
        ws.catalogue.add_submix([drums, bass, keys], gains_db={bass: -3.0}),
        ws.catalogue.add_submix([drums, bass], gains_db={bass: -3.0}, offsets_s={bass: 1.0}),
        ws.catalogue.add_submix([drums]),
    ]
    assert len({first, *others}) == 5
    assert ws.catalogue.add_submix([first, keys], title="Nested") not in others


def test_submixes_of_submixes_are_heard_but_nested_no_deeper(
    ws: Workspace, stems: dict[str, int]
) -> None:
    drums, bass, keys = (stems[name] for name in ("drums", "bass", "keys"))
    pair = ws.catalogue.add_submix([drums, bass], gains_db={bass: -6.0})
    nested = ws.catalogue.add_submix([ws.catalogue.add_span(pair, 0.0, 1.0), keys])
    naive = (read(ws, drums)[:RATE] + 10 ** (-6 / 20) * read(ws, bass)[:RATE]).mean(axis=1)
    naive = naive + soxr.resample(read(ws, keys), 22050, RATE, quality="HQ").mean(axis=1)
    np.testing.assert_allclose(ws.catalogue.sound_of(nested, RATE), naive, atol=1e-4)
    with pytest.raises(WorkbenchError, match="a submix of submixes already; take its parts"):
        ws.catalogue.add_submix([nested, drums])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"items": []}, "submix of nothing"),
        ({"items": [1] * 2}, "Item 1 is named twice"),
        ({"items": list(range(1, 80))}, "too many for a submix"),
        ({"items": [1, 999]}, "There is no item 999"),
        ({"gains_db": {1: float("nan")}}, "gain of item 1 is beyond"),
        ({"gains_db": {7: 1.0}}, "gain for item 7, which is no part"),
        ({"gains_db": [1.0]}, "2 items need 2 gains"),
        ({"offsets_s": {1: -1.0}}, "cannot begin -1.0 s"),
        ({"offsets_s": {1: float("inf")}}, "cannot begin inf s"),
        ({"offsets_s": {1: 3599.5}}, "would last 60 minutes"),
    ],
)
def test_what_makes_no_mix_is_one_sentence(
    ws: Workspace, stems: dict[str, int], change: dict, sentence: str
) -> None:
    given = {"items": [1, 2], **change}
    with pytest.raises(WorkbenchError, match=sentence):
        ws.catalogue.add_submix(**given)
    assert ws.catalogue.mixed() == set()


def test_what_has_no_sound_is_no_part(ws: Workspace, stems: dict[str, int]) -> None:
    silent = ws.catalogue.add_item(kind="song", domain="audio", title="without a file")
    with pytest.raises(WorkbenchError, match="has no sound"):
        ws.catalogue.add_submix([stems["bass"], silent])


def test_instruments_of_a_score_keep_their_notes(ws: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    voices = [Voice(n, tune(40 + 5 * n, quarters=8)) for n in (0, 1, 2)]
    file = write_midi(tmp_path / "a.mid", voices)
    import_music(ws, [file, write(tmp_path / "b.wav", tone())], processes=1)
    (sound,) = ws.catalogue.items(domain="audio").index
    one, two, three = ws.catalogue.tracks_in_file(1)
    mix = ws.catalogue.add_submix([three, one])
    assert ws.catalogue.item(mix).domain == "symbolic"
    assert [t.program for t in ws.catalogue.score_of(mix).tracks] == [0, 2]
    heard = ws.catalogue.sound_of(mix, RATE)
    parts = [ws.catalogue.sound_of(item, RATE) for item in (one, three)]
    longest = max(map(len, parts))
    total = sum(np.pad(part, (0, longest - len(part))) for part in parts)
    np.testing.assert_allclose(heard, total, atol=1e-4)
    bar = ws.catalogue.add_span(mix, 2.0, 4.0, "bar")
    assert set(ws.catalogue.score_of(bar).notes["onset_s"]) == {0.0, 0.5, 1.0, 1.5}
    assert len(ws.catalogue.sound_of(bar, RATE)) == 2 * RATE

    assert ws.catalogue.item(ws.catalogue.add_submix([one, int(sound)])).domain == "audio"
    later = ws.catalogue.add_submix([one, two], offsets_s={two: 1.0})
    assert ws.catalogue.item(later).domain == "audio"
    with pytest.raises(UnknownNameError, match="is sound"):
        ws.catalogue.score_of(later)


def test_a_span_of_a_submix_is_cut_from_the_mix(ws: Workspace, stems: dict[str, int]) -> None:
    mix = ws.catalogue.add_submix([stems["drums"], stems["bass"]])
    span = ws.catalogue.add_span(mix, 0.25, 0.75)
    whole = ws.catalogue.sound_of(mix, RATE)
    expected = whole[round(0.25 * RATE) : round(0.25 * RATE) + RATE // 2]
    assert np.array_equal(ws.catalogue.sound_of(span, RATE), expected)
    assert ws.catalogue.heard(span).duration_s == pytest.approx(0.5)
    ws.catalogue.heard(mix)
    assert np.array_equal(ws.catalogue.sound_of(span, RATE), expected)
