"""Requests that no browser sends: the server refuses them, leaks nothing, and goes on."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from web_client import Browser

from workbench.server import limits
from workbench.urls import audio_url

_SECRETS = (b"root:", b"SQLite format 3", b'id = "', b"Traceback", b"token")


@pytest.fixture
def raw(rater: Browser) -> Callable[..., bytes]:
    """Return a function that sends bytes as they are, with a rater's cookie, and reads on."""
    address = urlsplit(rater.server.url)
    assert address.hostname
    where = (address.hostname, address.port)

    def send(line: bytes, headers: bytes = b"", *, host: bytes = b"", body: bytes = b"") -> bytes:
        host = host or f"{address.hostname}:{address.port}".encode()
        cookie = rater.cookie.encode()
        referer = rater.server.url.encode()
        head = b"%b\r\nHost: %b\r\nCookie: %b\r\nReferer: %b\r\nConnection: close\r\n%b\r\n"
        with socket.create_connection(where, timeout=20) as connection:
            connection.sendall(head % (line, host, cookie, referer, headers) + body)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)

    return send


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


PATHS = [
    b"/../../../etc/passwd",
    b"/dash/../../../etc/passwd",
    b"/dash/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    b"/dash/..%5c..%5cworkbench.toml",
    b"/dash/..\\..\\workbench.toml",
    b"//etc/passwd",
    b"/dash//etc/passwd",
    b"/dash/%00",
    b"/dash/voila/render/see.ipynb%00.html",
    b"/dash/voila/render/%c0%ae%c0%ae/workbench.toml",
    b"/dash/voila/static/%2e%2e%2f%2e%2e%2fconf.json",
    b"/dash/voila/static/%252e%252e%252fconf.json",
    b"/dash/voila/templates/lab/static/%2e%2e/%2e%2e/conf.json",
    b"/dash/voila/labextensions/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
    b"/dash/workbench/static/%2e%2e/package.json",
    b"/dash/workbench/audio/" + b"%ef%bc%8e%ef%bc%8e/" * 3 + b"etc/passwd",
    b"http://elsewhere.example/dash/",
    b"file:///etc/passwd",
    b"*",
    b"/dash/\xff\xfe",
    b"/dash/" + b"a/" * 3000,
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: repr(path)[2:40])
def test_no_spelling_of_a_path_leads_to_a_file(raw, path: bytes) -> None:
    answer = raw(b"GET %b HTTP/1.1" % path)
    assert status(answer) in (0, 301, 302, 400, 403, 404, 414, 431), answer[:200]
    body = answer.partition(b"\r\n\r\n")[2]
    assert not any(secret in body for secret in _SECRETS[:4])
    if status(answer) in (301, 302):
        location = answer.lower().partition(b"location: ")[2].split(b"\r\n")[0]
        assert location.startswith(b"/dash/"), location


RANGES = [
    *("bytes=", "bytes=-", "bytes=--1", "bytes=a-b", "bytes=5-2", "bytes=-99999999999999999999"),
    *("bytes=0-99999999999999999999999", "bytes=" + "9" * 5000 + "-", "bytes=0-0,-1", "items=0-5"),
    "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(1000)),
    *("bytes=0-,0-,0-", "bytes=\u0661-\u0662", "bytes=1.5-2", "bytes=0x0-0x9", "bytes= 0 - 5 "),
]


@pytest.mark.parametrize("asked", RANGES, ids=lambda asked: asked[:30])
def test_no_range_breaks_the_sound_or_multiplies_it(raw, music, asked: str) -> None:
    path = f"/dash/{audio_url(music.ws.id, music.wav)}".encode()
    whole = music.ws.catalogue.media_path(music.wav).read_bytes()
    answer = raw(b"GET %b HTTP/1.1" % path, f"Range: {asked}\r\n".encode())
    assert status(answer) in (200, 206, 400, 416)
    body = answer.partition(b"\r\n\r\n")[2]
    assert len(body) <= len(whole)
    if status(answer) in (200, 206):
        assert body in whole


