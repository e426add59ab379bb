"""The tags worth learning, and how they are spelled: a table that people edit before it counts.

`propose_cleaning` makes the table, `write_cleaning` and `read_cleaning` take it to a spreadsheet
and back, `Cleaning.apply` makes tags of one spelling. The catalogue stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.backbones.tagger_card import TagName
from workbench.catalogue.words import NO_WORDS
from workbench.corpus.manifest import artist_key
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.row_files import Row, read_rows, write_rows
from workbench.subspaces.structure import song_groups
from workbench.tagging.spelling import spelling_key

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

COLUMNS = {
    "dimension": str,
    "value": str,
    "items": int,
    "artists": int,
    "becomes": str,
    "kept": str,
    "why": str,
}
_YES, _NO = ("yes", "y", "true", "1", "x"), ("no", "n", "false", "0", "")


@dataclass(frozen=True)
class Cleaning:
    """What becomes of every spelling of every tag.

    Attributes
    ----------
    becomes : mapping
        The tag that each spelling is kept as, both as (dimension, value). Spellings that are not
        here are dropped.
    """

    becomes: Mapping[TagName, TagName]

    @classmethod
    def of(cls, table: pd.DataFrame) -> Cleaning:
        """Return the cleaning of a table as `propose_cleaning` makes it."""
        kept = table[table["kept"]]
        rows = kept[["dimension", "value", "becomes"]].itertuples(index=False, name=None)
        return cls({TagName(d, value): TagName(d, becomes) for d, value, becomes in rows})

    @cached_property
    def vocabulary(self) -> tuple[TagName, ...]:
        """The tags that are kept, each once, in the order of the table."""
        return tuple(dict.fromkeys(self.becomes.values()))

    def apply(self, tags: pd.DataFrame) -> pd.DataFrame:
        """Return tags by their kept spelling, without those that are dropped.

        Parameters
        ----------
        tags
            With the columns item_id, dimension and value; others are left behind.

        Returns
        -------
        item_id, dimension, value; an item has each tag once.
        """
        import pandas as pd

        rows = tags[["item_id", "dimension", "value"]].itertuples(index=False, name=None)
        # A tag that nobody spelled so when the table was made is itself once somebody does.
        spelled = {**{tag: tag for tag in self.vocabulary}, **self.becomes}
        said = ((item, TagName(dimension, value)) for item, dimension, value in rows)
        kept = [(item, *spelled[tag]) for item, tag in said if tag in spelled]
        found = pd.DataFrame(kept, columns=["item_id", "dimension", "value"])
        return found.drop_duplicates(ignore_index=True)


def human_tags(ws: Workspace, dimensions: Sequence[str] = ()) -> pd.DataFrame:
    """Return what people say in words: item_id, dimension, value, source.

    Parameters
    ----------
    ws
        The workspace.
    dimensions
        Of these; by default of all but those that are no words, `workbench.catalogue.words`.

    Raises
    ------
    UnknownNameError
        If no item is tagged with one of them.
    NotReadyError
        If there are no tags.
    """
    tags = ws.catalogue.tags()
    tags = tags[~tags["weak"].astype(bool)]
    known = tags["dimension"].unique().tolist()
    wanted = list(dimensions) or [name for name in known if name not in NO_WORDS]
    missing = [name for name in wanted if name not in known]
    if missing and known:
        raise UnknownNameError(
            f"Nobody tagged an item with {missing[0]!r}; tags are of {', '.join(known)}."
        )
    found = tags.loc[tags["dimension"].isin(wanted), ["item_id", "dimension", "value", "source"]]
    if found.empty:
        raise NotReadyError(
            "No item has a tag that a person gave; import music with a manifest of tags first."
        )
    return found.reset_index(drop=True)


def propose_cleaning(
    tags: pd.DataFrame,
    items: pd.DataFrame,
    *,
    min_items: int = 10,
    min_artists: int = 2,
    top: int = 50,
) -> pd.DataFrame:
    """Return a table of all spellings with what they should become and whether they are kept.

    Spellings are merged within a dimension where `spelling.spelling_key` is the same, and become
    the one that most items have.

    Parameters
    ----------
    tags
        With the columns item_id, dimension and value.
    items
        The catalogue, as ``Catalogue.items`` returns it, for artists; an item without an artist
        counts as one of its own.
    min_items, min_artists
        What a tag needs to be kept, all its spellings together.
    top
        How many are kept at most, of all dimensions together, those of the most items first.

    Returns
    -------
    One row per spelling with the columns dimension, value, items and artists (of this spelling),
    becomes, kept (bool) and why (it is not kept); by dimension, the commonest tags first.

    Raises
    ------
    WorkbenchError
        If no tag would be kept.
    """
    import numpy as np
    import pandas as pd

    rows = tags[["item_id", "dimension", "value"]].drop_duplicates()
    keys = {value: spelling_key(value) for value in rows["value"].unique()}
    songs = pd.Series(song_groups(items), index=items.index)
    artist = items["artist"].reindex(songs).fillna("").map(artist_key).to_numpy()
    artist = np.where(artist == "", "song " + songs.astype(str), artist)
    people = pd.Series(artist, index=items.index)
    rows = rows.assign(key=rows["value"].map(keys), artist=rows["item_id"].map(people))
    counted = {"items": ("item_id", "nunique"), "artists": ("artist", "nunique")}
    table = rows.groupby(["dimension", "key", "value"], as_index=False).agg(**counted)
    merged = rows.groupby(["dimension", "key"], as_index=False).agg(**counted)
    table = table.merge(merged, on=["dimension", "key"], suffixes=("", "_in_all"))
    table = table.sort_values(
        ["dimension", "items_in_all", "key", "items", "value"],
        ascending=[True, False, True, False, True],
        ignore_index=True,
    )
    table["becomes"] = table.groupby(["dimension", "key"])["value"].transform("first")
    table["why"] = _reasons(table, min_items=min_items, min_artists=min_artists, top=top)
    table["kept"] = table["why"] == ""
    if not table["kept"].any():
        raise WorkbenchError(
            f"No tag has {min_items} items by {min_artists} artists; ask for fewer, with "
            "`workbench tags clean` and its --min-items and --min-artists."
        )
    return table[list(COLUMNS)]


def write_cleaning(file: Path, table: pd.DataFrame) -> None:
    """Write a table as `propose_cleaning` returns it, for people to edit.

    Raises
    ------
    WorkbenchError
        If the file is there already, which somebody may have edited.
    """
    if file.exists():
        raise WorkbenchError(
            f"{file} is there already and may have been edited; name another file or delete it."
        )
    words = table.assign(kept=["yes" if kept else "no" for kept in table["kept"]])
    cells = words[list(COLUMNS)].itertuples(index=False, name=None)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
    write_rows(file, rows, COLUMNS)


def read_cleaning(file: Path) -> Cleaning:
    """Read a table that somebody may have edited.

    ``kept`` says whether items keep the tag that is spelled so; where a tag's own row is not kept,
    no spelling that becomes it is. ``becomes`` may name a tag that no row has. The columns items,
    artists and why are for readers.

    Raises
    ------
    WorkbenchError
        If a column is missing or unknown, a spelling is there twice, a cell is not understood, or
        spellings become each other; with the line. If nothing is kept.
    """
    rows = read_rows(file)
    _check_columns(file, rows)
    spelled: dict[TagName, str] = {}
    kept: dict[TagName, bool] = {}
    for place, row in rows:
        cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
        tag = TagName(cells["dimension"], cells["value"])
        if not all(tag):
            raise WorkbenchError(f"{place}: a row needs a dimension and a value.")
        if tag in spelled:
            raise WorkbenchError(f"{place}: {tag[0]} {tag[1]!r} is there twice; delete one row.")
        if cells["kept"].casefold() not in _YES + _NO:
            raise WorkbenchError(f"{place}: kept is yes or no, not {cells['kept']!r}.")
        kept[tag] = cells["kept"].casefold() in _YES
        spelled[tag] = cells["becomes"]
        if kept[tag] and not spelled[tag]:
            raise WorkbenchError(f"{place}: say what {tag[1]!r} becomes, or keep it not.")
    chains = {tag: _chain(tag, spelled) for tag in spelled}
    becomes = {
        tag: chain[-1]
        for tag, chain in chains.items()
        if kept[tag] and all(kept.get(step, True) for step in chain)
    }
    if not becomes:
        raise WorkbenchError(f"{file} keeps no tag; write yes under kept for some.")
    return Cleaning(becomes)


def _reasons(table: pd.DataFrame, *, min_items: int, min_artists: int, top: int) -> list[str]:
    """Return why each row's tag is not kept, empty where it is."""
    few = table["items_in_all"] < min_items
    alone = ~few & (table["artists_in_all"] < min_artists)
    enough = table[~few & ~alone].drop_duplicates(["dimension", "key"])
    ranked = enough.sort_values(["items_in_all", "artists_in_all"], ascending=False, kind="stable")
    best = set(ranked.head(top)[["dimension", "key"]].itertuples(index=False, name=None))
    names = table[["dimension", "key"]].itertuples(index=False, name=None)
    return [
        f"fewer than {min_items} items"
        if is_rare
        else f"fewer than {min_artists} artists"
        if is_alone
        else ""
        if name in best
        else f"beyond the top {top}"
        for name, is_rare, is_alone in zip(names, few, alone, strict=True)
    ]


def _check_columns(file: Path, rows: Sequence[tuple[str, Row]]) -> None:
    if not rows:
        raise WorkbenchError(f"{file} has no row; make it again with `workbench tags clean`.")
    columns = {name for _, row in rows for name in row}
    unknown = sorted(columns - {*COLUMNS, ""})
    missing = [name for name in ("dimension", "value", "becomes", "kept") if name not in columns]
    if unknown or missing:
        what = f"knows no column {unknown[0][:80]!r}" if unknown else f"lacks {missing[0]!r}"
        raise WorkbenchError(f"{file} {what}; its columns are {', '.join(COLUMNS)}.")


def _chain(tag: TagName, spelled: Mapping[TagName, str]) -> list[TagName]:
    """Return a tag and what it becomes, step by step, up to the spelling that stays."""
    steps = [tag]
    while spelled.get(steps[-1]) and spelled[steps[-1]] != steps[-1][1]:
        step = TagName(tag.dimension, spelled[steps[-1]])
        if step in steps:
            circle = " becomes ".join(repr(value) for _, value in [*steps, step])
            raise WorkbenchError(f"In {tag[0]} {circle}; let one of them stay as it is.")
        steps.append(step)
    return steps
