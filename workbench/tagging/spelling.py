"""Which spellings are one tag: ``hiphop`` and ``Hip-Hop``, ``r&b`` and ``RnB``, ``80s``, ``1980s``.

What is merged is a proposal that people read, so the rules are few and plain.
"""

from __future__ import annotations

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")  # of other scripts marks make another letter
_DECADE = re.compile(r"(?:the)?(19|20)?(\d)0s")
_CENTURIES = {"0": "20", "1": "20"} | dict.fromkeys("3456789", "19")  # 20s may be either


def spelling_key(value: str) -> str:
    """Return what all spellings of a tag have in common.

    Case, accents, blanks, hyphens and other punctuation do not matter, nor a plural ``s`` at the
    end; ``&``, ``+``, ``'n'`` and ``and`` between words are one; decades have their century.

    Examples
    --------
    >>> [spelling_key(v) for v in ("Hip-Hop", "hip hop", "HIPHOP")]
    ['hiphop', 'hiphop', 'hiphop']
    >>> [spelling_key(v) for v in ("R&B", "rnb", "Drum and Bass", "female vocals", "80's", "C#")]
    ['rnb', 'rnb', 'drumnbass', 'femalevocal', '1980s', 'c#']
    """
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", value)).casefold()
    text = unicodedata.normalize("NFC", text).replace("♯", "#")
    text = re.sub(r"(?<=\w)\s*[&+]\s*(?=\w)", " and ", text)
    text = re.sub(r"(?<=\w)[\s'\u2019-]+(?:n|and)[\s'\u2019-]+(?=\w)", "n", text)
    key = re.sub(r"[^\w#]|_", "", text)
    decade = _DECADE.fullmatch(key)
    if decade:
        century = decade[1] or _CENTURIES.get(decade[2], "")
        return f"{century}{decade[2]}0s"
    if re.search(r"[^\W\d]{2}(?<![sui])s$", key):
        key = key[:-1]
    return key or value.strip().casefold()
