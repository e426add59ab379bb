"""Build the reference from the docstrings: ``python docs/build.py [FOLDER]``, or ``make docs``.

The pages need no network. Anything the builder warns of ends it with an error, so that a docstring
that cannot be read is noticed; the examples in the docstrings are run by ``make test``.
"""

from __future__ import annotations

import pkgutil
import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.render

import workbench
import workbench.widgets


def build(folder: Path) -> int:
    """Write the pages of all modules into a folder and return how many pages there are."""
    packages = [
        f"workbench.{module.name}"
        for module in pkgutil.iter_modules(workbench.__path__)
        if module.name != "__main__"
    ]
    for name in workbench.widgets.__all__:  # imported when they are first used; the builder looks
        setattr(workbench.widgets, name, getattr(workbench.widgets, name))
    pdoc.render.configure(
        docformat="numpy", footer_text=f"Music Similarity Workbench {workbench.__version__}"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        # Types that are imported for type checkers only are shown by their names.
        warnings.filterwarnings("ignore", "Error parsing type annotation")
        pdoc.pdoc("workbench", *packages, output_directory=folder)
    return sum(1 for _ in folder.rglob("*.html"))


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/reference")
    print(f"{build(target)} pages; open {target / 'index.html'}.")
