from __future__ import annotations

import numpy as np
import pytest
from tiny_scores import Voice, tune, write_midi
from tone_tagger import KEY, TAGS, ToneTagger, use_tone_tagger
from tone_workspace import add_tone

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.errors import NotReadyError, StorageError, UnknownNameError, WorkbenchError
from workbench.tagging import tag
from workbench.tagging.machine_tags import MachineTags
from workbench.tagging.tag import tag_items


def test_every_sound_gets_the_scores_of_its_tagger(tones: Workspace, tone_tagger: None) -> None:
    before = len(tones.catalogue.tags())
    report = tag_items(tones, processes=1)
    assert (report.tagger, report.computed, report.total, report.failures) == (KEY, 12, 12, {})
    stored = MachineTags(tones, KEY)
    ids = tones.catalogue.items().index
    expected = [ToneTagger().scores(tones.catalogue.sound_of(i, 8000)) for i in ids]
    np.testing.assert_allclose(stored.scores(ids), expected, atol=1e-6)
    assert stored.tags == TAGS
    assert report.said == sum(int(s >= 0.5) for row in expected for s in row)
    assert len(tones.catalogue.tags()) == before  # what machines say is no tag of the catalogue


def test_what_was_tagged_is_heard_again_only_if_asked(tagged: Workspace) -> None:
    moment = MachineTags(tagged, KEY).card.moment
    assert tag_items(tagged, processes=1).computed == 0
    assert MachineTags(tagged, KEY).card.moment == moment
    add_tone(tagged, 20)
    assert tag_items(tagged, processes=1).computed == 1
    store = MachineTags(tagged, KEY).store
    store.write(store.ids, np.zeros_like(store.vectors))
    report = tag_items(tagged, processes=1, again=True)
    assert (report.computed, report.total) == (13, 13)
    assert MachineTags(tagged, KEY).scores(store.ids).max() > 0.5
    assert MachineTags(tagged, KEY).card.moment > moment


def test_a_bad_file_does_not_stop_the_others(tones: Workspace, tone_tagger: None) -> None:
    tones.catalogue.media_path(3).write_bytes(b"no sound at all")
    report = tag_items(tones, processes=1)
    assert (report.computed, list(report.failures)) == (11, [3])
    assert 3 not in MachineTags(tones, KEY).ids


def test_an_interrupted_run_keeps_what_is_done_and_goes_on(
    tones: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(ToneTagger):
        heard = 0

        def scores(self, samples: np.ndarray) -> np.ndarray:
            self.heard += 1
            if self.heard == 8:
                raise KeyboardInterrupt
            return super().scores(samples)

    use_tone_tagger(monkeypatch, Interrupted())
    tag._warm_tagger.cache_clear()
    with pytest.raises(KeyboardInterrupt):
        tag_items(tones, processes=1)
    report = tag_items(tones, processes=1)
    assert (report.computed, report.total) == (8, 12)  # the first batch of four was kept
    assert MachineTags(tones, KEY).store.ids.tolist() == list(range(1, 13))


def test_only_items_of_one_kind_are_heard_if_asked(tones: Workspace, tone_tagger: None) -> None:
    tones.catalogue.join_song([1, 2], title="Both")
    report = tag_items(tones, kind="track", processes=1)
    assert MachineTags(tones, KEY).ids.tolist() == [1, 2]
    assert report.total == 2
    with pytest.raises(UnknownNameError, match="no kind of items 'album'"):
        tag_items(tones, kind="album", processes=1)


def test_scores_are_rendered_and_heard(ws: Workspace, tone_tagger: None) -> None:
    file = write_midi(ws.root / "scores" / "tune.mid", [Voice(0, tune())])
    import_music(ws, [file], processes=1)
    report = tag_items(ws, processes=1)
    assert report.failures == {}
    heard = ToneTagger().scores(ws.catalogue.sound_of(1, 8000))
    np.testing.assert_allclose(MachineTags(ws, KEY).scores([1])[0], heard, atol=1e-6)


def test_another_vocabulary_is_refused_unless_all_is_heard_again(
    tagged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shorter(ToneTagger):
        tags = TAGS[1:]

        def scores(self, samples: np.ndarray) -> np.ndarray:
            return super().scores(samples)[1:]

    use_tone_tagger(monkeypatch, Shorter())
    tag._warm_tagger.cache_clear()
    with pytest.raises(StorageError, match=r"not those the tagger gives now; run .*--again"):
        tag_items(tagged, processes=1)
    assert MachineTags(tagged, KEY).tags == TAGS
    assert tag_items(tagged, processes=1, again=True).total == 12
    assert MachineTags(tagged, KEY).scores([1]).shape == (1, 4)


def test_when_there_is_nothing_to_hear_the_sentence_says_why(
    ws: Workspace, tone_tagger: None
) -> None:
    with pytest.raises(NotReadyError, match="workbench import"):
        tag_items(ws, processes=1)
    item = add_tone(ws, 0)
    ws.catalogue.media_path(item).write_bytes(b"no sound at all")
    with pytest.raises(WorkbenchError, match=rf"item {item}: tone0\.wav"):
        tag_items(ws, processes=1)
