"""What items are made of: their notes, their sound, and which are the same composition."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.catalogue.media_rows import MediaCatalogue

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from workbench.audio.decode import Sound
    from workbench.catalogue.database import Database
    from workbench.catalogue.heard import Heard
    from workbench.progress import Progress
    from workbench.symbolic.score import Score
    from workbench.symbolic.synthesis import Synthesis


class MusicCatalogue(MediaCatalogue):
    """The items of one workspace with their music.

    What has to be read or computed is done by modules that are imported when they are needed.

    Parameters
    ----------
    database, root
        As for `CatalogueReader`.
    rendering
        The table ``[rendering]`` of workbench.toml: how scores are made to sound.
    """

    def __init__(self, database: Database, root: Path, *, rendering: Any = None) -> None:
        super().__init__(database, root)
        self._rendering = {} if rendering is None else rendering

    @property
    def cache_folder(self) -> Path:
        """Where files lie that can be made again."""
        return self._root / "cache"

    @cached_property
    def synthesis(self) -> Synthesis:
        """How scores are made to sound."""
        from workbench.symbolic.synthesis import Synthesis

        return Synthesis.from_config(self._rendering)

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
        return self.whole_sound(item_id).mono(sample_rate)

    def whole_sound(self, item_id: int) -> Sound:
        """Return the sound of an item as `sound_of` does, with its own channels and rate."""
        from workbench.catalogue.sounds import sound_of

        return sound_of(self, item_id)

    def heard(self, item_id: int) -> Heard:
        """Return the file that is played of an item, with its length, waveform and levels.

        The sound of scores, submixes and spans is made when it is asked for first, and kept.

        Raises
        ------
        UnknownNameError, MediaError, NotReadyError
            As `sound_of`.
        """
        from workbench.catalogue.heard import heard

        return heard(self, item_id)

    def sound_path(self, item_id: int) -> Path:
        """Return the file that is played of an item, made if need be, see `heard`."""
        from workbench.catalogue.heard import sound_path

        return sound_path(self, item_id)

    # -- bars -----------------------------------------------------------------------------------

    def bars(self, item_id: int, *, progress: Progress | None = None) -> pd.DataFrame:
        """Return the bars of an item: number (from 1), start_s and end_s, from its own start.

        Those of a score are written in it. Those of a recording are found by following its beat
        and guessing where bars begin, which takes some seconds the first time; a track has the
        bars of its song.

        Parameters
        ----------
        item_id
            The item.
        progress
            Told when a recording is listened to.

        Raises
        ------
        UnknownNameError
            If there is no such item, or it has no file.
        MediaError
            If the file is gone or cannot be read.
        """
        from workbench.catalogue.spans import bars_of

        return bars_of(self, self._database, item_id, progress=progress).table()

    # -- compositions ---------------------------------------------------------------------------

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
