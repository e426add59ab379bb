"""Fixtures that many tests share."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres
import pytest

from workbench import Workspace

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two threads on a core that another process uses are ten times slower than one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


# What speaks to the database runs on both in every run of the tests; `--backend` says otherwise.
_ON_BOTH = (
    *("catalogue", "cli", "copying", "doctor", "evaluation", "exchange", "judgements"),
    *("listening", "maps", "sampling", "search", "tagging", "vectors"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backend",
        choices=[*postgres.BACKENDS, "both"],
        help="where workspaces lie; by default on both where tests are about the database",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests of a workspace on SQLite and on PostgreSQL."""
    asked = metafunc.config.getoption("--backend")
    if "backend" not in metafunc.fixturenames or asked in postgres.BACKENDS:
        return
    if metafunc.definition.get_closest_marker("sqlite_file"):
        return
    package = metafunc.definition.path.relative_to(Path(__file__).parent).parts[0]
    if asked == "both" or package in _ON_BOTH:
        metafunc.parametrize("backend", postgres.BACKENDS, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)  # before anything is made for the test
def pytest_runtest_setup(item: pytest.Item) -> None:
    asked = item.config.getoption("--backend")
    chosen = asked if asked in postgres.BACKENDS else "sqlite"
    about_a_file = item.get_closest_marker("sqlite_file")
    if about_a_file and chosen == "postgres":
        pytest.skip(about_a_file.args[0])
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        chosen = item.callspec.params.get("backend", chosen)
    postgres.use(chosen)


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let processes that share the work take whole files; what is dear is built in one of them."""
    for item in items:
        dear = "browser" in item.keywords or "demo_workspace" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("demo" if dear else item.nodeid.split("::")[0]))


@pytest.fixture(scope="session")
def real_recordings() -> list[Path]:
    """Five openly licensed recordings, where the shared material is present."""
    files = sorted((SHARED_DATA / "recordings").glob("*.ogg"))
    if not files:
        pytest.skip("the real recordings are not on this machine")
    return files


@pytest.fixture(scope="session")
def multitracks() -> Path:
    """Four CC0 multitracks, where the shared material is present."""
    folder = SHARED_DATA / "multitracks"
    if not folder.is_dir():
        pytest.skip("the multitracks are not on this machine")
    return folder


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """Where workspaces lie: ``sqlite`` or ``postgres``.

    What takes it, or takes a workspace that does, is run on both.
    """
    asked = request.config.getoption("--backend")
    return getattr(request, "param", asked if asked in postgres.BACKENDS else "sqlite")


@pytest.fixture(autouse=True)
def _databases() -> Iterator[None]:
    """Drop the databases that were made for one test alone."""
    kept = postgres.databases()
    yield
    postgres.drop_databases(kept)


@pytest.fixture
def ws(tmp_path: Path, backend: str) -> Workspace:
    """An empty workspace."""
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small demo workspace of real music, built by the command people use; not to be changed.

    ``WORKBENCH_TEST_DEMO`` names one that is there already, such as the full one; it is copied.
    """
    folder = tmp_path_factory.mktemp("demo") / "demo-workspace"
    built = os.environ.get("WORKBENCH_TEST_DEMO")
    if built:
        return Workspace(shutil.copytree(built, folder))
    pytest.importorskip("music21", reason="the demo extra is not installed")
    command = [sys.executable, "-m", "workbench", "demo", str(folder)]
    command += ["--pieces", "14", "--no-recordings"]
    subprocess.run(command, check=True, env=dict(os.environ))
    return Workspace(folder)


@pytest.fixture(scope="session")
def any_port() -> Callable[[], int]:
    """Return a function that gives a port of the system's choice: other tests may be running."""

    def choose() -> int:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return probe.getsockname()[1]

    return choose


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where this user may mount one."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    mount = shutil.which("mount")
    if mount is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def _fitted_each() -> dict[str, Workspace]:
    """`fitted_once` on each backend; tests on one and on the other may alternate."""
    return {}


@pytest.fixture(scope="session")
def fitted_once(
    backend: str, _fitted_each: dict[str, Workspace], tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """Forty songs of two parts by ten artists, without sound, and a model; not to be changed."""
    from synthetic import add_songs

    from workbench.training.initial import fit_initial

    if backend not in _fitted_each:
        ws = Workspace.create(tmp_path_factory.mktemp("fitted") / "workspace")
        add_songs(ws, 40, stems=1, artists=10)
        fit_initial(ws)
        _fitted_each[backend] = ws
    return _fitted_each[backend]


@pytest.fixture
def fitted(fitted_once: Workspace, tmp_path: Path) -> Workspace:
    """A copy of `fitted_once` to change."""
    return postgres.copied(fitted_once, tmp_path / "fitted")


@pytest.fixture(scope="session")
def two_fonts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sound font of the demo, and the same sounds under another title."""
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    from workbench.symbolic.soundfont import find_sound_font, tuned_copy

    folder = tmp_path_factory.mktemp("fonts")
    plain = tuned_copy(find_sound_font())
    first, second = folder / "plain.sf2", folder / "other.sf2"
    first.symlink_to(plain)
    data = bytearray(plain.read_bytes())
    data[data.index(b"INAM") + 8] ^= 1
    second.write_bytes(data)
    return first, second


@pytest.fixture(scope="session")
def tiny_corpus(
    tmp_path_factory: pytest.TempPathFactory, two_fonts: tuple[Path, Path]
) -> tuple[Path, Path]:
    """A manifest of thirteen small scores, and the corpus rendered from them; not to be changed."""
    from tiny_scores import write_manifest

    from workbench.corpus.build import Recipe, build_corpus
    from workbench.corpus.manifest import read_manifest

    folder = tmp_path_factory.mktemp("tiny corpus")
    manifest = write_manifest(folder)
    recipe = Recipe(two_fonts[:1], two_fonts[1:], renditions=2, test_renditions=1, seconds=6.0)
    build_corpus(read_manifest(manifest), folder / "corpus", recipe, processes=1)
    return manifest, folder / "corpus"


@pytest.fixture(scope="session")
def tiny_pieces(
    tmp_path_factory: pytest.TempPathFactory, two_fonts: tuple[Path, Path]
) -> tuple[Path, Path]:
    """A manifest of thirteen small scores, and the pieces rendered from them; not to be changed."""
    from tiny_scores import write_manifest

    from workbench.corpus.build import Recipe
    from workbench.corpus.manifest import read_manifest
    from workbench.corpus.pieces import build_pieces

    folder = tmp_path_factory.mktemp("tiny pieces")
    manifest = write_manifest(folder)
    recipe = Recipe(two_fonts[:1], two_fonts[1:], renditions=2, test_renditions=1, seconds=6.0)
    build_pieces(read_manifest(manifest), folder / "pieces", recipe, processes=1)
    return manifest, folder / "pieces"
