"""What answers tell browsers: what may run, what may be kept, how it travels."""

from __future__ import annotations

import gzip
import re

import pytest

SEE = "voila/render/see.ipynb"
PAGES = ["", SEE, "nowhere", "login"]
SCRIPTS = ["voila/static/voila.js", "workbench/static/plotly.min.js"]


def _policy(answer) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("route", PAGES)
def test_pages_run_only_scripts_that_carry_the_nonce_of_the_answer(viewer, route) -> None:
    first, second = viewer.ask(route), viewer.ask(route)
    policy = _policy(first)
    nonce = re.fullmatch("'nonce-([^']+)'", policy["script-src"][1])
    assert nonce is not None
    assert "'unsafe-inline'" not in policy["script-src"]
    sources = {source for listed in policy.values() for source in listed}
    assert not any("//" in source or source == "*" for source in sources)
    scripts = re.findall("<script[^>]*>", first.text)
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    assert bool(scripts) == (route == SEE)
    assert nonce[1] not in second.text
    assert first.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "route", [*PAGES, "voila/static/voila.js", "workbench/static/plotly.min.js"]
)
def test_every_answer_keeps_to_its_type_its_site_and_its_secrets(viewer, route) -> None:
    headers = viewer.ask(route).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_scripts_are_sent_packed_and_kept_for_a_while(viewer) -> None:
    plain = viewer.ask("voila/static/voila.js")
    packed = viewer.ask("voila/static/voila.js", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "max-age=3600" in packed.headers["Cache-Control"]


def test_sound_is_not_packed(viewer, music) -> None:
    answer = viewer.ask(f"workbench/audio/{music.ws.id}/{music.wav}", Accept_Encoding="gzip")
    assert answer.status == 200
    assert "Content-Encoding" not in answer.headers


def test_large_requests_are_refused(rater) -> None:
    answer = rater.ask("login", method="POST", body=b"", Content_Length="100000")
    assert answer.status == 400
