"""Stems of songs that came without any: separated, stored in the workspace, tagged as guesses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.audio.separation import MODEL, check_installed, separate
from workbench.catalogue.items import TagValue
from workbench.catalogue.media import describe_audio
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.progress import Progress
    from workbench.workspace import Workspace

SOURCE = "separation"
# What the sources of Demucs are called as instruments; "other" is none.
_INSTRUMENTS = {
    "drums": "drums", "bass": "bass", "vocals": "voice", "guitar": "guitar", "piano": "piano",
}  # fmt: skip


def separate_song(
    ws: Workspace,
    item_id: int,
    *,
    model: str = MODEL,
    weights: Path | None = None,
    progress: Progress | None = None,
) -> list[int]:
    """Split a song that has no tracks into tracks.

    Parameters
    ----------
    ws
        The workspace; the stems are stored below it.
    item_id
        The song.
    model, weights, progress
        As for `workbench.audio.separation.separate`.

    Returns
    -------
    list of int
        The ids of the new tracks.

    Raises
    ------
    WorkbenchError
        If the item is no song that was imported as sound, or has tracks.
    UnknownNameError, NotReadyError, MediaError, CancelledError
        As `separate`, and if there is no such item.
    """
    check_installed()
    catalogue = ws.catalogue
    song = catalogue.item(item_id)
    if song.kind != "song" or song.domain != "audio":
        raise WorkbenchError(
            f"Item {item_id} is a {song.kind} of the {song.domain} domain; only songs that were "
            "imported as sound are separated."
        )
    items = catalogue.items()
    if ((items["parent_id"] == item_id) & (items["kind"] == "track")).any():
        raise WorkbenchError(f"Item {item_id} has tracks already; there is nothing to separate.")
    if re.fullmatch(r"[\w-]{1,64}", model) is None:
        raise WorkbenchError(f"{model[:80]!r} is no name of a model, such as {MODEL}.")
    folder = ws.root / "stems" / f"{catalogue.content_of(item_id)[:16]}-{model}"
    sound = catalogue.whole_sound(item_id)
    files = separate(sound, folder, model=model, weights=weights, progress=progress)
    tracks = []
    for name, file in files.items():
        instrument = _INSTRUMENTS.get(name)
        tags = [TagValue("instrument", instrument, SOURCE, weak=True)] if instrument else []
        title = f"{song.title} ({name}, separated)"
        track, _ = catalogue.add_file(
            describe_audio(file), kind="track", title=title, artist=song.artist, tags=tags
        )
        tracks.append(track)
    catalogue.join_song(tracks, song_id=item_id)
    return tracks
