from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.corpus.piece_relations import (
    HEARD_ONLY,
    RELATIONS,
    across,
    onset_profiles,
    piece_relations,
    profile_similarity,
)

TRACKS = (("", "piano|voice", "0|53"), ("0", "piano", "0"), ("1", "voice", "53"))


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for composition in range(6):
        for performance in range(2):
            tempo, centre = float(rng.choice([60.0, 120.0])), str(rng.choice(["C", "D"]))
            studio = int(rng.integers(3))
            for section in (0, 1, 3):
                for track, families, programs in (
                    ("", "piano|voice", "0|53"),
                    ("0", "piano", "0"),
                    ("1", "voice", "53"),
                ):
                    rows.append(
                        {
                            "composition": f"c{composition}", "performance": performance,
                            "section": section, "track": track, "genre": f"g{composition % 3}",
                            "mood": "", "instrument": families, "era": f"e{composition % 2}",
                            "key": "C major" if composition % 2 else "A minor",
                            "studio": f"font {studio}" if studio < 2 else "other 2",
                            "programs": programs, "tempo": tempo, "centre": centre,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def profiles(table: pd.DataFrame) -> np.ndarray:
    rng = np.random.default_rng(1)
    kinds = rng.random((4, 2, 48)) ** 8
    return kinds[rng.integers(4, size=len(table))]


def expected(name: str, a: pd.Series, b: pd.Series) -> int | None:
    """Return a structural relation as one would say it of two pieces; None: not tested here."""
    song, performance = a.composition == b.composition, a.performance == b.performance
    together = song and performance
    stems = a.track != "" and b.track != ""
    matched = a.tempo == b.tempo and a.centre == b.centre
    disjoint = not set(a.instrument.split("|")) & set(b.instrument.split("|"))
    if name == "composition":
        return 0 if together else (1 if song else -1)
    if name == "track":
        if not stems:
            return 0
        if together:
            return 1 if a.track == b.track else -1
        return 0 if song else -1
    if name == "complementarity":
        if not (stems and disjoint):
            return 0
        if together:
            return 1 if a.section == b.section else 0
        return -1 if matched and not song else 0
    if name == "consecutiveness":
        if together and a.track == b.track:
            return 1 if abs(a.section - b.section) == 1 else -1
        alike = (a.track == "") == (b.track == "")
        return -1 if not song and matched and alike else 0
    if name in ("preset", "sound"):
        if song:
            return 0
        place = a.studio == b.studio if name == "preset" else a.studio[:4] == b.studio[:4]
        if place and a.programs == b.programs:
            return 1
        shared = set(a.programs.split("|")) & set(b.programs.split("|"))
        return -1 if not place or not shared else 0
    if name in ("genre", "era"):
        return 0 if song else (1 if a[name] == b[name] else -1)
    return None


def test_relations_are_what_one_would_say_pair_by_pair(
    table: pd.DataFrame, profiles: np.ndarray
) -> None:
    related = piece_relations(table, profiles)
    tested = 0
    for number, name in enumerate(RELATIONS):
        for i in range(0, len(table), 3):
            for j in range(len(table)):
                wanted = 0 if i == j else expected(name, table.iloc[i], table.iloc[j])
                if wanted is not None:
                    assert related[number, i, j] == wanted, (name, i, j)
                    tested += wanted != 0
    assert tested > 5000


def test_relations_are_symmetric_and_nothing_is_related_to_itself(
    table: pd.DataFrame, profiles: np.ndarray
) -> None:
    related = piece_relations(table, profiles)
    assert (related == related.transpose(0, 2, 1)).all()
    assert not related[:, np.arange(len(table)), np.arange(len(table))].any()


def test_across_domains_a_piece_is_related_to_itself_unless_only_heard(
    table: pd.DataFrame, profiles: np.ndarray
) -> None:
    within = piece_relations(table, profiles)
    crossed = across(within)
    diagonal = np.arange(len(table))
    for number, name in enumerate(RELATIONS):
        if name in HEARD_ONLY:
            assert not crossed[number].any()
        else:
            assert (crossed[number, diagonal, diagonal] == 1).all()
            off = ~np.eye(len(table), dtype=bool)
            assert (crossed[number][off] == within[number][off]).all()


def test_negatives_of_complementarity_share_tempo_and_key(
    table: pd.DataFrame, profiles: np.ndarray
) -> None:
    (relation,) = piece_relations(table, profiles, names=("complementarity",))
    rows, columns = np.nonzero(relation < 0)
    assert len(rows)
    for name in ("tempo", "centre"):
        values = table[name].to_numpy()
        assert (values[rows] == values[columns]).all()


def beat(times: np.ndarray, bpm: float) -> np.ndarray:
    onsets = times * 60.0 / bpm
    return np.column_stack([onsets, *(np.full(len(times), x) for x in (0.1, 36, 80, 0, 1))])


def test_a_rhythm_is_the_same_at_any_tempo_and_from_any_beat() -> None:
    straight, swung = np.arange(0, 32, 0.5), np.arange(0, 32, 1.0)
    swung = np.sort(np.concatenate([swung, swung + 2 / 3]))
    waltz = np.sort(np.concatenate([np.arange(0, 32, 3.0), np.arange(1, 32, 3.0) + 0.25]))
    tables = [beat(straight, 90), beat(straight + 1, 140), beat(swung, 90), beat(waltz, 90)]
    similarity = profile_similarity(onset_profiles(tables, np.array([90.0, 140.0, 90.0, 90.0])))
    np.testing.assert_allclose(np.diag(similarity), 1.0, atol=1e-5)
    assert similarity[0, 1] > 0.9
    assert similarity[0, 2] < 0.8
    assert similarity[0, 3] < 0.6


def test_profile_similarity_is_that_of_the_best_turn() -> None:
    rng = np.random.default_rng(0)
    profiles = rng.random((6, 2, 48)) ** 4
    found = profile_similarity(profiles)
    for i in range(6):
        for j in range(6):
            a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in profiles[[i, j]])
            turned = max(a[0] @ np.roll(b[0], 12 * k) for k in range(4))
            assert found[i, j] == pytest.approx(0.5 * turned + 0.5 * a[1] @ b[1], abs=1e-6)
