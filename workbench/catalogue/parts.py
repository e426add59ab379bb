"""Items made of other items: submixes, segments and bars, compositions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.catalogue.music import MusicCatalogue

if TYPE_CHECKING:
    from workbench.catalogue.submixes import Numbers


class PartsCatalogue(MusicCatalogue):
    """The items of one workspace with their music, and what can be made of them."""

    def add_submix(
        self,
        items: Sequence[int],
        gains_db: Numbers = None,
        offsets_s: Numbers = None,
        title: str | None = None,
    ) -> int:
        """Store items that are heard together as one item; nothing is mixed before it is asked for.

        The same items with the same settings are the same submix. One of the instruments of a
        single score is symbolic, any other is audio.

        Parameters
        ----------
        items
            Songs, tracks, submixes, segments or bars of either domain.
        gains_db, offsets_s
            By item, or one per item in their order: what each is turned up by, and when it begins;
            0 where nothing is said.
        title
            By default made of the titles of the items.

        Returns
        -------
        int
            The id of the submix.

        Raises
        ------
        WorkbenchError
            If there are no items, one is named twice or has no sound, a gain or offset makes no
            sense, or the submix would last for more than an hour.
        UnknownNameError
            If there is no such item.
        """
        from workbench.catalogue.submixes import add_submix

        with self._database.write() as session:
            return add_submix(
                session, list(items), gains_db=gains_db, offsets_s=offsets_s, title=title
            )

    def add_span(
        self,
        item_id: int,
        start_s: float,
        end_s: float,
        kind: str = "segment",
        *,
        title: str | None = None,
    ) -> int:
        """Store a part of an item's time as an item; the same span is the same item.

        Parameters
        ----------
        item_id
            A song, track or submix, or a span of one.
        start_s, end_s
            In seconds from the item's start.
        kind
            ``"segment"`` or ``"bar"``.
        title
            By default the item's title with the times.

        Returns
        -------
        int
            The id of the span.

        Raises
        ------
        UnknownNameError
            If there is no such item, or spans have no such kind.
        WorkbenchError
            If the span has no length, or does not lie within the item.
        """
        from workbench.catalogue.spans import add_span

        with self._database.write() as session:
            return add_span(session, item_id, start_s, end_s, kind, title=title)

    def link_compositions(self) -> int:
        """Link scores and recordings that lie under one name, or have one title and artist.

        Returns
        -------
        int
            How many items were given a composition; see `workbench.catalogue.compositions`.
        """
        from workbench.catalogue.compositions import link_alike

        with self._database.write() as session:
            return link_alike(session)

    def link(self, first: int, second: int) -> None:
        """Say that two items, and all that are the same as either, are one composition.

        Raises
        ------
        UnknownNameError
            If there is no such item.
        WorkbenchError
            If both are one song.
        """
        from workbench.catalogue.compositions import link

        with self._database.write() as session:
            link(session, first, second)

    def unlink(self, first: int, second: int) -> bool:
        """Take the second item out of the composition of the first; return whether it was in it.

        Raises
        ------
        UnknownNameError
            If there is no such item.
        WorkbenchError
            If both are one song.
        """
        from workbench.catalogue.compositions import unlink

        with self._database.write() as session:
            return unlink(session, first, second)
