"""Suggestions: tracks in the song's own tempo and key, ranked by what goes with its mix."""

from __future__ import annotations

import pytest
from pitch_workspace import Tones, tones  # noqa: F401, a fixture

from workbench.catalogue.items import TagValue
from workbench.errors import WorkbenchError
from workbench.search.baskets import Basket
from workbench.search.filters import Filters
from workbench.search.suggest import suggest, tempo_and_key

# item: (bpm, key, instrument); the tones of items 1 to 12 rise from C4 on
TAGS = {
    1: (100.0, "C major", "piano"),
    2: (102.0, "A minor", "bass guitar"),
    3: (50.5, "C major", "double bass"),
    4: (110.0, "C major", "bass guitar"),  # too fast
    5: (98.0, "G major", "bass guitar"),  # a neighbour
    6: (100.0, "F# major", "bass guitar"),  # far away
    7: (100.0, "C major", "drum kit"),
    9: (None, "C major", "bass guitar"),  # its tempo is not known
}


@pytest.fixture
def basket(tones: Tones) -> Basket:  # noqa: F811
    for item, (bpm, key, instrument) in TAGS.items():
        tags = [TagValue("key", key, "test"), TagValue("instrument", instrument, "test")]
        tags += [TagValue("tempo", f"{bpm}", "test", bpm)] if bpm else []
        tones.ws.catalogue.set_tags({item: tags})
    song = tones.ws.catalogue.add_item(
        kind="song", domain="audio", title="no track", tags=[TagValue("tempo", "100", "test", 100)]
    )
    tones.sounds[song] = tones.sounds[1]
    tones.embed()
    basket = Basket.create(tones.ws, "A song")
    basket.add(1)
    return basket


def test_tempo_and_key_go_with_the_song(tones: Tones, basket: Basket) -> None:  # noqa: F811
    assert tempo_and_key(tones.ws, basket) == (100.0, "C major")
    assert sorted(suggest(tones.ws, basket, count=99).index) == [2, 3, 7]
    assert sorted(suggest(tones.ws, basket, instrument="bass").index) == [2, 3]
    with_neighbours = suggest(tones.ws, basket, instrument="bass", neighbours=True)
    assert sorted(with_neighbours.index) == [2, 3, 5]


def test_what_is_asked_for_goes_before_the_songs_own(tones: Tones, basket: Basket) -> None:  # noqa: F811
    filters = Filters(key="F# major", without=("drums",))
    assert suggest(tones.ws, basket, filters=filters).index.tolist() == [6]
    filters = Filters(tempo_bpm=(105, 115))
    assert suggest(tones.ws, basket, filters=filters).index.tolist() == [4]


def test_the_mix_as_it_is_heard_is_the_query(
    tones: Tones,  # noqa: F811
    basket: Basket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    basket.add(7, gain_db=-6, offset_s=1)
    basket.add(2)
    basket.set(2, muted=True)
    seen = []
    monkeypatch.setattr(
        "workbench.search.suggest.find", lambda ws, query, **options: seen.append((query, options))
    )
    suggest(tones.ws, basket, weights={"key": 1, "sound": -0.5})
    query, options = seen[0]
    assert [(p.item, p.gain_db, p.offset_s) for p in query.parts] == [(1, 0, 0), (7, -6, 1)]
    assert options["weights"] == {"key": 1, "sound": -0.5}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (["genre", "mood", "complementarity"], {"complementarity": 1.0}),
        (["genre", "key", "mood"], {"mood": 1.0, "genre": 1.0}),
        (["key", "tempo"], None),
    ],
)
def test_by_default_what_goes_together_counts_else_mood_and_genre(
    tones: Tones,  # noqa: F811
    basket: Basket,
    monkeypatch: pytest.MonkeyPatch,
    known: list[str],
    expected: dict[str, float] | None,
) -> None:
    from types import SimpleNamespace

    seen = []
    card = SimpleNamespace(dimensions=known)
    monkeypatch.setattr(type(tones.ws.models), "card", lambda *_: card)
    monkeypatch.setattr(
        "workbench.search.suggest.find", lambda *_, **options: seen.append(options["weights"])
    )
    suggest(tones.ws, basket)
    assert seen == [expected]


def test_an_empty_song_asks_for_a_part(tones: Tones) -> None:  # noqa: F811
    with pytest.raises(WorkbenchError, match="add a part"):
        suggest(tones.ws, Basket.create(tones.ws, "Nothing"))
