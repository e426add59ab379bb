"""What items are made of: their notes, their sound, and which are the same composition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.catalogue.reading import CatalogueReader

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from workbench.symbolic.score import Score


class MusicCatalogue(CatalogueReader):
    """The items of one workspace with their music.

    What has to be read or computed is done by modules that are imported when they are needed.
    """

    def score_of(self, item_id: int) -> Score:
        """Return the notes of a symbolic item.

        A track of a score is narrowed to its instrument, a segment or bar to its span (moved to
        the start; notes struck before are left out), a submix of tracks to these.

        Raises
        ------
        UnknownNameError
            If there is no such item, or it has no notes.
        MediaError
            If the file is gone, cannot be read, or no longer has the track.
        """
        from workbench.catalogue.scores import score_of

        return score_of(self, item_id)

    def sound_of(self, item_id: int, sample_rate: int) -> np.ndarray:
        """Return the sound of an item: decoded and cut to its span; rendered; mixed.

        Parameters
        ----------
        item_id
            A song, track, submix, segment or bar of either domain.
        sample_rate
            In Hz.

        Returns
        -------
        np.ndarray
            Mono, float32 [n], full scale 1.0.

        Raises
        ------
        UnknownNameError
            If there is no such item, or it has no file.
        MediaError
            If a file is gone or cannot be read.
        NotReadyError
            If a score has to be rendered and there is no sound font.
        """
        from workbench.catalogue.sounds import sound_of

        return sound_of(self, item_id).mono(sample_rate)

    def bars(self, item_id: int) -> pd.DataFrame:
        """Return the bars of an item: number (from 1), start_s and end_s, from its own start.

        Raises
        ------
        UnknownNameError
            If there is no such item, or it has no file.
        MediaError
            If the file is gone or cannot be read.
        """
        from workbench.catalogue.spans import bars_of

        return bars_of(self, self._database, item_id).table()

    # -- compositions ---------------------------------------------------------------------------

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

    def composition_of(self, item_id: int) -> list[int]:
        """Return the other items of the composition that an item, or its song, is.

        Raises
        ------
        UnknownNameError
            If there is no such item.
        """
        from workbench.catalogue.compositions import alike

        with self._database.read() as session:
            return alike(session, item_id)

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
