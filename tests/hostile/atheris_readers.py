"""Search by coverage for files that break a reader.

Run ``python tests/hostile/atheris_readers.py KIND``; it needs Atheris, which is no dependency.
``KIND`` is one of `test_readers.NAMES`, and further arguments are libFuzzer's, such as
``-max_total_time=600``. What breaks a reader is printed; it goes into `test_readers.FOUND`, so
that it is tried ever after.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]


def main(kind: str, options: list[str]) -> None:
    """Feed a reader until it breaks or the time is up."""
    with atheris.instrument_imports(include=["workbench"]):
        from targets import Targets
        from tries import one_sentence

        folder = Path(tempfile.mkdtemp(prefix="workbench-atheris-"))
        target = next(each for each in Targets(folder).all() if each.name == kind)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, sample in enumerate(target.samples()):
        target.read(sample)
        (corpus / str(number)).write_bytes(sample)

    def attempt(data: bytes) -> None:
        one_sentence(lambda: target.read(data))

    atheris.Setup([sys.argv[0], str(corpus), *options], attempt)
    atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
