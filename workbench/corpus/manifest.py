"""The manifest of a folder of scores: what may be used, what it is called, who is held out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.catalogue.keys import key_name, parse_key
from workbench.errors import WorkbenchError

COLUMNS = ("path", "corpus", "title", "artist", "style", "date", "key", "tempo_bpm", "licence")
SUFFIXES = (".mid", ".midi", ".mxl", ".musicxml", ".xml")
SPLITS = ("train", "validation", "test")
_SHIPPABLE = re.compile(
    r"(public domain|cc0|cc by|creative commons attribution|bsd)(?![a-z])[\w .-]*", re.I
)
_RESTRICTED = re.compile(
    r"(?<![a-z])(nc|nd|sa)+(?![a-z])|share.?alike|non.?commercial|no.?deriv", re.I
)
_ALSO_KNOWN_AS = {"bartholdy": "mendelssohn"}
_ERAS = ((1600, "renaissance"), (1750, "baroque"), (1820, "classical"), (1900, "romantic"))
_STYLE_ERAS = {era: era for _, era in _ERAS}
_SAME_STYLES = {"romanticism": "romantic"}
_WORKING_AGE = 35  # of a composer of whom only birth and death are known
# Both collections were made in this century and carry no dates of their own.
_CONTEMPORARY = ("freedoom", "groove")


def read_manifest(file: Path) -> pd.DataFrame:
    """Read a manifest of scores; rows that name other files, such as sound, are passed over.

    Returns
    -------
    One row per score: ``path``, ``name`` (the path as the manifest has it), ``corpus``, ``title``,
    ``artist``, ``style``, ``era``, ``key`` (one spelling, or empty), ``tempo_bpm`` (NaN: unknown),
    ``licence``, ``shippable``.

    Raises
    ------
    WorkbenchError
        If the file is missing or lacks a column.
    """
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"{file}: cannot be read as a manifest ({error}).") from error
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise WorkbenchError(f"{file}: the manifest lacks the column(s) {', '.join(missing)}.")
    table = table[table["path"].str.lower().str.endswith(SUFFIXES)].reset_index(drop=True)
    keys = [parse_key(text) for text in table["key"]]
    return pd.DataFrame(
        {
            "path": [str(file.parent / path) for path in table["path"]],
            "name": table["path"],
            **{name: table[name] for name in ("corpus", "title", "artist", "licence")},
            "style": [style_of(text) for text in table["style"]],
            "era": [era_of(*row) for row in table[["date", "style", "corpus"]].to_numpy()],
            "key": [key_name(key[0], major=key[1]) if key else "" for key in keys],
            "tempo_bpm": pd.to_numeric(table["tempo_bpm"], errors="coerce"),
            "shippable": [is_shippable(text) for text in table["licence"]],
        }
    )


def style_of(text: str) -> str:
    """Return the first, broadest style of a manifest's entry.

    Examples
    --------
    >>> style_of("funk/purdieshuffle"), style_of("Pop; Big Band"), style_of("popular / dance")
    ('funk', 'pop', 'popular')
    >>> style_of("game soundtrack (rock, metal, ambient)"), style_of("Romanticism")
    ('game soundtrack', 'romantic')
    """
    style = re.split(r"[/;(-]", text)[0].strip().lower()
    return _SAME_STYLES.get(style, style)


def era_of(date: str, style: str, corpus: str = "") -> str:
    """Return the era of a date, else of a style, else of a corpus; empty where nothing is known.

    Examples
    --------
    >>> era_of("composer 1797-1828", "lied"), era_of("18th Century", ""), era_of("c. 1600", "")
    ('romantic', 'classical', 'baroque')
    """
    composer = re.search(r"composer (\d{4})-(\d{4})", date)
    year = re.search(r"(?<!\d)(1[0-9]\d\d|20\d\d)(?!\d)", date)
    if composer:
        birth, death = int(composer[1]), int(composer[2])
        return _era(min(birth + _WORKING_AGE, death))
    if _STYLE_ERAS.get(style_of(style)):
        return _STYLE_ERAS[style_of(style)]
    if year and int(year[1]) < 1990:  # later years date the edition, not the music
        return _era(int(year[1]))
    century = re.search(r"(?<!\d)(1[5-9])th c", date.lower())
    if century:
        return _era(int(century[1]) * 100 - 40)
    return "contemporary" if corpus in _CONTEMPORARY else ""


def _era(year: int) -> str:
    return next((name for end, name in _ERAS if year < end), "modern")


def is_shippable(licence: str) -> bool:
    """Say whether weights trained on a row may be given away: no part of its licence forbids it.

    Examples
    --------
    >>> [is_shippable(t) for t in ("CC0", "BSD-3-Clause", "Creative Commons Attribution 3.0")]
    [True, True, True]
    >>> is_shippable("scores public domain; dates and authors CC BY-NC 4.0"), is_shippable("MIT")
    (False, False)
    """
    return bool(_SHIPPABLE.fullmatch(licence.strip())) and not _RESTRICTED.search(licence)


def split_by_artist(
    manifest: pd.DataFrame, *, shares: tuple[float, float] = (0.1, 0.2), seed: int = 0
) -> np.ndarray:
    """Deal scores to train, validation and test, whole artists at a time within each corpus.

    A score without an artist counts as an artist of its own. An artist who appears in several
    corpora stays on one side.

    Parameters
    ----------
    manifest
        As `read_manifest` returns it.
    shares
        Of validation and test.
    seed
        One seed gives one split.

    Returns
    -------
    str [n]: ``train``, ``validation`` or ``test``.
    """
    rng = np.random.default_rng(seed)
    groups = artist_names(manifest)
    fate: dict[str, str] = {}
    for _, rows in manifest.groupby("corpus", sort=True):
        inside = groups.loc[rows.index]
        sizes = inside.value_counts(sort=False).sort_index()
        wanted = {"validation": shares[0] * len(rows), "test": shares[1] * len(rows)}
        for name, count in inside.map(fate).value_counts().items():
            if name in wanted:
                wanted[str(name)] -= count
        for artist in rng.permutation(sizes.index.to_numpy()):
            if artist in fate:
                continue
            side = next((s for s in wanted if 0 < sizes[artist] <= 1.2 * wanted[s]), "train")
            fate[artist] = side
            if side in wanted:
                wanted[side] -= sizes[artist]
    result = groups.map(fate).to_numpy(dtype=str)
    assert_disjoint(groups, result)
    return result


def artist_names(manifest: pd.DataFrame) -> pd.Series:
    """Return who each score is grouped with: its artist by one spelling, or itself."""
    names = manifest["artist"].map(artist_key)
    return names.where(names != "", "path " + manifest["name"])


def artist_key(name: str) -> str:
    """Return a surname in small letters: ``SchubertF`` and ``Franz Schubert`` are one.

    Two people of one surname count as one too; that parts nobody. Nobody's name is empty.
    """
    import unicodedata

    first = re.split(r"[/,;(\[]", name.strip(" []"))[0].strip()
    if re.search(r"\d", first):  # drummer7, Blink 182: no surname, and the number counts
        return first.casefold()
    plain = unicodedata.normalize("NFKD", first).encode("ascii", "ignore").decode()
    code = re.fullmatch(r"(\S*[a-z])[A-Z]{1,4}[a-z]?", plain)  # Mutopia: surname, initials
    words = [w.lower() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", code[1] if code else plain)]
    names = [w for w in words if len(w) > 1 and w not in ("jr", "sr")] or words
    surname = names[-1] if names else name.strip().casefold()
    return _ALSO_KNOWN_AS.get(surname, surname)


def assert_disjoint(groups: Iterable[str], split: Iterable[str]) -> None:
    """Make sure that no artist is on two sides.

    Raises
    ------
    WorkbenchError
        If one is, with the name.
    """
    sides: dict[str, str] = {}
    for group, side in zip(groups, split, strict=True):
        if sides.setdefault(group, side) != side:
            raise WorkbenchError(f"{group!r} is in both {sides[group]} and {side}.")
