"""XML from strangers, looked through as a stream before any parser builds a tree of it."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from workbench.errors import MediaError
from workbench.symbolic.assemble import MOST_NOTES, check_count

MOST_ELEMENTS = 2_000_000
DEEPEST = 100
MOST_MEASURES = 100_000


def guard(data: bytes, name: str) -> None:
    """Refuse XML that defines entities, is damaged, or holds more than a score does.

    Nothing is kept while looking, so the memory needed does not grow with the file.

    Parameters
    ----------
    data
        The bytes of a MusicXML file.
    name
        What sentences call it.

    Raises
    ------
    MediaError
        If the file is not to be read.
    """
    watch = _Watch(name)
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = watch.start
    parser.EndElementHandler = watch.end
    parser.EntityDeclHandler = watch.entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise MediaError(f"{name}: damaged XML ({error}).") from error
    if watch.root not in ("score-partwise", "score-timewise"):
        raise MediaError(f"{name}: XML, but no MusicXML score.")
    if watch.root == "score-timewise":
        raise MediaError(f"{name}: MusicXML by measures (score-timewise); export it by parts.")
    check_count(name, watch.counts["note"])


class _Watch:
    """Counts what passes by."""

    def __init__(self, name: str) -> None:
        self.name, self.root = name, ""
        self.counts = {"note": 0, "measure": 0}
        self._limits = {"note": MOST_NOTES, "measure": MOST_MEASURES}
        self._elements = self._depth = 0

    def start(self, tag: str, _attributes: Any) -> None:
        self.root = self.root or tag
        self._elements += 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise MediaError(f"{self.name}: XML nested more than {DEEPEST} deep.")
        if self._elements > MOST_ELEMENTS:
            raise MediaError(f"{self.name}: more than {MOST_ELEMENTS:,} XML elements.")
        if tag in self.counts:
            self.counts[tag] += 1
            if self.counts[tag] > self._limits[tag]:
                raise MediaError(f"{self.name}: more than {self._limits[tag]:,} {tag}s.")

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def entity(self, *_declaration: Any) -> None:
        raise MediaError(f"{self.name}: defines XML entities, which no score needs.")