def test_any_mixture_of_ranges_is_answered(raw, music) -> None:
    path = f"/dash/{audio_url(music.ws.id, music.ogg)}".encode()
    whole = music.ws.catalogue.media_path(music.ogg).read_bytes()
    rng = random.Random(3)
    for _ in range(60):
        text = "bytes=" + "".join(rng.choice("0123456789-,- ") for _ in range(rng.randrange(12)))
        answer = raw(b"GET %b HTTP/1.1" % path, f"Range: {text}\r\nIf-Range: x\r\n".encode())
        assert status(answer) in (200, 206, 400, 416), text
        assert len(answer.partition(b"\r\n\r\n")[2]) <= len(whole)


HEADERS = [
    b"X: a\r\n" * 3000,
    b"X: " + b"a" * 100_000 + b"\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 200-ok\r\n",
    b"\x00: a\r\n",
    b"a b\r\n",
    b" folded: a\r\n",
    b"Cookie: username-x=\"2|1:0|10:1|8:username|4:abcd|0\"\r\n",
    b"Authorization: token \xff\xff\r\n",
    b"If-None-Match: " + b'"a",' * 5000 + b"\r\n",
    b"If-Modified-Since: Mon, 99 Xxx 99999 99:99:99 GMT\r\n",
    b"Accept-Language: " + b"a;q=9," * 2000 + b"\r\n",
]  # fmt: skip


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: repr(headers)[2:36])
def test_odd_headers_are_no_fault_of_the_server(raw, music, headers: bytes) -> None:
    path = f"/dash/{audio_url(music.ws.id, music.wav)}".encode()
    body = b"ffffffff\r\n" if b"chunked" in headers else b""
    answer = raw(b"GET %b HTTP/1.1" % path, headers, body=body)
    assert status(answer) in (0, 200, 302, 304, 400, 401, 403, 413, 431), answer[:300]
    assert b"Traceback" not in answer


@pytest.mark.parametrize("name", [b"elsewhere.example", b"a\tb", b"[", b"x" * 3000, b"127.0.0.1:0"])
def test_the_host_that_a_request_names_is_never_repeated(raw, name: bytes) -> None:
    answer = raw(b"GET /dash/ HTTP/1.1", b"X-Forwarded-Host: forged.example\r\n", host=name)
    assert b"forged.example" not in answer
    assert b"elsewhere.example" not in answer


@pytest.mark.parametrize("next_url", ["//elsewhere.example", "http://elsewhere.example/", "/\\e.x"])
def test_logging_in_leads_to_no_other_site(published, next_url: str) -> None:
    answer = Browser(published).ask(f"login?next={next_url}&token=a+rater%27s+token")
    assert "elsewhere" not in answer.headers.get("Location", "")
    assert "e.x" not in answer.headers.get("Location", "")


def test_a_line_end_in_an_address_makes_no_header(published) -> None:
    browser = Browser(published).log_in("viewers")
    for route in (
        "%0d%0aX-Made:%201",
        "login?next=%2fdash%2f%0d%0aX-Made:%201",
        "?token=%0d%0aX-Made:1",
    ):
        assert "X-Made" not in browser.ask(route).headers


def test_a_token_in_an_address_is_told_to_no_other_site(published) -> None:
    answer = Browser(published).ask(published.addresses["raters"])
    assert "token" not in answer.headers["Location"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert b"a rater" not in answer.body


def test_a_client_that_sends_nothing_more_is_left(published, music) -> None:
    assert limits.SILENT_S <= 120
    address = urlsplit(published.url)
    slow = [socket.create_connection((address.hostname, address.port)) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(b"GET /dash/ HTTP/1.1\r\nHost: ")
        begun = time.monotonic()
        assert Browser(published).ask("login").status == 200
        assert time.monotonic() - begun < 30
    finally:
        for connection in slow:
            connection.close()
