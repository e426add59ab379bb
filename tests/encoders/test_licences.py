from __future__ import annotations

import pytest

from workbench.encoders.licences import UNKNOWN_LICENCE, is_non_commercial, licence_of_card
from workbench.encoders.licences import licence_words as words


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("license: apache-2.0", "apache-2.0"),
        ("license:\n- mit\n- cc-by-nc-4.0", "mit, cc-by-nc-4.0"),
        ("license: other\nlicense_name: research-only", "research-only"),
        ("license: other\nlicense_link: https://example.org/terms", "https://example.org/terms"),
        ("license: unknown", UNKNOWN_LICENCE),
        ("license:", UNKNOWN_LICENCE),
        ("tags: [music]", UNKNOWN_LICENCE),
        ("- a list", UNKNOWN_LICENCE),
        ("license: [", UNKNOWN_LICENCE),
    ],
)
def test_the_licence_is_what_the_card_says(metadata: str, licence: str) -> None:
    assert licence_of_card(f"---\n{metadata}\n---\n# A model\nlicense: mit\n") == licence


def test_only_the_metadata_counts() -> None:
    assert licence_of_card("# A model\n\n---\nlicense: mit\n---\n") == UNKNOWN_LICENCE
    assert licence_of_card("") == UNKNOWN_LICENCE
    assert licence_of_card("---\r\nlicense: mit\r\n---\r\n") == "mit"


@pytest.mark.parametrize(
    "licence", ["cc-by-nc-sa-4.0", "CC BY-NC 4.0", "Non-commercial", "mit, NC"]
)
def test_non_commercial_licences_are_marked(licence: str) -> None:
    assert is_non_commercial(licence)
    assert words(words(licence)) == f"{licence} (NON-COMMERCIAL use only)"


@pytest.mark.parametrize("licence", ["apache-2.0", "MIT", "ISC", "cc-by-sa-4.0", UNKNOWN_LICENCE])
def test_others_are_shown_as_they_are(licence: str) -> None:
    assert words(licence) == licence
