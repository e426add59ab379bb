"""The dashboards: offline, with titles, without sources, and with kernels that end."""

from __future__ import annotations

import gzip
import html
import json
import re
import sys
import time
from html.parser import HTMLParser

import jinja2
import pytest

from workbench.server.exporter import PageExporter
from workbench.server.launch import voila_server

TITLE = "Notes & <Queries>"  # of hello.ipynb


class _Loaded(HTMLParser):
    """Collects what a browser would load by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.addresses.append(given.get("href") or "")
        elif tag in ("script", "img", "iframe", "audio", "source"):
            self.addresses.append(given.get("src") or "")


@pytest.fixture(scope="module")
def hello(dashboards, ask):
    """The page hello.ipynb, rendered."""
    return ask(dashboards, "voila/render/hello.ipynb")


def _kernel_of(answer) -> str:
    config = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', answer.text, re.DOTALL)
    return json.loads(config[1])["kernelId"]


def test_the_start_page_lists_dashboards_by_title_and_sentence(dashboards, ask) -> None:
    answer = ask(dashboards, "")
    assert answer.status == 200
    assert f"<strong>{html.escape(TITLE)}</strong>Says &lt;hello&gt;." in answer.text
    assert answer.text.index("voila/render/hello.ipynb") < answer.text.index("fails.ipynb")
    assert "broken" not in answer.text


def test_a_page_has_the_bar_with_all_pages_and_marks_its_own(hello) -> None:
    bar = re.search(r"<nav.*?</nav>", hello.text, re.DOTALL)[0]
    assert re.findall(r'href="([^"]*)"', bar) == [
        "/dash/voila/render/hello.ipynb",
        "/dash/voila/render/fails.ipynb",
    ]
    assert re.findall(r'aria-current="page">([^<]*)<', bar) == [html.escape(TITLE)]
    assert "Music Similarity Workbench" in hello.text


def test_nothing_is_loaded_from_other_servers(dashboards, hello, ask) -> None:
    answers = [hello, ask(dashboards, ""), ask(dashboards, "nowhere")]
    for answer in answers:
        outside = [a for a in _Loaded(answer.text).addresses if re.match(r"(https?:)?//", a)]
        assert outside == []
    assert any("voila/static" in address for address in _Loaded(hello.text).addresses)


def test_pages_run_in_the_python_of_the_server_whatever_kernels_are_installed(hello) -> None:
    assert sys.executable in hello.text


def test_what_pages_log_reaches_the_servers_log_and_not_the_viewer(hello, logs) -> None:
    assert "a page said hello" in (logs / "Dashboards").read_text()
    assert "a page said hello" not in hello.text


def test_sources_are_not_shown(hello) -> None:
    assert "import logging" not in hello.text


def test_an_error_tells_viewers_nothing_of_what_was_in_it(dashboards, ask) -> None:
    answer = ask(dashboards, "voila/render/fails.ipynb")
    assert "holds the details" in answer.text
    assert "sesame" not in answer.text


def test_viewers_cannot_choose_templates_or_themes(dashboards, ask) -> None:
    answer = ask(dashboards, "voila/render/hello.ipynb?template=classic&theme=dark")
    assert "wb-bar" in answer.text
    assert 'data-jp-theme-light="true"' in answer.text


def test_other_addresses_lead_back_to_the_start_page(dashboards, ask) -> None:
    answer = ask(dashboards, "nowhere")
    assert answer.status == 404
    assert 'href="/dash/">All pages' in answer.text
    moved = ask(dashboards, "voila/tree/anything")
    assert (moved.status, moved.headers["Location"]) == (301, "/dash/")


def test_files_of_the_folder_are_not_served(dashboards, ask) -> None:
    for route in (
        "voila/files/hello.ipynb",
        "voila/api/contents",
        "voila/api/contents/hello.ipynb",
    ):
        assert ask(dashboards, route).status == 404


def test_scripts_come_packed_to_who_can_unpack_them(dashboards, ask) -> None:
    route = "voila/static/voila.js"
    plain = ask(dashboards, route)
    packed = ask(dashboards, route, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body) / 2
    assert gzip.decompress(packed.body) == plain.body
    part = ask(dashboards, route, Range="bytes=10-19")
    assert (part.status, part.body) == (206, plain.body[10:20])
    again = ask(dashboards, route, Accept_Encoding="gzip", If_None_Match=packed.headers["Etag"])
    assert (again.status, again.body) == (304, b"")


def test_a_template_is_compiled_once_and_again_when_it_changes() -> None:
    compiled: list[str] = []
    templates = {"page": "first"}

    class Counted(jinja2.Environment):
        def compile(self, source, *args, **options):
            compiled.append(source)
            return super().compile(source, *args, **options)

    def shown() -> str:
        environment = PageExporter()._create_environment()
        counted = Counted(loader=jinja2.DictLoader(templates))
        counted.bytecode_cache = environment.bytecode_cache
        return counted.get_template("page").render()

    assert [shown(), shown()] == ["first", "first"]
    assert compiled == ["first"]
    templates["page"] = "second"
    assert shown() == "second"
    assert compiled == ["first", "second"]


def test_names_that_are_not_this_machines_are_refused(dashboards, ask) -> None:
    assert ask(dashboards, "", Host="rebound.example").status == 403


def test_leaving_a_page_ends_its_kernel_and_other_sites_cannot(dashboards, ask) -> None:
    page = ask(dashboards, "voila/render/hello.ipynb")
    kernel, origin = _kernel_of(page), dashboards.url.removesuffix("/dash/")
    route = f"voila/api/shutdown/{kernel}"
    foreign = ask(dashboards, route, method="POST", Origin="http://elsewhere.example")
    assert foreign.status == 403
    assert ask(dashboards, f"api/kernels/{kernel}").status == 200
    assert ask(dashboards, route, method="POST", Origin=origin).status == 204
    end = time.monotonic() + 10
    while ask(dashboards, f"api/kernels/{kernel}").status != 404:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_token_guards_everything(music, pages, run_server, any_port, ask) -> None:
    server = voila_server(music.ws, port=any_port(), token="open-sesame", pages=pages)
    with run_server(server) as running:
        for route in ("", "voila/render/hello.ipynb", f"workbench/audio/{music.ws.id}/1"):
            answer = ask(running, route, Authorization="none")
            assert answer.status in (302, 403)
        assert ask(running, "", Host="dashboards.example").status == 200
        login = ask(running, "login", Authorization="none")
        assert "Paste the token" in login.text
        assert [a for a in _Loaded(login.text).addresses if a.startswith("http")] == []
