"""The program of a process that works: it reads batches, and answers each with its result.

It leaves Ctrl-C to its parent, ends when the parent is gone, however that ended, and when it has
had nothing to do for a while.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
import traceback
import warnings
from typing import IO, Any

from workbench.logs import begin_logging

IDLE_S = 60.0  # then it ends by itself: who gave it work may be gone from the cluster
RESULT, RAISED = "result", "raised"
_OUT_OF_MEMORY = 70


def main() -> None:
    """Read the work, say that it can begin, and do batches until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    begin_logging()
    warnings.simplefilter("ignore")  # odd numbers, such as those of silence
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what the work prints must not land among the answers
    batches: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, batches), daemon=True).start()
    work: Any = None
    while True:
        try:
            request = batches.get(timeout=IDLE_S)
        except queue.Empty:
            os._exit(0)
        try:
            if work is None:
                work, result = pickle.loads(request), None
            else:
                result = work(pickle.loads(request))
            answer = _pickled((RESULT, result))
        except MemoryError:
            os._exit(_OUT_OF_MEMORY)  # as if the system had ended it
        except Exception as error:
            answer = _pickled((RAISED, _portable(error)))
        pickle.dump(answer, answers)
        answers.flush()


def _read(requests: IO[bytes], batches: queue.SimpleQueue[bytes]) -> None:
    """Pass requests on; the end of the pipe is the end of the parent."""
    while True:
        try:
            batches.put(pickle.load(requests))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(1)


def _pickled(what: object) -> bytes:
    import cloudpickle

    data: bytes = cloudpickle.dumps(what)
    return data


def _portable(error: Exception) -> Exception:
    """Return an error as the parent can read it, with the place where it was raised."""
    from workbench.errors import WorkbenchError

    if not isinstance(error, WorkbenchError):
        error.add_note(f"It was raised in a process of its own:\n{traceback.format_exc()}")
    try:
        pickle.loads(_pickled(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
