"""Licences of encoders: read from a model card, and marked where they forbid commercial use."""

from __future__ import annotations

import re

UNKNOWN_LICENCE = "unknown: check before you publish"
_NON_COMMERCIAL = re.compile(r"\bnc\b|non[- ]?commercial|research[- ]only", re.IGNORECASE)


def licence_of_card(text: str) -> str:
    r"""Return the licence that a Hugging Face model card names in its metadata.

    Parameters
    ----------
    text
        The card, ``README.md``; its metadata is the YAML between two lines of dashes at the top.

    Examples
    --------
    >>> licence_of_card("---\nlicense: cc-by-nc-4.0\n---\nA model of music.")
    'cc-by-nc-4.0'
    >>> licence_of_card("A model of music.")
    'unknown: check before you publish'
    """
    import yaml

    found = re.match(r"\ufeff?---\s*\n(.*?)\n---\s*(\n|$)", text, re.DOTALL)
    try:
        metadata = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        return UNKNOWN_LICENCE
    if not isinstance(metadata, dict):
        return UNKNOWN_LICENCE
    named = metadata.get("license")
    if named == "other":  # a licence of its own, for which the hub has two further fields
        named = metadata.get("license_name") or metadata.get("license_link")
    names = [str(n).strip() for n in (named if isinstance(named, list) else [named]) if n]
    names = [n for n in names if n != "unknown"]
    return " ".join(", ".join(names).split()) or UNKNOWN_LICENCE


def is_non_commercial(licence: str) -> bool:
    """Return whether a licence forbids commercial use, as far as its name tells.

    Examples
    --------
    >>> is_non_commercial("CC BY-NC 4.0"), is_non_commercial("apache-2.0")
    (True, False)
    """
    return bool(_NON_COMMERCIAL.search(licence))


def licence_words(licence: str) -> str:
    """Return a licence as people are shown it: a non-commercial one says so in words.

    Examples
    --------
    >>> licence_words("cc-by-nc-4.0")
    'cc-by-nc-4.0 (NON-COMMERCIAL use only)'
    """
    marked = is_non_commercial(licence) and "NON-COMMERCIAL" not in licence
    return f"{licence} (NON-COMMERCIAL use only)" if marked else licence
