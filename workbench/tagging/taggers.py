"""The taggers there are: what each can say, under which licence, and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from workbench.backbones.tagger_card import TagName
from workbench.encoders.licences import is_non_commercial, licence_words
from workbench.errors import UnknownNameError, WorkbenchError

if TYPE_CHECKING:
    from workbench.workspace import Workspace

__all__ = [
    "THRESHOLD",
    "TagName",
    "Tagger",
    "TaggerInfo",
    "check_scores",
    "find_tagger",
    "list_taggers",
    "load_tagger",
]

THRESHOLD = 0.5  # from which score on a tag is taken as said, unless its tagger knows better


class Tagger(Protocol):
    """Hears a sound and says how probable each of its tags is.

    Attributes
    ----------
    key
        Its name and version, such as ``"musicnn-msd-1"``; it names what is stored.
    licence
        Under which its weights, and so its tags, may be used.
    sample_rate
        Of the sounds it takes, in Hz.
    tags
        All it can say, each once.
    """

    key: str
    licence: str
    sample_rate: int
    tags: tuple[TagName, ...]

    def scores(self, samples: np.ndarray) -> np.ndarray:
        """Return the probability of each of `tags`, float32 [tags], 0 to 1.

        Parameters
        ----------
        samples
            A whole item, mono at `sample_rate`, float32 [samples], of any length above zero.
        """
        ...


@dataclass(frozen=True)
class TaggerInfo:
    """What is known of a tagger before it is loaded.

    Where `installed` is false, `install` is the command that helps. `tags_count` is how many tags
    it knows, `threshold` the score from which on a tag is taken as said; `source` is where the
    tagger comes from.
    """

    key: str
    description: str
    licence: str
    installed: bool
    install: str = ""
    tags_count: int = 0
    threshold: float = THRESHOLD
    source: str = "built in"

    @property
    def licence_words(self) -> str:
        """The licence as people are shown it."""
        return licence_words(self.licence)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, and whether the licence forbids commercial use, for JSON."""
        return {**vars(self), "non_commercial": is_non_commercial(self.licence)}


class TaggerSource(NamedTuple):
    """Where taggers come from: what a workspace has of them, and how one is loaded by key."""

    listed: Callable[[Workspace], list[TaggerInfo]]
    load: Callable[[str, Workspace], Tagger]


def list_taggers(ws: Workspace) -> list[TaggerInfo]:
    """Return all taggers a workspace can use, the preferred one first."""
    return [info for source in _sources() for info in source.listed(ws)]


def find_tagger(ws: Workspace, key: str | None = None) -> TaggerInfo:
    """Return what is known of a tagger.

    Parameters
    ----------
    ws
        The workspace.
    key
        Of the tagger; by default the first that is installed, else the first.

    Raises
    ------
    UnknownNameError
        If there is no such tagger.
    """
    return _find(ws, key)[1]


def load_tagger(key: str, ws: Workspace) -> Tagger:
    """Return a tagger ready for use.

    Parameters
    ----------
    key
        Of the tagger, as `list_taggers` gives it.
    ws
        The workspace that may have trained it.

    Raises
    ------
    UnknownNameError
        If there is no such tagger or it is not installed.
    WorkbenchError
        If it cannot be loaded.
    """
    return _load(key, ws.root)


@lru_cache(maxsize=2)
def _load(key: str, root: Path) -> Tagger:
    from workbench.workspace import Workspace

    ws = Workspace(root)
    source, info = _find(ws, key)
    if not info.installed:
        raise UnknownNameError(f"Tagger {key} is not installed; run `{info.install}`.")
    tagger = source.load(key, ws)
    if not tagger.tags or len(set(tagger.tags)) < len(tagger.tags):
        raise WorkbenchError(f"Tagger {key} knows no tags, or one of them twice; train it again.")
    return tagger


def check_scores(scores: np.ndarray, tagger: Tagger) -> np.ndarray:
    """Return what a tagger said of a sound as float32 [tags].

    Raises
    ------
    WorkbenchError
        Unless there is one probability per tag.
    """
    if np.shape(scores) != (len(tagger.tags),):
        raise WorkbenchError(
            f"Tagger {tagger.key} returned an array of shape {np.shape(scores)} where "
            f"{(len(tagger.tags),)} was due."
        )
    found = np.asarray(scores, dtype=np.float32)
    if not np.all((found >= 0) & (found <= 1)):
        raise WorkbenchError(f"Tagger {tagger.key} returned numbers that are no probabilities.")
    return found


def _find(ws: Workspace, key: str | None) -> tuple[TaggerSource, TaggerInfo]:
    """Return where a tagger comes from and what is known of it; see `find_tagger`."""
    known = [(source, info) for source in _sources() for info in source.listed(ws)]
    if key is None:
        return next((entry for entry in known if entry[1].installed), known[0])
    found = next((entry for entry in known if entry[1].key == key), None)
    if found is None:
        names = ", ".join(info.key for _, info in known)
        raise UnknownNameError(f"There is no tagger {key!r}; choose one of {names}.")
    return found


def _sources() -> tuple[TaggerSource, ...]:
    """Return where taggers come from; modules are imported when they are asked."""
    from workbench.tagging import musicnn, shipped, trained

    return (
        TaggerSource(trained.listed, trained.load),
        TaggerSource(musicnn.listed, musicnn.load),
        TaggerSource(shipped.listed, shipped.load),
    )
