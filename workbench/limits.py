"""How much a single file may cost, unless the environment says otherwise.

Files come from strangers: a kilobyte can claim a terabyte, and a decoder can be led in circles.
Processes that read them inherit these variables.
"""

from __future__ import annotations

import os
import sys

from workbench.errors import WorkbenchError

LONGEST_S = "WORKBENCH_FILE_SECONDS"  # of sound in one file
MOST_MB = "WORKBENCH_FILE_MB"  # that the sound of one file takes when it is decoded
BUSY_S = "WORKBENCH_FILE_BUSY_SECONDS"  # that reading one file for an import may take
_DEFAULTS = {LONGEST_S: 4 * 3600, MOST_MB: 4096, BUSY_S: 600}


def file_limit(name: str) -> int:
    """Return one of the limits above.

    Raises
    ------
    WorkbenchError
        If the environment sets it to something other than a whole number above zero.

    Examples
    --------
    >>> file_limit(LONGEST_S)
    14400
    """
    text = os.environ.get(name, "")
    if not text:
        return _DEFAULTS[name]
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
        raise WorkbenchError(f"{name} is {text[:40]!r}; set it to a whole number, or not at all.")
    return int(text)


def limit_memory(megabytes: int) -> None:
    """Let this process have no more memory of its own than that, beside what it has now.

    What it asks for beyond is refused: a `MemoryError`, or the end of a library that expects none.
    Linux counts what a process may write to itself; elsewhere nothing is limited.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    import psutil

    wanted = psutil.Process().memory_info().data + megabytes * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
