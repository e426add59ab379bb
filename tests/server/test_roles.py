"""Viewers read, raters change; nobody reaches another's kernel, files, or code."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import time

import pytest
from jupyter_client.session import Session
from web_client import Answer, Browser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from workbench.logs import FILE_VARIABLE
from workbench.server.launch import voila_server

SEE, CHANGE = "voila/render/see.ipynb", "voila/render/change.ipynb"


def kernel_of(answer: Answer) -> str:
    """Return the kernel that a page names to its scripts."""
    config = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', answer.text, re.DOTALL)
    assert config is not None
    return json.loads(config[1])["kernelId"]


def links(answer: Answer) -> list[str]:
    """Return the dashboards that a page leads to."""
    return sorted(set(re.findall(r'href="[^"]*voila/render/([^"]*)"', answer.text)))


# -- logging in ------------------------------------------------------------------------------------


def test_the_printed_address_logs_in_and_loses_its_token(published) -> None:
    browser = Browser(published)
    answer = browser.ask(published.addresses["viewers"] + "&x=1")
    assert (answer.status, answer.headers["Location"]) == (302, "/dash/?x=1")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/dash/" in cookie
    assert browser.ask("").status == 200


def test_without_a_token_there_is_only_the_login(published) -> None:
    stranger = Browser(published)
    for route in ("", SEE, CHANGE, "workbench/static/plotly.min.js"):
        answer = stranger.ask(route)
        assert answer.status == 302, route
        assert answer.headers["Location"].startswith("/dash/login?")
    assert stranger.ask("voila/api/shutdown/x", method="POST", body=b"").status == 403
    assert "Paste the token" in stranger.ask("login").text


@pytest.mark.parametrize(
    ("token", "pages"),
    [("a viewer's token", ["see.ipynb"]), ("a rater's token", ["change.ipynb", "see.ipynb"])],
)
def test_the_login_form_takes_either_token(published, token, pages) -> None:
    browser = Browser(published)
    form = browser.ask("login").text
    xsrf = re.search(r'name="_xsrf" value="([^"]*)"', form)
    assert xsrf is not None
    body = f"_xsrf={xsrf[1]}&password={token}".encode()
    assert browser.ask("login", method="POST", body=body).status == 302
    assert links(browser.ask("")) == pages


def test_a_wrong_token_is_told_so_and_too_many_have_to_wait(
    published, music, pages, run_server, any_port, tmp_path
) -> None:
    server = voila_server(music.ws, port=any_port(), pages=pages, token="a rater's token")
    server.environment[FILE_VARIABLE] = str(tmp_path / "log.jsonl")
    with run_server(server) as running:
        browser = Browser(running)
        answers = [browser.ask("?token=wrong").status for _ in range(25)]
        assert answers == [302] * 20 + [429] * 5
        refused = browser.ask(running.address)
        assert refused.status == 429  # the right one has to wait as well
        assert "Wait a minute" in refused.text
    log = (tmp_path / "log.jsonl").read_text()
    told = [json.loads(line) for line in log.splitlines()]
    events = ["Wrong token"] * 20 + ["Too many wrong tokens"] * 6
    assert [entry["event"] for entry in told] == events
    assert {entry["address"] for entry in told} == {"127.0.0.1"}
    assert "rater's" not in log


def test_a_forged_cookie_is_worth_nothing(viewer) -> None:
    cookie = viewer.cookie.replace("dmlld2Vy", "cmF0ZXI=")
    stranger = Browser(viewer.server)
    assert stranger.ask("", Cookie=cookie + "x").status == 302
    name, value = viewer.cookie.split("=", 1)
    parts = value.strip('"').split("|")
    assert len(parts) > 4  # signed
    assert stranger.ask("", Cookie=f'{name}="{"|".join([*parts[:-1], "0" * 64])}"').status == 302


# -- pages -----------------------------------------------------------------------------------------


def test_viewers_see_and_open_only_what_is_theirs(viewer, rater) -> None:
    assert links(viewer.ask("")) == ["see.ipynb"]
    assert links(rater.ask("")) == ["change.ipynb", "see.ipynb"]
    page = viewer.ask(SEE)
    assert page.status == 200
    assert links(page) == ["see.ipynb"]
    refused = viewer.ask(CHANGE)
    assert refused.status == 403
    assert "It is for raters" in refused.text
    assert rater.ask(CHANGE).status == 200


def test_a_viewers_kernel_can_change_nothing_and_a_raters_can(viewer, rater, music) -> None:
    touched = music.ws.root / "touched"
    touched.unlink(missing_ok=True)
    said = viewer.ask(SEE).text
    assert "read-only: True" in said
    assert "ask for a rater" in said
    assert not touched.exists()
    assert "read-only: False" in rater.ask(SEE).text
    assert touched.exists()


def test_no_kernel_learns_a_token(viewer, rater) -> None:
    assert "tokens: []" in viewer.ask(SEE).text
    assert "tokens: []" in rater.ask(CHANGE).text


def test_the_newest_token_says_the_role(viewer) -> None:
    assert viewer.log_in("raters").ask(CHANGE).status == 200
    assert viewer.log_in("viewers").ask(CHANGE).status == 403


def test_a_read_only_server_lets_nobody_change_anything(music, two_pages, run_server, any_port):
    server = voila_server(music.ws, port=any_port(), pages=two_pages, read_only=True)
    with run_server(server) as running:
        browser = Browser(running)
        assert links(browser.ask("")) == ["see.ipynb"]
        assert "read-only: True" in browser.ask(SEE).text
        assert browser.ask(CHANGE).status == 403


# -- what else can be asked for --------------------------------------------------------------------

CLOSED = [
    "api",
    "api/kernels",
    "api/kernelspecs",
    "api/sessions",
    "api/contents",
    "api/contents/see.ipynb",
    "api/terminals",
    "api/config/notebook",
    "api/me",
    "api/status",
    "api/spec.yaml",
    "api/security/csp-report",
    "metrics",
    "files/see.ipynb",
    "nbconvert/html/see.ipynb",
    "view/see.ipynb",
    "edit/see.ipynb",
    "tree",
    "lab",
    "terminals/1",
    "kernelspecs/python3/logo-64x64.png",
    "voila/files/see.ipynb",
    "voila/files/../workbench.toml",
    "voila/api/contents",
    "voila/api/contents/see.ipynb",
    "voila/query/00000000-0000-0000-0000-000000000000",
    "voila/execution/00000000-0000-0000-0000-000000000000",
    "voila/render/",
    "voila/render/see",
    "voila/render/nothing.ipynb",
    "voila/render/../see.ipynb",
    "voila/render/..%2F..%2Fworkbench.toml",
    "voila/render/%2Fetc%2Fpasswd",
    "voila/static/..%2F..%2F..%2Fetc%2Fpasswd",
    "voila/static/../../conf.json",
    "voila/templates/lab/static/..%2F..%2Fconf.json",
    "voila/labextensions/..%2F..%2Fetc%2Fpasswd",
    "voila/api/themes/..%2Fpackage.json",
    "workbench/static/..%2F..%2Fworkbench.toml",
    "static/components",
    "workbench.toml",
    "workbench.sqlite",
]


@pytest.mark.parametrize("who", ["viewer", "rater"])
def test_nothing_else_can_be_reached(who, request) -> None:
    browser = request.getfixturevalue(who)
    statuses = {route: browser.ask(route).status for route in CLOSED}
    assert {route: s for route, s in statuses.items() if s not in (403, 404)} == {}


def test_no_kernel_can_be_started_listed_or_restarted(rater) -> None:
    kernel = kernel_of(rater.ask(SEE))
    for method, route in [
        ("POST", "api/kernels"),
        ("POST", "api/sessions"),
        ("DELETE", f"api/kernels/{kernel}"),
        ("POST", f"api/kernels/{kernel}/restart"),
        ("POST", f"api/kernels/{kernel}/interrupt"),
    ]:
        xsrf = {c.name: c.value for c in rater.cookies}.get("_xsrf", "")
        answer = rater.ask(route, method=method, body=b"{}", X_XSRFToken=xsrf)
        assert answer.status in (403, 404, 405), route
    assert rater.ask(f"api/kernels/{kernel}").status == 200


def test_a_page_shows_no_code(viewer) -> None:
    page = viewer.ask(SEE).text
    for code in ("from workbench import", "touched", "os.environ"):
        assert code not in page


# -- kernels ---------------------------------------------------------------------------------------


def _websocket(browser: Browser, kernel: str, **headers: str):
    url = browser.server.url.replace("http", "ws", 1) + f"api/kernels/{kernel}/channels"
    sent = {"Cookie": browser.cookie, "Origin": browser.origin} | headers
    origin = sent.pop("Origin")
    return connect(url, additional_headers=sent, origin=origin, max_size=None)  # type: ignore[arg-type]


def test_a_kernel_is_of_no_use_to_others(viewer, rater, published) -> None:
    kernel = kernel_of(viewer.ask(SEE))
    another = Browser(published).log_in("viewers")
    stranger = Browser(published)
    for other in (rater, another, stranger):
        assert other.ask(f"api/kernels/{kernel}").status in (302, 403, 404)
        gone = other.ask(f"voila/api/shutdown/{kernel}", method="POST", body=b"")
        assert gone.status in (403, 404)
        with pytest.raises(InvalidStatus) as refused, _websocket(other, kernel):
            pass
        assert refused.value.response.status_code in (403, 404)
    assert viewer.ask(f"api/kernels/{kernel}").status == 200


def test_pages_of_other_sites_cannot_talk_to_a_kernel(viewer) -> None:
    kernel = kernel_of(viewer.ask(SEE))
    with (
        pytest.raises(InvalidStatus) as refused,
        _websocket(viewer, kernel, Origin="http://elsewhere.example"),
    ):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("who", ["viewer", "rater"])
def test_code_sent_to_a_kernel_is_not_run(who, request, music) -> None:
    browser = request.getfixturevalue(who)
    kernel = kernel_of(browser.ask(SEE))
    mark = music.ws.root.parent / f"{who} was here"
    code = f"open({str(mark)!r}, 'w')"
    session = Session()
    asked = {
        "execute_request": {"code": code, "silent": False, "allow_stdin": False},
        "inspect_request": {"code": "print", "cursor_pos": 3, "detail_level": 1},
        "complete_request": {"code": "pri", "cursor_pos": 3},
        "history_request": {"hist_access_type": "tail", "n": 9, "output": True, "raw": True},
        "is_complete_request": {"code": code},
        "debug_request": {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}},
        "input_reply": {"value": code},
        "interrupt_request": {},
        "create_subshell_request": {},
    }
    replies: set[str] = set()
    with _websocket(browser, kernel) as socket:
        for kind, content in asked.items():
            for channel in ("shell", "control"):
                message = session.msg(kind, content)
                socket.send(json.dumps({**message, "channel": channel}, default=str))
        # Asked last, answered alone: the kernel is there and has been told nothing else.
        info = session.msg("kernel_info_request", {})
        socket.send(json.dumps({**info, "channel": "shell"}, default=str))
        end = time.monotonic() + 20
        while "kernel_info_reply" not in replies and time.monotonic() < end:
            message = json.loads(socket.recv(timeout=20))
            replies.add(message["msg_type"])
    assert "kernel_info_reply" in replies
    assert replies <= {"kernel_info_reply", "status", "iopub_welcome"}
    assert not mark.exists()


def test_a_page_stays_connected_ping_after_ping(music, two_pages, run_server, any_port) -> None:
    server = voila_server(music.ws, port=any_port(), pages=two_pages, token="a token")
    quick = "--Voila.tornado_settings={'ws_ping_interval': 300}"  # ms, instead of half a minute
    server = dataclasses.replace(server, command=[*server.command, quick])
    with run_server(server) as running:
        browser = Browser(running).log_in("raters")
        with _websocket(browser, kernel_of(browser.ask(SEE))) as socket:
            end = time.monotonic() + 2.0
            while time.monotonic() < end:
                with contextlib.suppress(TimeoutError):  # a closed socket is another error
                    socket.recv(timeout=0.1)
            assert socket.ping().wait(10)
