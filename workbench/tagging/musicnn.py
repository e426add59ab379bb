"""The tags that musicnn was trained on: the fifty most frequent of the Million Song Dataset.

Listeners of Last.fm gave them (Bertin-Mahieux et al., ISMIR 2011); musicnn learned them (Pons and
Serra, ISMIR late-breaking 2019). Each is put into one of our dimensions here and spelt as other
tags of a workspace are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.encoders.base import filled
from workbench.tagging.taggers import TaggerInfo, TagName

if TYPE_CHECKING:
    from workbench.tagging.taggers import Tagger
    from workbench.workspace import Workspace

KEY = "musicnn-msd-1"
_LICENCE = "ISC (musicnn weights)"
# Its scores are probabilities of tags that few listeners gave: most stay far below one half, even
# of the tag that fits best. From a tenth on they are worth a look.
_THRESHOLD = 0.1

# In the order of the network's output: (its own name, dimension, value).
OUTPUTS = (
    ("rock", "genre", "rock"),
    ("pop", "genre", "pop"),
    ("alternative", "genre", "alternative"),
    ("indie", "genre", "indie"),
    ("electronic", "genre", "electronic"),
    ("female vocalists", "instrument", "female vocals"),
    ("dance", "genre", "dance"),
    ("00s", "era", "2000s"),
    ("alternative rock", "genre", "alternative rock"),
    ("jazz", "genre", "jazz"),
    ("beautiful", "mood", "beautiful"),
    ("metal", "genre", "metal"),
    ("chillout", "mood", "chillout"),
    ("male vocalists", "instrument", "male vocals"),
    ("classic rock", "genre", "classic rock"),
    ("soul", "genre", "soul"),
    ("indie rock", "genre", "indie rock"),
    ("Mellow", "mood", "mellow"),
    ("electronica", "genre", "electronica"),
    ("80s", "era", "1980s"),
    ("folk", "genre", "folk"),
    ("90s", "era", "1990s"),
    ("chill", "mood", "chill"),
    ("instrumental", "instrument", "instrumental"),
    ("punk", "genre", "punk"),
    ("oldies", "era", "oldies"),
    ("blues", "genre", "blues"),
    ("hard rock", "genre", "hard rock"),
    ("ambient", "genre", "ambient"),
    ("acoustic", "instrument", "acoustic"),
    ("experimental", "genre", "experimental"),
    ("female vocalist", "instrument", "female vocals"),
    ("guitar", "instrument", "guitar"),
    ("Hip-Hop", "genre", "hip-hop"),
    ("70s", "era", "1970s"),
    ("party", "mood", "party"),
    ("country", "genre", "country"),
    ("easy listening", "genre", "easy listening"),
    ("sexy", "mood", "sexy"),
    ("catchy", "mood", "catchy"),
    ("funk", "genre", "funk"),
    ("electro", "genre", "electro"),
    ("heavy metal", "genre", "heavy metal"),
    ("Progressive rock", "genre", "progressive rock"),
    ("60s", "era", "1960s"),
    ("rnb", "genre", "rnb"),
    ("indie pop", "genre", "indie pop"),
    ("sad", "mood", "sad"),
    ("House", "genre", "house"),
    ("happy", "mood", "happy"),
)
TAGS = tuple(dict.fromkeys(TagName(dimension, value) for _, dimension, value in OUTPUTS))
_TAG_OF_OUTPUT = np.array([TAGS.index(TagName(*names)) for _, *names in OUTPUTS])


class MusicNNTagger:
    """musicnn's own tags, averaged over patches of three seconds; needs its weights."""

    key = KEY
    licence = _LICENCE
    tags = TAGS

    def __init__(self) -> None:
        from workbench.encoders.musicnn.install import load_weights
        from workbench.encoders.musicnn.network import SAMPLE_RATE, MusicNN, patches

        self.sample_rate = SAMPLE_RATE
        self._network, self._patches = MusicNN(load_weights()), patches

    def scores(self, samples: np.ndarray) -> np.ndarray:
        """Return the probability of each tag, float32 [tags].

        Raises
        ------
        MediaError
            If the sound is empty.
        """
        cut = self._patches(filled(samples, 1))
        # One patch at a time: larger batches leave the cache and take longer.
        outputs = np.mean([self._network(patch[None])[1][0] for patch in cut], axis=0)
        return merged(outputs)


def merged(outputs: np.ndarray) -> np.ndarray:
    """Return the scores of `TAGS`, float32 [49]; of two outputs for one tag, the larger.

    Parameters
    ----------
    outputs
        What the network says, float32 [50].
    """
    scores = np.zeros(len(TAGS), np.float32)
    np.maximum.at(scores, _TAG_OF_OUTPUT, outputs.astype(np.float32))
    return scores


def listed(_ws: Workspace) -> list[TaggerInfo]:
    """Return what is known of the tagger, as `TaggerSource` wants it."""
    from workbench.encoders.musicnn.install import weights_file

    return [
        TaggerInfo(
            KEY,
            "musicnn's tags of the Million Song Dataset: genre, mood, instrument, era",
            _LICENCE,
            weights_file().is_file(),
            "workbench encoders install musicnn",
            tags_count=len(TAGS),
            threshold=_THRESHOLD,
        )
    ]


def load(_key: str, _ws: Workspace) -> Tagger:
    """Return the tagger, as `TaggerSource` wants it."""
    return MusicNNTagger()
