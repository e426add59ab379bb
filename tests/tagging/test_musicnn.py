from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench import Workspace
from workbench.audio.decode import decode
from workbench.encoders.musicnn.install import weights_file
from workbench.tagging.musicnn import OUTPUTS, TAGS, merged
from workbench.tagging.taggers import TagName, load_tagger


def test_the_fifty_outputs_become_forty_nine_tags_of_four_dimensions() -> None:
    assert (len(OUTPUTS), len(TAGS)) == (50, 49)
    assert {tag.dimension for tag in TAGS} == {"genre", "mood", "instrument", "era"}
    assert all(tag.value == tag.value.lower() for tag in TAGS)


def test_outputs_keep_their_place_and_of_two_for_one_tag_the_larger_counts() -> None:
    outputs = np.random.default_rng(0).random(50).astype(np.float32)
    scores = dict(zip(TAGS, merged(outputs), strict=True))
    for index, (_, dimension, value) in enumerate(OUTPUTS):
        alike = [i for i, (_, d, v) in enumerate(OUTPUTS) if (d, v) == (dimension, value)]
        assert scores[TagName(dimension, value)] == max(outputs[i] for i in alike), index
    assert scores[TagName("instrument", "female vocals")] == max(outputs[5], outputs[31])


@pytest.mark.skipif(not weights_file().is_file(), reason="musicnn's weights are not installed")
def test_real_recordings_are_heard_as_what_they_are(
    ws: Workspace, real_recordings: list[Path]
) -> None:
    tagger = load_tagger("musicnn-msd-1", ws)

    def best(name: str) -> set[str]:
        file = next(f for f in real_recordings if name in f.name)
        scores = tagger.scores(decode(file).mono(tagger.sample_rate))
        assert scores.shape == (49,)
        assert np.all((scores > 0) & (scores < 1))
        return {TAGS[i].value for i in np.argsort(-scores)[:5]}

    assert {"female vocals", "folk", "country"} <= best("karissa")
    assert "jazz" in best("solo_trumpet")
