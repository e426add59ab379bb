"""Encoders that other installed packages offer, found by their entry points.

A package names a class under the group ``workbench.encoders``::

    [project.entry-points."workbench.encoders"]
    loudness = "my_package:Loudness"

The class has the attributes of `workbench.encoders.base.Encoder` that need no instance (at least
``name``, ``version`` and ``licence``) and is called without arguments to get the encoder. A static
method ``missing()`` may return the command that installs what it still needs, or nothing.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from workbench.encoders.base import Encoder
from workbench.encoders.info import EncoderInfo, KnownEncoder, broken, first_line, is_safe_key
from workbench.errors import WorkbenchError

GROUP = "workbench.encoders"


def plugin_encoders() -> list[KnownEncoder]:
    """Return the encoders of all installed packages; a broken one carries its error."""
    found = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    return [_described(point) for point in found]


def _described(point: EntryPoint) -> KnownEncoder:
    source = f"package {point.dist.name}" if point.dist else f"entry point {point.value}"
    try:
        factory = cast("Any", point.load())
        key = f"{factory.name}-{factory.version}"
        licence = str(factory.licence)
        install = str(factory.missing() or "") if hasattr(factory, "missing") else ""
    except (Exception, SystemExit) as error:  # whatever a stranger's module does when imported
        return broken(point.name, source, f"{type(error).__name__}: {error}")
    if not is_safe_key(key):
        return broken(point.name, source, f"{key!r} cannot name a folder of vectors")
    description = getattr(factory, "description", "") or first_line(factory.__doc__)
    info = EncoderInfo(key, description, licence, not install, install, source=source)
    return KnownEncoder(point.name, info, partial(_load, factory))


def _load(factory: Any) -> Encoder:
    encoder = factory()
    if (encoder.name, encoder.version) != (factory.name, factory.version):
        raise WorkbenchError("its instance has another name or version than the class")
    return cast("Encoder", encoder)
