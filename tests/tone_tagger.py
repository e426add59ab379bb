"""A tagger for tests that knows high tones from low ones, and where it is found."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.tagging import taggers
from workbench.tagging.machine_tags import MachineTags, TagCard
from workbench.tagging.taggers import TaggerInfo, TaggerSource, TagName

KEY = "tones-1"
TAGS = (
    TagName("genre", "folk"),
    TagName("genre", "jazz"),
    TagName("mood", "bright"),
    TagName("mood", "calm"),
    TagName("instrument", "whistle"),
)


class ToneTagger:
    """Hears how high a sound is: 0 at 200 Hz, 1 at 400 Hz."""

    key, licence, sample_rate, tags = KEY, "CC0", 8000, TAGS

    def scores(self, samples: np.ndarray) -> np.ndarray:
        spectrum = np.abs(np.fft.rfft(samples))
        peak = np.argmax(spectrum) * self.sample_rate / len(samples)
        height = float(np.clip((peak - 200) / 200, 0, 1))
        return np.array([1 - height, height, height, 0.9, 0.0], np.float32)


def use_tone_tagger(
    patch: pytest.MonkeyPatch, tagger: object = None, *, threshold: float = 0.5
) -> None:
    """Put the tagger before those there are; in this process only."""
    found = tagger or ToneTagger()
    info = TaggerInfo(
        KEY, "how high a tone is", "CC0", True, tags_count=len(found.tags), threshold=threshold
    )
    source = TaggerSource(lambda _ws: [info], lambda _key, _ws: found)
    others = taggers._sources()
    taggers._load.cache_clear()
    patch.setattr(taggers, "_sources", lambda: (source, *others))


def store_scores(ws: Workspace, scores: np.ndarray) -> None:
    """Store scores of items 1, 2, ... as if the tagger had given them; [items, 5]."""
    tags = MachineTags(ws, KEY)
    tags.write_card(TagCard(KEY, "CC0", 0.5, TAGS, ""))
    tags.store.write(np.arange(1, len(scores) + 1), scores.astype(np.float32))
