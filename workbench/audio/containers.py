"""Sound files opened with FFmpeg: of the formats that music comes in, and of no other.

FFmpeg also reads playlists, which name further files and addresses. A playlist called `song.m4a`
would have it play, and us publish, whatever lies beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

# As FFmpeg calls them. None of them opens another file or an address.
_FORMATS = "wav,w64,flac,mp3,ogg,mov,mp4,m4a,asf,aiff,aac,caf,matroska,webm"


def open_container(path: Path, *, metadata_errors: str = "ignore") -> Any:
    """Open a sound file, whatever its suffix says of its format.

    Parameters
    ----------
    path
        The file; never taken for an address.
    metadata_errors
        What becomes of tags that are no UTF-8, as in `bytes.decode`.

    Raises
    ------
    av.FFmpegError
        If it is of none of these formats, or damaged.
    """
    import av

    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    return av.open(f"file:{path}", metadata_errors=metadata_errors, options=options)
