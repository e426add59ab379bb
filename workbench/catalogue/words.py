"""Which fields of an item are words that describe its music, and which are something else."""

from __future__ import annotations

from workbench.catalogue.compositions import COMPOSITION

SPLIT = "split"  # the field that says which side of a training an item is on
LICENCE = "licence"  # the field that says what may be done with an item
MARK = "demo"  # the field by which the demo knows its items again
# Numbers, names and notes rather than words.
NO_WORDS = ("tempo", "key", COMPOSITION, SPLIT, LICENCE, MARK)
