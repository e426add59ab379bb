"""Songs that are built: mixed, written to a folder with their stems, and every use recorded."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from workbench.audio.mixing import HIGHEST, LONGEST_S, resampled
from workbench.catalogue.tables import Item, Media, Tag, Use, now
from workbench.errors import WorkbenchError
from workbench.files import PARTIAL, clear_storage_errors

if TYPE_CHECKING:
    from workbench.search.basket_parts import BasketPart
    from workbench.search.baskets import Basket
    from workbench.workspace import Workspace

SAMPLE_RATE = 44100  # at least; a recording with more keeps it


def export_song(ws: Workspace, basket: Basket, folder: Path, *, overwrite: bool = False) -> Path:
    """Mix a song and write it with its stems and the record of what it is made of.

    Parameters
    ----------
    ws
        The workspace.
    basket
        The song; muted parts are left out.
    folder
        Where to write ``mix.wav``, ``stems/NN_title.wav`` (each as it is in the mix, from its
        start, so that they add up to it) and ``song.json`` (items, artists, tags and licences as
        far as known, gains, offsets, content hashes). It appears when everything is written.
    overwrite
        Replace what is there.

    Returns
    -------
    The folder.

    Raises
    ------
    WorkbenchError
        If nothing is heard in the song, it lasts longer than an hour, or something is in the
        folder.
    MediaError
        If a sound is gone or cannot be read; nothing is written then.

    Notes
    -----
    Computed in float, written with 24 bits. Where the mix would pass full scale everything is
    turned down alike. One row per part is added to the use records (patent US 12,394,399: which
    music items were retrieved to create a song).
    """
    folder = Path(folder).expanduser().resolve()
    parts = basket.heard
    if not parts:
        raise WorkbenchError("Nothing is heard in this song yet; add a part to it.")
    if folder.exists() and not overwrite and (folder.is_file() or any(folder.iterdir())):
        raise WorkbenchError(
            f"{folder} is there already; name another folder, or overwrite it (--overwrite, "
            "overwrite=True)."
        )
    rate, channels, length = _shape(ws, parts)
    mix = np.zeros((channels, length), dtype=np.float64)
    for part in parts:
        _place(mix, _sound(ws, part, rate), part, rate)
    scale = min(1.0, HIGHEST / max(float(np.abs(mix).max()), 1e-9))
    with clear_storage_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=PARTIAL))
    try:
        with clear_storage_errors(folder):
            _write(partial / "mix.wav", mix * scale, rate)
            described = _described(ws, parts)
            (partial / "stems").mkdir()
            for number, (part, told) in enumerate(zip(parts, described, strict=True), start=1):
                stem = np.zeros_like(mix)
                _place(stem, _sound(ws, part, rate), part, rate)
                name = f"stems/{number:02}_{file_name(told['title'])}.wav"
                _write(partial / name, stem * scale, rate)
                told["file"] = name
            record = {
                "title": basket.title,
                "author": basket.author,
                "song_id": basket.id,
                "exported_at": now().isoformat(timespec="seconds"),
                "sample_rate": rate,
                "duration_s": round(length / rate, 3),
                "turned_down_db": abs(round(20.0 * float(np.log10(scale)), 2)),
                "parts": described,
            }
            text = json.dumps(record, indent=1, ensure_ascii=False)
            (partial / "song.json").write_text(text, encoding="utf-8")
            os.chmod(partial, 0o755)
            if folder.exists():
                shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
            os.rename(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    record_uses(ws, basket)
    return folder


def record_uses(ws: Workspace, basket: Basket) -> None:
    """Store that the parts heard in a song were used for it, one row each."""
    with ws.database.write() as session:
        session.add_all(
            Use(
                assembly_id=basket.id,
                item_id=part.item,
                gain_db=part.gain_db,
                offset_s=part.offset_s,
                author=basket.author,
                at=now(),
            )
            for part in basket.heard
        )


def file_name(title: str) -> str:
    """Return a title as part of a file's name that every system takes.

    Examples
    --------
    >>> file_name("../Söhne: <b>mix</b>?"), file_name("...")
    ('Söhne_b_mix_b', 'untitled')
    """
    return re.sub(r"[^\w-]+", "_", title).strip("_")[:60] or "untitled"


def _shape(ws: Workspace, parts: tuple[BasketPart, ...]) -> tuple[int, int, int]:
    """Return sample rate, channels and length of a mix without decoding anything twice long."""
    rates = ws.catalogue.sample_rates()
    rate = max(SAMPLE_RATE, *(rates.get(part.item, 0) for part in parts))
    channels, length = 1, 0
    for part in parts:
        sound = _sound(ws, part, rate)
        channels = max(channels, len(sound))
        length = max(length, round(part.offset_s * rate) + sound.shape[1])
    if length > LONGEST_S * rate:
        raise WorkbenchError(f"The song would be longer than {LONGEST_S / 60:.0f} minutes.")
    return rate, channels, length


def _sound(ws: Workspace, part: BasketPart, rate: int) -> np.ndarray:
    """Return what a part sounds like, float32 [1 or 2, n]."""
    samples = resampled(ws.catalogue.whole_sound(part.item), rate)
    return samples if len(samples) <= 2 else samples.mean(axis=0, keepdims=True)


def _place(mix: np.ndarray, sound: np.ndarray, part: BasketPart, rate: int) -> None:
    """Add a part to a mix; one channel goes to all."""
    first = round(part.offset_s * rate)
    end = min(mix.shape[1], first + sound.shape[1])
    mix[:, first:end] += 10.0 ** (part.gain_db / 20.0) * sound[:, : end - first]


def _write(path: Path, samples: np.ndarray, rate: int) -> None:
    import soundfile

    soundfile.write(path, samples.T, rate, subtype="PCM_24")


def _described(ws: Workspace, parts: tuple[BasketPart, ...]) -> list[dict[str, Any]]:
    """Return what is known of each part; tags of its song count where it has none."""
    query = sa.select(Item, Media.sha256).outerjoin(Media, Item.media_id == Media.id)
    ids = {part.item for part in parts}
    with ws.database.read() as session:
        rows = {
            item.id: (item, sha) for item, sha in session.execute(query.where(Item.id.in_(ids)))
        }
        wholes = {i: item.parent_id for i, (item, _) in rows.items() if item.parent_id is not None}
        above = sa.select(Item.id, Item.title).where(Item.id.in_(set(wholes.values())))
        titles = {row.id: row.title for row in session.execute(above)}
        tags: dict[int, dict[str, list[str]]] = {}
        wanted = sa.select(Tag.item_id, Tag.dimension, Tag.value)
        for tag in session.execute(wanted.where(Tag.item_id.in_(ids | set(wholes.values())))):
            values = tags.setdefault(tag.item_id, {}).setdefault(tag.dimension, [])
            if tag.value not in values:
                values.append(tag.value)
    found = []
    for part in parts:
        item, sha256 = rows[part.item]
        known = tags.get(wholes.get(item.id, 0), {}) | tags.get(item.id, {})
        found.append(
            {
                "item_id": item.id,
                "title": item.title,
                "artist": item.artist,
                "kind": item.kind,
                "domain": item.domain,
                "part_of": titles.get(wholes.get(item.id, 0), ""),
                "licence": known.pop("licence", []),
                "tags": known,
                "gain_db": part.gain_db,
                "offset_s": part.offset_s,
                "sha256": sha256 or "",
            }
        )
    return found
