"""The encoders there are: installed, installable, and under which licence.

Four sources are listed alike: the built-in encoders, those that a workspace declares in its
``workbench.toml`` (see `workbench.encoders.declared`), the taggers that were trained in it, and
those of other installed packages (see `workbench.encoders.plugins`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.backbones.card import read_card
from workbench.backbones.relation_store import read_relation_card
from workbench.backbones.tagger_card import FOLDER, TaggerCard, read_tagger_card, tagger_cards
from workbench.encoders.base import Encoder, check_encoder
from workbench.encoders.info import EncoderInfo, KnownEncoder, broken, joined_version
from workbench.errors import UnknownNameError, WorkbenchError

if TYPE_CHECKING:
    from workbench.encoders.network import NetworkEncoder
    from workbench.workspace import Workspace

__all__ = [
    "EncoderInfo",
    "default_encoder",
    "find_encoder",
    "is_taken",
    "list_encoders",
    "load_encoder",
]


def list_encoders(ws: Workspace | None = None) -> list[EncoderInfo]:
    """Return all known encoders, the preferred one first.

    Parameters
    ----------
    ws
        Those that this workspace declares are listed too.
    """
    return [known.info for known in _known(ws)]


def default_encoder() -> EncoderInfo:
    """Return the best built-in encoder that is installed."""
    return next(known.info for known in _built_in() if known.info.installed)


def find_encoder(name: str, ws: Workspace | None = None) -> EncoderInfo:
    """Return the encoder of a key, or of the short name under which it was added.

    Raises
    ------
    UnknownNameError
        If there is no such encoder.
    """
    for known in _known(ws):
        if name in (known.name, known.info.key):
            return known.info
    raise _unknown(name, ws)


def is_taken(name: str) -> bool:
    """Return whether a built-in encoder or one of an installed package has this name."""
    return any(name in (known.name, known.info.key) for known in _known(None))


@lru_cache(maxsize=2)
def load_encoder(key: str, workspace: Path | None = None) -> Encoder:
    """Return an encoder ready for use.

    Parameters
    ----------
    key
        Of the encoder, as `find_encoder` and `list_encoders` give it.
    workspace
        The folder of the workspace that may declare it; a process of its own needs no more.

    Raises
    ------
    UnknownNameError
        If there is no such encoder or it is not installed.
    WorkbenchError
        If it cannot be loaded.
    """
    from workbench.workspace import Workspace

    ws = None if workspace is None else Workspace(workspace)
    entry = next((known for known in _known(ws) if known.info.key == key), None)
    if entry is None:
        raise _unknown(key, ws)
    info = entry.info
    if info.problem:
        raise UnknownNameError(f"Encoder {key} ({info.source}) is broken: {info.problem}.")
    if not info.installed:
        raise UnknownNameError(f"Encoder {key} is not installed; run `{info.install}`.")
    try:
        encoder = entry.load()
    except WorkbenchError as error:
        if info.source == "built in":
            raise
        text = str(error).rstrip(".")
        raise type(error)(f"Encoder {key} cannot be loaded: {text}.") from error
    except Exception as error:  # other people's code
        raise WorkbenchError(
            f"Encoder {key} ({info.source}) cannot be loaded ({type(error).__name__}: {error})."
        ) from error
    return check_encoder(encoder, f"Encoder {key} ({info.source})")


def _known(ws: Workspace | None) -> Iterator[KnownEncoder]:
    """Give all encoders, one source after the other: who asks for an early one runs no plug-in.

    A name that is taken already makes the later encoder a broken one.
    """
    from workbench.encoders.declared import declared_encoders
    from workbench.encoders.plugins import plugin_encoders

    taken: dict[str, EncoderInfo] = {}
    sources: tuple[Callable[[], list[KnownEncoder]], ...]
    sources = (
        _built_in,
        partial(declared_encoders, ws),
        partial(_trained_taggers, ws),
        plugin_encoders,
    )
    for source in sources:
        for entry in source():
            names, info = {entry.name, entry.info.key}, entry.info
            holder = next((taken[name] for name in names if name in taken), None)
            if holder is not None:
                problem = info.problem or f"its name is taken by {holder.key} ({holder.source})"
                entry = broken(f"{entry.name} ({info.source})", info.source, problem)
            taken |= dict.fromkeys(names, info) | taken
            yield entry


def _built_in() -> list[KnownEncoder]:
    """Return our own: joined with all networks, as before them (for older vectors), the base."""
    from workbench.encoders.musicnn.install import weights_file
    from workbench.encoders.network import SHIPPED
    from workbench.encoders.relations import SHIPPED as RELATIONS
    from workbench.encoders.tagger import SHIPPED as SHIPPED_TAGGER

    musicnn = weights_file().is_file()
    card, related = read_card(SHIPPED), read_relation_card(RELATIONS)
    found = []
    for base, relations in ((True, True), (True, False), (False, False)):
        version = joined_version(
            card.version if base else None, related.version if relations else None
        )
        for name in ("musicnn-descriptors", "descriptors"):
            joined = name.startswith("musicnn")
            info = EncoderInfo(
                f"{name}-{version}",
                ("musicnn's penultimate layer, " if joined else "")
                + "key profiles, folded tempogram, CENS, timbre, character"
                + (", base network" if base else "")
                + (", networks of relations; takes scores, too" if relations else ""),
                "ISC (musicnn weights), BSD-3-Clause" if joined else "BSD-3-Clause",
                musicnn or not joined,
                "workbench encoders install musicnn" if joined else "",
            )
            short = name if relations else info.key
            load = partial(_load_descriptors, musicnn=joined, base=base, relations=relations)
            found.append(KnownEncoder(short, info, load))
    alone = EncoderInfo(
        f"{card.name}-{card.version}",
        f"the base network alone, for {', '.join(card.dimensions)}",
        card.licence,
        True,
    )
    return [
        *found,
        KnownEncoder(card.name, alone, _load_base),
        _tagger(read_tagger_card(SHIPPED_TAGGER), SHIPPED_TAGGER, "built in"),
    ]


def _trained_taggers(ws: Workspace | None) -> list[KnownEncoder]:
    """Return the taggers of a workspace by what they know before they decide on tags."""
    if ws is None:
        return []
    folder = ws.root / FOLDER
    found = [_tagger(card, folder / card.key, "trained here") for card in tagger_cards(folder)]
    names: set[str] = set()
    for number, entry in enumerate(found):  # the newest version has the short name
        if entry.name in names:
            found[number] = entry._replace(name=entry.info.key)
        names.add(entry.name)
    return found


def _tagger(card: TaggerCard, folder: Path, source: str) -> KnownEncoder:
    from workbench.encoders.tagger import TaggerEncoder

    words = f"{card.shape.network} that learned {len(card.tags)} tags"
    info = EncoderInfo(card.key, words, card.licence, True, source=source)
    return KnownEncoder(card.name, info, partial(TaggerEncoder, folder))


def _load_descriptors(*, musicnn: bool, base: bool, relations: bool) -> Encoder:
    from workbench.encoders.descriptors import DescriptorEncoder
    from workbench.encoders.musicnn.install import load_weights
    from workbench.encoders.musicnn.network import MusicNN
    from workbench.encoders.relations import RelationEncoder

    return DescriptorEncoder(
        MusicNN(load_weights()) if musicnn else None,
        _load_base() if base else None,
        RelationEncoder() if relations else None,
    )


def _load_base() -> NetworkEncoder:
    from workbench.encoders.network import NetworkEncoder

    return NetworkEncoder()


def _unknown(name: str, ws: Workspace | None) -> UnknownNameError:
    short = name.rpartition("-")[0]
    newer = next((known.info.key for known in _built_in() if known.name == short), None)
    if newer is not None:
        return UnknownNameError(
            f"Encoder {name} has been followed by {newer}: run `workbench embed` and "
            "`workbench train heads` to go on with it; judgements stay."
        )
    names = ", ".join(info.key for info in list_encoders(ws) if not info.problem)
    return UnknownNameError(f"There is no encoder {name!r}; choose one of {names}.")
