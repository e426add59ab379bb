"""Baskets: every change is saved, can be taken back, and is never lost to another page."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.catalogue.media import MediaInfo
from workbench.catalogue.tables import Item, Media
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.basket_parts import BasketPart, bar_lines
from workbench.search.baskets import Basket, list_baskets


@pytest.fixture
def tracks(ws: Workspace) -> Workspace:
    """Four tracks; the bars of the second one are two seconds long and begin after one."""
    for number in range(1, 5):
        media = MediaInfo(str(number), f"{number}.wav", "wav", 1, duration_s=9.0)
        ws.catalogue.add_item(kind="track", domain="audio", title=str(number), media=media)
    with ws.database.write() as session:
        media = session.get(Media, session.get(Item, 2).media_id)
        media.bars = np.array([1, 3, 5, 7, 9], dtype="<f4").tobytes()
    return ws


@pytest.fixture
def basket(tracks: Workspace) -> Basket:
    return Basket.create(tracks, "  An  evening\n song ", author="Ada")


def items(basket: Basket) -> list[int]:
    return [part.item for part in basket.parts]


def test_every_change_is_there_when_it_is_opened_again(tracks: Workspace, basket: Basket) -> None:
    basket.add(1)
    basket.add(2, gain_db=-6, offset_s=1.5, snap=False)
    basket.set(0, muted=True, gain_db=3)
    basket.rename("Night song")
    again = Basket.open(Workspace(tracks.root), "night SONG")
    assert again.parts == (BasketPart(1, 3, 0, True), BasketPart(2, -6, 1.5, False))
    assert (again.title, again.author) == ("Night song", "Ada")
    assert again.heard == again.parts[1:]
    assert again.query().items == (2,)


def test_steps_are_taken_back_and_made_again_across_sittings(
    tracks: Workspace, basket: Basket
) -> None:
    for item in (1, 2, 3):
        basket.add(item)
    basket.move(2, 0)
    basket.remove(1)
    states = [items(basket)]
    basket = Basket.open(tracks, basket.id)
    while basket.undo():
        states.append(items(basket))
    assert states == [[3, 2], [3, 1, 2], [1, 2, 3], [1, 2], [1], []]
    assert not basket.can_undo
    basket = Basket.open(tracks, basket.id)
    for expected in states[-2::-1]:
        assert basket.redo()
        assert items(basket) == expected
    assert not basket.redo()


def test_a_new_step_ends_what_could_be_made_again(basket: Basket) -> None:
    basket.add(1)
    basket.undo()
    basket.add(2)
    assert not basket.can_redo
    basket.set(0, gain_db=0.0)  # changes nothing
    basket.undo()
    assert items(basket) == []


def test_a_change_made_elsewhere_is_not_overwritten(tracks: Workspace, basket: Basket) -> None:
    other = Basket.open(Workspace(tracks.root), basket.id)
    other.add(3)
    with pytest.raises(WorkbenchError, match="changed elsewhere"):
        basket.add(1)
    assert items(basket) == [3]
    basket.add(1)
    assert items(Basket.open(tracks, basket.id)) == [3, 1]


def test_offsets_snap_to_known_bars_and_go_on_beyond_them(
    tracks: Workspace, basket: Basket
) -> None:
    assert bar_lines(tracks, 2).tolist() == [1, 3, 5, 7, 9]
    basket.add(1, offset_s=2.3)
    assert basket.parts[0].offset_s == 2.3  # no bars are known
    basket.add(2, offset_s=0.5, snap=False)
    for wanted, found in (
        (0.4, 0.0),
        (1.4, 1.5),
        (4.2, 3.5),
        (9.9, 9.5),
        (14.4, 13.5),
        (14.6, 15.5),
    ):
        assert basket.snapped(wanted) == found
    basket.set(0, offset_s=6.0)
    assert basket.parts[0].offset_s == 5.5
    basket.set(1, offset_s=1.2)  # its own bars do not hold it
    assert basket.parts[1].offset_s == 1.2


def test_songs_are_listed_and_named(tracks: Workspace, basket: Basket) -> None:
    second = Basket.create(tracks, "Second")
    basket.add(1)
    assert list_baskets(tracks)["title"].tolist() == ["An evening song", "Second"]
    assert list_baskets(tracks)["parts"].tolist() == [1, 0]
    assert Basket.open(tracks, second.id[:9]).title == "Second"
    Basket.create(tracks, "second")
    with pytest.raises(UnknownNameError, match=f"by id.*{second.id[:8]}"):
        Basket.open(tracks, "SECOND")
    with pytest.raises(UnknownNameError, match="there are: "):
        Basket.open(tracks, "Third")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda b: b.add(99), "no item 99"),
        (lambda b: b.remove(1), "no part 2"),
        (lambda b: b.set(0, gain_db=40), "between -60 and 12 dB"),
        (lambda b: b.set(0, gain_db=float("nan")), "between -60 and 12 dB"),
        (lambda b: b.set(0, offset_s=-1.0), "0 s or later"),
        (lambda b: b.rename("  "), "a title"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    tracks: Workspace, basket: Basket, change, reason: str
) -> None:
    basket.add(1)
    with pytest.raises(WorkbenchError, match=reason):
        change(basket)
    assert Basket.open(tracks, basket.id).parts == (BasketPart(1),)
    basket.set(0, muted=True)
    with pytest.raises(WorkbenchError, match="add a part"):
        basket.query()
