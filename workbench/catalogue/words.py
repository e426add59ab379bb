"""Which fields of an item are words that describe its music, and which are something else."""

from __future__ import annotations

from workbench.catalogue.compositions import COMPOSITION

SPLIT = "split"  # the field that says which side of a training an item is on
NO_WORDS = ("tempo", "key", COMPOSITION, SPLIT)  # numbers and names rather than words
