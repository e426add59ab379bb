"""Triplet files: our own, dim-sim's and MagnaTagATune's, in any format of `row_files`.

Conventions
-----------
Our own rows have ``anchor``, ``a`` and ``b``, which name items (id, path or title), and may have
``dimension`` and either ``answer`` (``a``, ``b`` or ``cannot_tell``; a row per rater) or ``votes``
(``5:2``, for a and for b). Without either, a is the one that is closer.

dim-sim (Lee et al. 2020; Zenodo 3889149, CC BY-NC 4.0) has a row per triplet of three-second
clips, ``song1_vote`` and ``song2_vote``. Its clean files keep agreement of 0.9 and more.

MagnaTagATune's ``comparisons_final.csv`` (Law et al. 2009) has three clips and how many players
heard each as the odd one out. A vote against a clip says that the other two are closer to each
other than to it; so each row is three triplets, one per anchor, and a vote against the anchor
says nothing of its own triplet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.evaluation.item_names import ItemNames
from workbench.evaluation.questions import OVERALL
from workbench.evaluation.voted import Vote, VotedTriplets
from workbench.row_files import Row, read_rows

if TYPE_CHECKING:
    from workbench.workspace import Workspace

DIM_SIM = ("anchor_id", "song1_id", "song2_id", "song1_vote", "song2_vote")
MAGNATAGATUNE = tuple(f"clip{i}_{what}" for what in ("numvotes", "mp3_path") for i in (1, 2, 3))
_MOST_VOTES = 2**31
_ANSWERS = {"a": (1, 0, 0), "b": (0, 1, 0), "cannot_tell": (0, 0, 1)}


@dataclass(frozen=True)
class TripletFile:
    """What a file holds, as far as its items are in the workspace.

    Attributes
    ----------
    layout
        ``triplets``, ``dim-sim`` or ``magnatagatune``.
    voted
        The triplets.
    rows, matched
        How many rows the file has, and how many of them have all three items here.
    """

    layout: str
    voted: VotedTriplets
    rows: int
    matched: int


def read_triplets(ws: Workspace, file: Path) -> TripletFile:
    """Read a triplet file; its columns tell which kind it is.

    Parameters
    ----------
    ws
        The workspace whose items it names. Of the published sets the rows whose sound has been
        imported are used, the others counted; in our own files every name must lead to one item.
    file
        ``.csv`` or ``.tsv``, ``.json`` (a list), ``.jsonl`` or ``.parquet``.

    Raises
    ------
    WorkbenchError
        If the file cannot be read or a row is not understood; the sentence names file and line.
    """
    from workbench.subspaces.dimensions import dimensions_of

    rows = [
        (place, {n: c.strip() if isinstance(c, str) else c for n, c in row.items()})
        for place, row in read_rows(file)
    ]
    if not rows:
        raise WorkbenchError(f"{file} holds no triplets.")
    names, columns = ItemNames.of(ws), set(rows[0][1])
    layout = layout_of(file, columns)
    known, votes, matched = dimensions_of(ws), [], 0
    for place, row in rows:
        try:
            found = list(_READERS[layout](row, names))
            if layout == "triplets":
                _check_own(found[0], known)
        except (KeyError, TypeError, ValueError) as error:
            raise WorkbenchError(f"{place}: {_reason(error)}.") from error
        except WorkbenchError as error:
            raise type(error)(f"{place}: {error}.") from error
        matched += bool(found)
        votes += found
    return TripletFile(layout, VotedTriplets.of(votes), len(rows), matched)


def layout_of(file: Path, columns: set[str]) -> str:
    """Return which kind of triplet file has these columns."""
    if columns >= set(DIM_SIM):
        return "dim-sim"
    if columns >= set(MAGNATAGATUNE):
        return "magnatagatune"
    missing = [name for name in ("anchor", "a", "b") if name not in columns]
    if missing:
        raise WorkbenchError(
            f"{file} has no column `{missing[0]}`; a triplet file has anchor, a and b, or the "
            "columns of dim-sim or of MagnaTagATune's comparisons."
        )
    return "triplets"


def _check_own(vote: Vote, known: Mapping[str, object]) -> None:
    if vote.dimension not in ("", OVERALL, *known):
        raise UnknownNameError(
            f"there is no dimension {vote.dimension!r}; choose one of {', '.join(known)}"
        )
    if len({vote.anchor, vote.a, vote.b}) < 3:
        raise WorkbenchError("a triplet needs three different items")


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the value of {error} is missing"
    return str(error)


# -- the three layouts ----------------------------------------------------------------------------


def _own_votes(row: Row, names: ItemNames) -> Iterator[Vote]:
    anchor, a, b = (names.find(_value(row, name)) for name in ("anchor", "a", "b"))
    votes, answer = row.get("votes"), row.get("answer")
    if votes not in (None, ""):
        for_a, for_b = _vote_pair(votes)
        said = (for_a, for_b, 0)
    elif answer in (None, ""):
        said = _ANSWERS["a"]
    elif str(answer) in _ANSWERS:
        said = _ANSWERS[str(answer)]
    else:
        raise ValueError(f"answer {answer!r} is none of {', '.join(_ANSWERS)}")
    yield Vote(anchor, a, b, *said, dimension=str(row.get("dimension") or "").strip())


def _dim_sim_votes(row: Row, names: ItemNames) -> Iterator[Vote]:
    votes = [_count(_value(row, f"song{i}_vote")) for i in (1, 2)]
    found = [
        names.by_clip(str(_value(row, f"{who}_id")), _count(row.get(f"{who}_start_samples") or 0))
        for who in ("anchor", "song1", "song2")
    ]
    if all(len(items) == 1 for items in found):
        anchor, a, b = (next(iter(items)) for items in found)
        if len({anchor, a, b}) == 3:
            dimension = str(row.get("dimension") or "")  # a column that our own exports add
            yield Vote(anchor, a, b, for_a=votes[0], for_b=votes[1], dimension=dimension)


def _magnatagatune_votes(row: Row, names: ItemNames) -> Iterator[Vote]:
    odd = [_count(_value(row, f"clip{i}_numvotes")) for i in (1, 2, 3)]
    found = [names.by_path(str(_value(row, f"clip{i}_mp3_path"))) for i in (1, 2, 3)]
    if all(len(items) == 1 for items in found):
        items = [next(iter(clip)) for clip in found]
        if len(set(items)) == 3:
            for anchor, a, b in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
                yield Vote(items[anchor], items[a], items[b], odd[b], odd[a])


_READERS = {
    "triplets": _own_votes,
    "dim-sim": _dim_sim_votes,
    "magnatagatune": _magnatagatune_votes,
}


def _value(row: Row, name: str) -> Any:
    value = row.get(name)
    if value in (None, ""):
        raise KeyError(name)
    return value


def _count(value: Any) -> int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < _MOST_VOTES or number != int(number):
        raise ValueError(f"{value!r} is no count")
    return int(number)


def _vote_pair(votes: Any) -> tuple[int, int]:
    parts = re.split(r"[:/]", votes) if isinstance(votes, str) else votes
    if not isinstance(parts, list) or len(parts) != 2:
        raise ValueError(f"votes {votes!r} are not understood; write them like 5:2")
    return _count(parts[0]), _count(parts[1])
