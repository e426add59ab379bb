"""Templates of pages are compiled once: Voila would do it anew for every page that opens."""

from __future__ import annotations

from types import CodeType

from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache
from voila.exporter import VoilaExporter


class _Compiled(BytecodeCache):
    """Templates in memory, by their names; one that changed is compiled again."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = (bucket.checksum, bucket.code)


class PageExporter(VoilaExporter):
    """Voila's exporter, with its templates kept."""

    _compiled = _Compiled()

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.bytecode_cache = self._compiled
        return environment
