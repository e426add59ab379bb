"""Scores of the music21 corpus, as it is installed beside the workbench."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from workbench.demo.recipe import Piece
from workbench.errors import MediaError, NotReadyError


def load_score(piece: Piece) -> Any:
    """Parse one piece of the music21 corpus into a score with parts and bars.

    Raises
    ------
    NotReadyError
        If music21 is not installed.
    MediaError
        If the installed corpus lacks the piece or music21 cannot read it.
    """
    try:
        from music21 import corpus, stream
    except ImportError as error:
        raise NotReadyError(
            "The demo needs music21 and pretty_midi; install them with "
            'pip install "music-similarity-workbench[demo]".'
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score = corpus.parse(piece.path, number=piece.number)
            if isinstance(score, stream.Opus):  # one tune per part
                score = score.mergeScores()
    except Exception as error:  # music21's parsers raise whatever they stumble on
        raise MediaError(f"{piece.path}: music21 cannot read it ({error})") from error
    for number, part in enumerate(list(score.parts)):
        if piece.parts and number not in piece.parts:
            score.remove(part)
    if not score.parts or not score.recurse().notes:
        raise MediaError(f"{piece.path}: the score holds no notes")
    return score


def licence_of_score(piece: Piece, score: Any) -> str:
    """Return what a piece's file says of its terms, or nothing if that is an empty form."""
    said = getattr(score.metadata, "copyright", None) or ""
    if piece.path.endswith(".abc"):
        from music21 import corpus

        lines = Path(str(corpus.getWork(piece.path))).read_text(errors="replace").splitlines()
        notes = (line.strip("% ") for line in lines if line.startswith("%"))
        said = " ".join(note for note in notes if re.search(r"copyright|licen[cs]e", note, re.I))
    said = " ".join(said.split())
    return said if said.replace("Copyright", "").strip(" ©.") else ""
