"""The process that kernels of pages are forked from, with all that pages import.

A kernel that is forked is there at once and shares the memory of the libraries with all others. It
has seen no workspace and nobody's role: those come with the page. Run by `forking` as
``python -m workbench.server.nursery``; it reads one line of JSON per kernel (arguments, env, cwd)
and answers with the number of the new process. It ends when nobody is left to ask.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile

from workbench.logs import begin_logging
from workbench.roles import ROLE_VARIABLE, Role

VIEWERS_NICE = 10  # who reads can wait for a moment; whoever answers waits for the next sound
# What pages use beyond what their widgets import at once. None of it starts threads of its own, but
# for the memory allocator of pyarrow, which pandas loads and which knows how to be forked.
_IMPORTED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "pandas",
    "scipy.sparse",
    "sqlalchemy.dialects.sqlite",
    "workbench.widgets",
    "workbench.widgets.explorer",
    "workbench.widgets.overview",
    "workbench.widgets.page",
)


def main() -> None:
    """Import, then fork a kernel for every line that comes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system takes ended kernels away
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what collections do not touch stays shared
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            _become_a_kernel(**wanted)
        print(child, flush=True)


def _become_a_kernel(arguments: list[str], env: dict[str, str], cwd: str) -> None:
    """Turn this copy of the process into a kernel, as ``python -m ipykernel_launcher`` would."""
    passing_files = tempfile.gettempdir()  # the nursery's, not the one in the page's environment
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)  # in a session of its own Linux would not weigh it against other pages
    # The pipes belong to the nursery; what kernels say goes to the server's log.
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    if env.get(ROLE_VARIABLE) == Role.VIEWER:
        os.nice(VIEWERS_NICE)
    status = 1
    begin_logging()
    # What a page was sent goes with it; if it is killed, with the server.
    passing = tempfile.tempdir = tempfile.mkdtemp(prefix="page-", dir=passing_files)
    try:
        from ipykernel.kernelapp import IPKernelApp
        from ipywidgets import register_comm_target

        kernel = IPKernelApp.instance()
        kernel.initialize([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
        # Importing ipywidgets does this in a kernel; here it was imported before there was one.
        # Without it a page asks for its widgets one by one.
        register_comm_target()
        kernel.start()
        status = 0
    finally:
        shutil.rmtree(passing, ignore_errors=True)
        os._exit(status)  # what follows belongs to the nursery


if __name__ == "__main__":
    main()
