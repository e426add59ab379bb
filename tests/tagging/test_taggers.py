from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tone_tagger import KEY, TAGS, ToneTagger, use_tone_tagger

from workbench import Workspace
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.tagging.taggers import check_scores, find_tagger, list_taggers, load_tagger


def test_a_tagger_is_found_by_its_key_and_loaded_once(ws: Workspace, tone_tagger: None) -> None:
    assert [info.key for info in list_taggers(ws)] == [KEY, "musicnn-msd-1", "music-tagger-1"]
    assert find_tagger(ws).key == KEY
    assert load_tagger(KEY, ws).tags == TAGS
    assert load_tagger(KEY, ws) is load_tagger(KEY, ws)


def test_an_unknown_tagger_is_refused_with_those_there_are(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="no tagger 'nobody'; choose one of musicnn-msd-1"):
        load_tagger("nobody", ws)


def test_without_weights_the_sentence_says_how_to_get_them(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "no-cache"))
    assert find_tagger(ws).key == "music-tagger-1"
    assert not find_tagger(ws, "musicnn-msd-1").installed
    with pytest.raises(UnknownNameError, match="workbench encoders install musicnn"):
        load_tagger("musicnn-msd-1", ws)


def test_a_vocabulary_that_names_a_tag_twice_is_refused(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubled = ToneTagger()
    doubled.tags = (*TAGS, TAGS[0])
    use_tone_tagger(monkeypatch, doubled)
    with pytest.raises(WorkbenchError, match="one of them twice"):
        load_tagger(KEY, ws)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [(np.zeros(4), r"shape \(4,\)"), (np.full(5, 1.1), "no prob"), (np.full(5, np.nan), "no prob")],
)
def test_what_is_no_probability_per_tag_is_refused(scores: np.ndarray, reason: str) -> None:
    with pytest.raises(WorkbenchError, match=reason):
        check_scores(scores, ToneTagger())
