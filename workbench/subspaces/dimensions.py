"""Dimensions: notions of similarity with a name, built in or declared by a team.

Six are there from the start, those of Ribecky et al. 2021. The relations of US 12,394,399 between
parts of songs, between sections, and between scores and recordings are taken by naming them in
``workbench.toml``, and so is any other tag::

    [dimensions.complementarity]

    [dimensions.mood_arc]
    notion = "shared_tag"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.subspaces.notions import Notion, SameKey, SharedTag, TempoWithin
from workbench.subspaces.structure import (
    FollowingEachOther,
    PartNotion,
    SameTrack,
    SoundingTogether,
    song_groups,
)

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

DIMENSIONS = ("genre", "mood", "instrument", "era", "tempo", "key")


@dataclass(frozen=True)
class Dimension:
    """A notion of similarity with a name and a sentence that says what to listen for."""

    name: str
    notion: Notion | PartNotion
    question: str = ""

    def relation(
        self, tags: pd.DataFrame, ids: Sequence[int], items: pd.DataFrame | None = None
    ) -> np.ndarray:
        """Return the relation of all pairs of `ids`, int8 [n, n].

        Parameters
        ----------
        tags
            Of any dimension.
        ids
            The n items.
        items
            The catalogue, for relations between parts of songs; without it these are unknown.
            Tags say nothing about two parts of one song, which share theirs by descent, if it is
            given.
        """
        if isinstance(self.notion, PartNotion):
            if items is None:
                return np.zeros((len(ids), len(ids)), np.int8)
            return self.notion.between(items.loc[list(ids)], items, tags)
        relation = self.notion.relation(tags[tags["dimension"] == self.name], ids)
        if items is not None:
            songs = song_groups(items.loc[list(ids)])
            relation = relation * (songs[:, None] != songs[None, :])
        return relation


BUILT_IN = {
    "genre": Dimension("genre", SharedTag(), "The kind of music: where would it be filed?"),
    "mood": Dimension("mood", SharedTag(), "The feeling: its energy and its brightness."),
    "instrument": Dimension("instrument", SharedTag(), "The sounds: who or what is playing?"),
    "era": Dimension("era", SharedTag(), "The time it comes from."),
    "tempo": Dimension("tempo", TempoWithin(), "The speed you would tap along with."),
    "key": Dimension("key", SameKey(), "The home note and the scale, major or minor."),
}


# The relations a workspace may take beside its dimensions (US 12,394,399).
RELATIONS = {
    "sound": Dimension("sound", SharedTag(), "The sound: warm or metallic, dry or roomy."),
    "rhythm": Dimension("rhythm", SharedTag(), "The pattern of the beats, at any speed."),
    "preset": Dimension("preset", SharedTag(), "The same instrument through the same effects."),
    "composition": Dimension("composition", SharedTag(), "The same piece, whoever plays it."),
    "track": Dimension("track", SameTrack(), "Another passage of the same part of a song."),
    "complementarity": Dimension(
        "complementarity", SoundingTogether(), "Would the two sound good together?"
    ),
    "consecutiveness": Dimension(
        "consecutiveness", FollowingEachOther(), "Would one sound good after the other?"
    ),
}

_NOTIONS: dict[str, type] = {
    "shared_tag": SharedTag,
    "tempo": TempoWithin,
    "key": SameKey,
    "sounding_together": SoundingTogether,
    "following_each_other": FollowingEachOther,
    "same_track": SameTrack,
}
_KINDS: dict[type, str] = {notion: kind for kind, notion in _NOTIONS.items()}
_NAME = re.compile(r"[A-Za-z]\w*")
_RESERVED = ("overall", "ids", "file")  # names that tables of scores and map files use


def dimensions_of(ws: Workspace) -> dict[str, Dimension]:
    """Return the dimensions of a workspace by name: the six, and those it declares."""
    found = dict(BUILT_IN)
    tables = ws.config.get("dimensions", {})
    if not isinstance(tables, dict):
        raise WorkbenchError("workbench.toml: declare dimensions as tables, [dimensions.NAME].")
    for name, table in tables.items():
        found[name] = declared(name, table)
    return found


def declared(name: str, table: Any) -> Dimension:
    """Return a dimension of ``workbench.toml``; a known one keeps what is not said anew.

    Raises
    ------
    WorkbenchError
        If its name or its table cannot be used.
    """
    built_in = BUILT_IN.get(name) or RELATIONS.get(name)
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise WorkbenchError(
            f"workbench.toml: {name!r} cannot name a dimension; choose a word of letters, digits "
            f"and underscores other than {', '.join(_RESERVED)}."
        )
    if not isinstance(table, dict):
        raise WorkbenchError(f"workbench.toml: declare dimension {name!r} as [dimensions.{name}].")
    options = {k: v for k, v in table.items() if k not in ("notion", "question")}
    kind = table.get("notion", _KINDS[type(built_in.notion)] if built_in else "shared_tag")
    try:
        notion = _NOTIONS[kind](**options)
    except (KeyError, TypeError) as error:
        raise WorkbenchError(
            f"workbench.toml: dimension {name!r} has an unknown notion or option "
            f"({kind}, {', '.join(options) or 'no options'}); notions are "
            f"{', '.join(_NOTIONS)}."
        ) from error
    question = table.get("question", built_in.question if built_in else "")
    return Dimension(name, notion, str(question))


def get_dimension(ws: Workspace, name: str) -> Dimension:
    """Return one dimension of a workspace.

    Raises
    ------
    UnknownNameError
        If the workspace has no dimension of that name.
    """
    known = dimensions_of(ws)
    if name not in known:
        more = f" Take it with `workbench dimensions add {name}`." if name in RELATIONS else ""
        raise UnknownNameError(
            f"There is no dimension {name!r}; choose one of {', '.join(known)}.{more}"
        )
    return known[name]
