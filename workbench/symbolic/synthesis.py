"""How scores are made to sound: by symusic, which pip brings, or by an installed FluidSynth."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import MediaError, NotReadyError, WorkbenchError
from workbench.symbolic.render import SAMPLE_RATE, render
from workbench.symbolic.score import Score
from workbench.symbolic.soundfont import find_sound_font, font_hash
from workbench.symbolic.writing import to_symusic

ENGINES = ("symusic", "fluidsynth")
LONGEST_S = 1800.0
_VERSION = 1  # of what is done here: sounds made by another are made again
_TAIL_S = 6.0  # after the last note
_FADE_S = 0.02
_SYSTEM_FONTS = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/opt/homebrew/share/soundfonts")
_GOOD_FONTS = ("FluidR3_GM.sf2", "FluidR3_GM2-2.sf2", "default-GM.sf2", "default.sf2")
_FLUIDSYNTH_SPEED = 10  # times real time, at the least, on a busy machine
_TRACKS_AT_ONCE = 15  # MIDI channels without that of the drums


@dataclass(frozen=True)
class Synthesis:
    """A synthesizer and its sound font.

    Attributes
    ----------
    engine
        One of `ENGINES`.
    sound_font
        An SF2 file; None for one that is installed.
    """

    engine: str = ENGINES[0]
    sound_font: Path | None = None

    @classmethod
    def from_config(cls, table: Any) -> Synthesis:
        """Read the table ``[rendering]`` of workbench.toml: ``engine`` and ``sound_font``.

        Raises
        ------
        WorkbenchError
            If it says something else.
        """
        if not isinstance(table, Mapping) or set(table) - {"engine", "sound_font"}:
            raise WorkbenchError(
                "The table [rendering] of workbench.toml may have an engine and a sound_font, and "
                "nothing else."
            )
        font = table.get("sound_font") or None
        engine = table.get("engine") or ENGINES[0]
        if engine not in ENGINES or not isinstance(font, str | None):
            raise WorkbenchError(
                f"Scores are rendered by {' or '.join(ENGINES)} with a sound font that is a path, "
                f"not by {str(engine)[:40]!r}; change [rendering] in workbench.toml."
            )
        return cls(engine, Path(font).expanduser() if font else None)

    @property
    def font(self) -> Path:
        """The sound font.

        Raises
        ------
        NotReadyError
            If none is installed.
        MediaError
            If the chosen one is not there.
        """
        if self.sound_font is not None:
            if not self.sound_font.is_file():
                raise MediaError(f"{self.sound_font}: there is no such sound font.")
            return self.sound_font
        system = [Path(f) / name for f in _SYSTEM_FONTS for name in _GOOD_FONTS]
        there = [font for font in system if font.is_file()]
        if self.engine == "fluidsynth" and there:
            return there[0]
        try:
            return find_sound_font()
        except NotReadyError:
            if there:
                return there[0]
            raise

    @property
    def key(self) -> str:
        """What the sound of a score depends on besides its notes.

        Raises
        ------
        NotReadyError
            If no sound font is installed.
        MediaError
            If the sound font is none.
        """
        font = self.font
        return f"{self.engine}-{_VERSION}-{_hash(font, font.stat().st_mtime_ns)[:16]}"

    def sound(self, score: Score) -> np.ndarray:
        """Return the sound of a score at `render.SAMPLE_RATE`.

        Returns
        -------
        float32 (2, n)
            Full scale 1.0, but not limited; the last notes fade out.

        Raises
        ------
        MediaError
            If the score lasts longer than half an hour, or FluidSynth fails.
        NotReadyError
            If the engine or a sound font is not installed.
        """
        if score.end_s > LONGEST_S:
            raise MediaError(
                f"The score lasts {score.end_s / 60:.0f} minutes; {LONGEST_S / 60:.0f} are the "
                "most that is rendered. Add a segment of it and listen to that."
            )
        if len(score) == 0:
            return np.zeros((2, max(round(score.end_s * SAMPLE_RATE), 1)), dtype=np.float32)
        if self.engine == "fluidsynth":
            return self._by_fluidsynth(score)
        sound = render(to_symusic(score), sound_font=self.font)
        return sound[:, : round((score.end_s + _TAIL_S) * SAMPLE_RATE)]

    def _by_fluidsynth(self, score: Score) -> np.ndarray:
        program = shutil.which("fluidsynth")
        if program is None:
            raise NotReadyError(
                "FluidSynth is not installed; install it, or render with symusic: remove the line "
                "engine from [rendering] in workbench.toml."
            )
        pitched = [n for n, track in enumerate(score.tracks) if not track.is_drum]
        drums = [n for n, track in enumerate(score.tracks) if track.is_drum]
        step = _TRACKS_AT_ONCE
        groups = [pitched[at : at + step] for at in range(0, len(pitched), step)] or [[]]
        groups[0] = groups[0] + drums
        total = np.zeros((2, 0), dtype=np.float32)
        for group in groups:
            sound = _run(program, self.font, score.only_tracks(group))
            longer, shorter = sorted((total, sound), key=lambda s: -s.shape[1])
            total = longer.copy()
            total[:, : shorter.shape[1]] += shorter
        return total[:, : round((score.end_s + _TAIL_S) * SAMPLE_RATE)]


def faded(sound: np.ndarray, length_s: float) -> np.ndarray:
    """Return exactly so many seconds of a sound (2, n), its end faded within 20 ms."""
    count, fade = round(length_s * SAMPLE_RATE), round(_FADE_S * SAMPLE_RATE)
    out = np.zeros((2, count), dtype=np.float32)
    out[:, : sound.shape[1]] = sound[:, :count]
    if sound.shape[1] > count >= fade:
        out[:, count - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return out


def _run(program: str, font: Path, score: Score) -> np.ndarray:
    """Return what FluidSynth makes of a score, float32 (2, n)."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "score.mid", Path(folder) / "sound.wav"
        to_symusic(score).dump_midi(str(source))
        command = [program, "-ni", "-q", "-r", str(SAMPLE_RATE), "-T", "wav", "-F", str(target)]
        try:
            subprocess.run(
                [*command, str(font), str(source)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=30.0 + score.end_s / _FLUIDSYNTH_SPEED,
                check=True,
                env=os.environ | {"SDL_AUDIODRIVER": "dummy"},
            )
            samples = soundfile.read(target, dtype="float32", always_2d=True)[0].T
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            raise MediaError(f"FluidSynth could not render the score with {font.name}.") from error
    return np.ascontiguousarray(samples if len(samples) == 2 else np.repeat(samples[:1], 2, axis=0))


@lru_cache(maxsize=4)
def _hash(font: Path, _changed_ns: int) -> str:
    return font_hash(font)
