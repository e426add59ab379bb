"""What the overview tabulates: tables of the workspace in, rows of words out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.evaluation.changes import Changes, VersionChange
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import present
from workbench.widgets.present import ALL_AT_ONCE

if TYPE_CHECKING:
    import pandas as pd

RATER_HEADER = ("Rater", "Judgements", "Could not tell", "Skipped", "Last judgement")
TAG_HEADER = ("Dimension", "Songs", "Tracks", "Values", "Most frequent", "Estimated")
CHANGE_HEADER = ("What", "Since then")
_TAG_COLUMNS = ("dimension", "songs_tagged", "songs", "tracks_tagged", "tracks", "different",
                "most_frequent", "estimated")  # fmt: skip
_VALUES_SHOWN = 5


# -- the catalogue --------------------------------------------------------------------------------


def catalogue_counts(items: pd.DataFrame) -> list[tuple[str, str]]:
    """Return what a catalogue holds as pairs of number and name; kinds it lacks are left out.

    Parameters
    ----------
    items
        As ``Catalogue.items`` returns them. The time is that of whole recordings: the parts
        of a song are not counted again.
    """
    audio = items[items["domain"] == "audio"]
    whole = audio[audio["parent_id"].isna() & (audio["kind"] != "submix")]
    scores = (items["domain"] == "symbolic") & (items["kind"] == "song")
    kinds = audio["kind"].value_counts()
    counts = [
        (int(kinds.get("song", 0)), "song", "songs"),
        (int(kinds.get("track", 0)), "track (part of a song)", "tracks (parts of songs)"),
        (int(kinds.get("submix", 0)), "submix", "submixes"),
        (int(scores.sum()), "score (notation)", "scores (notation)"),
    ]
    shown = [
        (present.count_words(number), one if number == 1 else many)
        for number, one, many in counts
        if number
    ]
    seconds = whole["duration_s"].sum()
    if whole.empty:
        return shown
    if seconds < 90:
        return [*shown, (f"{seconds:.0f}", "seconds of sound")]
    if seconds < 90 * 60:
        return [*shown, (f"{seconds / 60:.0f}", "minutes of sound")]
    return [*shown, (f"{seconds / 3600:,.1f}", "hours of sound")]


# -- what changed ---------------------------------------------------------------------------------


def change_rows(changes: Changes) -> list[list[str]]:
    """Return what changed as pairs of a subject and words; what did not is said, too."""
    verdicts = [
        (changes.confirmed, f"{present.plural(changes.confirmed, 'tag')} confirmed"),
        (changes.rejected, f"{present.plural(changes.rejected, 'suggestion')} rejected"),
    ]
    rows = [
        ["Catalogue", _items_words(changes)],
        ["Judgements", _judgement_words(changes)],
        *([f"Model {each.card.version}", _version_words(each)] for each in changes.versions),
        ["Model in use", _in_use_words(changes)],
        ["Tags", _listed(words for number, words in verdicts if number) or "none reviewed"],
    ]
    if changes.failures:
        files = present.plural(changes.failures, "file")
        rows.append(["Imports", f"{files} could not be imported"])
    return rows


def _items_words(changes: Changes) -> str:
    if changes.items.empty:
        return "nothing added"
    counts = catalogue_counts(changes.items)
    return f"{_listed(f'{number} {name}' for number, name in counts)} added"


def _judgement_words(changes: Changes) -> str:
    total = sum(changes.judgements.values())
    if not total:
        return "none given"
    parts = sorted(changes.judgements.items(), key=lambda part: (-part[1], part[0]))
    by = present.plural(changes.raters, "rater")
    return f"{present.count_words(total)} by {by}: {_listed(f'{n} {name}' for name, n in parts)}"


def _version_words(change: VersionChange) -> str:
    card = change.card
    made = f"made on {present.date_words(card.created_at)}"
    if card.parent is None:
        return f"{made} from tags"
    origin = f"{made} from {card.parent} and {present.plural(card.judgements, 'judgement')}"
    if change.overall is None:
        return f"{origin}; nothing was measured to compare them by"
    scores = f"{ALL_AT_ONCE} {change.overall.before:.2f} to {change.overall.after:.2f}"
    moved = _listed(
        f"{name} {'rose' if move.after > move.before else 'fell'} from {move.before:.2f} to "
        f"{move.after:.2f}"
        for name, move in change.moved.items()
    )
    return f"{origin}; on tags {scores}; {moved or 'no dimension is known to have changed'}"


def _in_use_words(changes: Changes) -> str:
    if changes.in_use_now is None:
        return "none yet"
    if changes.in_use_now == changes.in_use_then:
        return f"{changes.in_use_now}, as before"
    before = changes.in_use_then
    return f"{changes.in_use_now}, before that {before}" if before else changes.in_use_now


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


# -- raters ---------------------------------------------------------------------------------------


def rater_rows(table: pd.DataFrame, *, names: bool) -> list[list[str]]:
    """Return rater, judgements, could not tell, skipped and last date, the busiest first.

    Parameters
    ----------
    table
        Effective judgements, as ``JudgementLog.table`` returns them.
    names
        Whether raters are named; else they are "rater 1", "rater 2" and so on.
    """
    order = table.groupby("rater").size().sort_values(ascending=False, kind="stable").index
    return [
        _rater_row(str(rater) if names else f"rater {place}", table[table["rater"] == rater])
        for place, rater in enumerate(order, start=1)
    ]


def _rater_row(rater: str, own: pd.DataFrame) -> list[str]:
    answers = own["choice"].value_counts()
    unsure, skipped = int(answers.get("cannot_tell", 0)), int(answers.get("skip", 0))
    judged = len(own) - skipped
    return [
        rater,
        present.count_words(judged),
        _share(unsure, judged),
        _share(skipped, len(own)),
        present.date_words(own["at"].max()),
    ]


# -- tags ------------------------------------------------------------------------------------------


def tag_table(
    tags: pd.DataFrame, items: pd.DataFrame, *, dimensions: Iterable[str] = DIMENSIONS
) -> pd.DataFrame:
    """Return coverage and values of the tags of each dimension.

    Parameters
    ----------
    tags, items
        As ``Catalogue.tags`` and ``Catalogue.items`` return them.
    dimensions
        Which to list, in this order; those without tags are left out.

    Returns
    -------
    DataFrame
        dimension; songs_tagged of songs, tracks_tagged of tracks; the number of values; the most
        frequent ones (a range for quantities); the share that is estimated. Values are counted
        over songs, over other items only where no song has a tag.
    """
    import pandas as pd

    rows: list[list[object]] = []
    songs, tracks = (items[items["kind"] == kind] for kind in ("song", "track"))
    for dimension in dimensions:
        own = tags[(tags["dimension"] == dimension) & tags["item_id"].isin(items.index)]
        if own.empty:
            continue
        of_songs = own[own["item_id"].isin(songs.index)]
        counted = own if of_songs.empty else of_songs  # a song's tracks repeat its tags
        covered = [
            number
            for part in (songs, tracks)
            for number in (int(part.index.isin(own["item_id"]).sum()), len(part))
        ]
        weak = float(counted["weak"].astype(bool).mean())
        values = counted["value"].nunique()
        rows.append([dimension, *covered, values, _frequent(counted), weak])
    return pd.DataFrame(rows, columns=list(_TAG_COLUMNS))


def tag_rows(table: pd.DataFrame) -> list[list[object]]:
    """Return `tag_table` as rows of words, as `TAG_HEADER` names their columns."""
    return [
        [
            name,
            _coverage(songs_tagged, songs),
            _coverage(tracks_tagged, tracks),
            present.count_words(different),
            frequent,
            _estimated(share),
        ]
        for name, songs_tagged, songs, tracks_tagged, tracks, different, frequent, share in (
            table.astype(object).to_numpy().tolist()
        )
    ]


def _estimated(share: float) -> str:
    return "all" if share == 1 else f"{100 * share:.0f} %" if share else "none"


def _coverage(tagged: int, of: int) -> str:
    if not of:
        return "none in the catalogue"
    words = f"{present.count_words(tagged)} of {present.count_words(of)}"
    return present.bar(tagged / of, words)


def _frequent(tags: pd.DataFrame) -> str:
    if tags["number"].notna().all():
        unit = " bpm" if tags["dimension"].iloc[0] == "tempo" else ""
        low, middle, high = tags["number"].quantile([0, 0.5, 1])
        return f"{low:.0f} to {high:.0f}{unit}, half of them below {middle:.0f}"
    values = tags.drop_duplicates(["item_id", "value"])["value"].value_counts()
    shown = [f"{value} ({count})" for value, count in values.head(_VALUES_SHOWN).items()]
    return ", ".join(shown) + (", …" if len(values) > _VALUES_SHOWN else "")


# -- helpers --------------------------------------------------------------------------------------


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _share(part: int, whole: int) -> str:
    return f"{present.count_words(part)} ({_percent(part, whole)})"
