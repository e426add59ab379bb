"""The sound of an item is served whole or in part, and nothing else is."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from tornado.web import HTTPError

from workbench import Workspace
from workbench.server.routes import SoundSource
from workbench.urls import audio_url


@pytest.fixture(params=["dashboards", "jupyter"])
def server(request: pytest.FixtureRequest):
    """Either server: the routes are the same."""
    return request.getfixturevalue(request.param)


def test_a_sound_comes_whole_with_its_type(server, music, ask) -> None:
    for item, kind in ((music.wav, "audio/wav"), (music.ogg, "audio/ogg")):
        answer = ask(server, audio_url(music.ws.id, item))
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert answer.body == music.ws.catalogue.media_path(item).read_bytes()


def test_a_part_of_a_sound_comes_as_asked(server, music, ask) -> None:
    whole = music.ws.catalogue.media_path(music.wav).read_bytes()
    answer = ask(server, audio_url(music.ws.id, music.wav), Range="bytes=100-299")
    assert (answer.status, answer.body) == (206, whole[100:300])
    assert answer.headers["Content-Range"] == f"bytes 100-299/{len(whole)}"
    beyond = ask(server, audio_url(music.ws.id, music.wav), Range=f"bytes={len(whole)}-")
    assert beyond.status == 416


def test_an_unchanged_sound_is_not_sent_again(server, music, ask) -> None:
    first = ask(server, audio_url(music.ws.id, music.wav))
    again = ask(server, audio_url(music.ws.id, music.wav), If_None_Match=first.headers["Etag"])
    assert (again.status, again.body) == (304, b"")
    other = ask(server, audio_url(music.ws.id, music.ogg))
    assert other.headers["Etag"] != first.headers["Etag"]


def test_the_size_of_a_sound_can_be_asked_for(server, music, ask) -> None:
    answer = ask(server, audio_url(music.ws.id, music.wav), method="HEAD")
    size = music.ws.catalogue.media_path(music.wav).stat().st_size
    assert (answer.status, int(answer.headers["Content-Length"])) == (200, size)


def test_everything_else_is_not_found(server, music, ask) -> None:
    own, other = music.ws.id, "0" * 12
    routes = [
        audio_url(own, music.score),
        audio_url(own, music.gone),
        audio_url(own, 999),
        audio_url(other, music.wav),
        f"workbench/audio/{own}/one.wav",
        f"workbench/audio/{own}/-1",
        f"workbench/audio/{own}/1.0",
        f"workbench/audio/{own}/{10**30}",
        f"workbench/audio/{own}/",
        f"workbench/audio/{own}/%2e%2e/%2e%2e/workbench.toml",
        f"workbench/audio/{own}/..%2f..%2fworkbench.sqlite",
        "workbench/audio/%2fetc%2fpasswd",
        "workbench/static/plotly.min.js.map",
        "workbench/static/..%2f__init__.py",
    ]
    assert {route: ask(server, route).status for route in routes} == dict.fromkeys(routes, 404)


def test_a_score_is_rendered_when_it_is_asked_for(server, music, ask) -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    answer = ask(server, audio_url(music.ws.id, music.notes))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/flac")
    assert answer.body == music.ws.catalogue.sound_path(music.notes).read_bytes()
    part = ask(server, audio_url(music.ws.id, music.notes), Range="bytes=0-99")
    assert (part.status, part.body) == (206, answer.body[:100])


def test_nothing_is_rendered_for_strangers(jupyter, music, ask) -> None:
    shutil.rmtree(music.ws.cache_folder, ignore_errors=True)
    answer = ask(jupyter, audio_url(music.ws.id, music.notes), Authorization="none")
    assert answer.status == 302
    assert not music.ws.cache_folder.exists()


def test_a_missing_file_is_not_named_to_the_viewer(server, music, ask) -> None:
    answer = ask(server, audio_url(music.ws.id, music.gone))
    assert "gone.flac" not in answer.text


def test_pages_of_other_sites_get_nothing(server, music, ask) -> None:
    foreign = ask(server, audio_url(music.ws.id, music.wav), Referer="http://elsewhere.example/")
    if server.token:  # a token in the header speaks for itself; a browser's cookie does not
        foreign = ask(
            server,
            audio_url(music.ws.id, music.wav),
            Referer="http://elsewhere.example/",
            Authorization="none",
        )
    assert foreign.status in (302, 403)


def test_sound_needs_the_login_where_there_is_one(jupyter, music, ask) -> None:
    answer = ask(jupyter, audio_url(music.ws.id, music.wav), Authorization="none")
    assert answer.status == 302
    assert "/login" in answer.headers["Location"]


def test_plotly_comes_from_the_installed_wheel(server, ask) -> None:
    import plotly

    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    answer = ask(server, "workbench/static/plotly.min.js")
    assert answer.body == script.read_bytes()
    assert "javascript" in answer.headers["Content-Type"]


# -- which workspace -----------------------------------------------------------------------------


def test_the_environment_says_which_workspace(monkeypatch, music, tmp_path) -> None:
    other = Workspace.create(tmp_path / "other")
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(music.ws.root))
    found = SoundSource(other.root, log=logging.getLogger()).workspace()
    assert found is not None
    assert found.id == music.ws.id


def test_without_it_the_servers_folder_counts_and_then_the_current_one(
    monkeypatch, music, tmp_path
) -> None:
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    source = SoundSource(music.ws.root, log=logging.getLogger())
    assert source.path(music.ws.id, music.wav).name == "one.wav"
    here = Workspace.create(tmp_path)
    found = SoundSource(tmp_path / "nothing", log=logging.getLogger()).workspace()
    assert found is not None
    assert found.id == here.id


def test_without_a_workspace_nothing_is_found_until_there_is_one(
    monkeypatch, tmp_path, caplog
) -> None:
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    source = SoundSource(tmp_path, log=logging.getLogger("server"))
    with pytest.raises(HTTPError) as refused:
        source.path("0" * 12, 1)
    assert refused.value.status_code == 404
    assert "workbench init" in caplog.text
    ws = Workspace.create(tmp_path)
    assert source.workspace().id == ws.id


def test_a_catalogue_that_cannot_be_read_is_the_servers_fault(monkeypatch, music) -> None:
    from workbench.errors import StorageError

    source = SoundSource(music.ws.root, log=logging.getLogger())
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    ws = source.workspace()

    def locked(*_: object, **__: object) -> Path:
        raise StorageError("The database is locked.")

    monkeypatch.setattr(ws.catalogue, "media_path", locked)
    with pytest.raises(HTTPError) as refused:
        source.path(ws.id, music.wav)
    assert refused.value.status_code == 503
