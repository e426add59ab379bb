"""What is known of a demo song, each value with its source."""

from __future__ import annotations

import math

from workbench.catalogue.items import TagValue
from workbench.catalogue.words import MARK
from workbench.demo.plan import Plan
from workbench.demo.scores import Arrangement

RENDERING = "rendering"
_MARK_SOURCE = "demo recipe"
_MIDDLE_PACE = 3.3  # onsets per second
_LOUDNESS = {"soft": -0.5, "medium": 0.0, "loud": 0.5}


def mark(name: str) -> TagValue:
    """Return the tag by which the demo knows its items again."""
    return TagValue(MARK, name, _MARK_SOURCE)


def song_tags(plan: Plan, arrangement: Arrangement) -> list[TagValue]:
    """Return the tags that hold for the song and each of its parts, instruments excepted."""
    piece = plan.piece
    tags = [
        TagValue("genre", piece.genre, "recipe"),
        TagValue("era", piece.era, piece.era_source),
        TagValue("tempo", f"{arrangement.bpm:.0f}", RENDERING, number=arrangement.bpm),
    ]
    if piece.key:
        analysed = piece.key_source == "key analysis"
        confidence = piece.key_confidence if analysed else 1.0
        tags.append(
            TagValue("key", plan.key, piece.key_source, weak=analysed, confidence=confidence)
        )
        tags.append(mood(plan, arrangement))
    if arrangement.licence:
        tags.append(TagValue("licence", arrangement.licence, "score"))
    return tags


def mood(plan: Plan, arrangement: Arrangement) -> TagValue:
    """Guess the mood's quadrant: arousal from pace and loudness, valence from the mode.

    Nobody was asked how the music feels, so the tag is weak. The four quadrants are those of
    J. A. Russell, A circumplex model of affect, 1980.
    """
    arousal = math.log2(arrangement.onset_rate / _MIDDLE_PACE) + _LOUDNESS[plan.dynamic]
    energy = "energetic" if arousal > 0 else "calm"
    valence = "bright" if plan.piece.mode == "major" else "dark"
    return TagValue("mood", f"{energy}-{valence}", "mode, tempo and loudness", weak=True)


def instrument_tags(families: list[str]) -> list[TagValue]:
    """Return one tag per family of instruments."""
    return [TagValue("instrument", family, RENDERING) for family in dict.fromkeys(families)]
