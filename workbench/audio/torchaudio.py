"""The one import of torchaudio, which works beside a CPU build of torch too.

torchaudio's wheel carries a compiled library that needs CUDA, and beside a CPU torch its import
ends in an OSError. All that we and transformers take from it is pure Python.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from types import ModuleType


def import_torchaudio() -> ModuleType:
    """Return torchaudio, without its compiled library where that cannot be loaded.

    Other packages that import torchaudio afterwards get the same module.
    """
    try:
        return importlib.import_module("torchaudio")
    except OSError:
        finder = sys.modules.get("torchaudio._extension.utils")  # looked in its folder already
        if finder is None:
            raise
        with tempfile.TemporaryDirectory() as empty:
            finder._LIB_DIR = Path(empty)  # type: ignore[attr-defined]
            return importlib.import_module("torchaudio")
