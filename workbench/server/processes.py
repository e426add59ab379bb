"""Server processes: starting them, waiting for them, ending them, and their addresses."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from workbench.errors import WorkbenchError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """A server that can be started: what it is called, its command and its address.

    `url` ends in "/" and has no token; `addresses` are what people open. `tokens` are those that
    log in, by whom they are for; the first one can do most.
    """

    name: str
    command: list[str]
    url: str
    path: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> dict[str, str]:
        """What to open, with the token where there is one, by whom it is for."""
        plain = self.url + self.path
        tokens = self.tokens.items()
        return {
            people: f"{plain}?token={urllib.parse.quote(token, safe='')}"
            for people, token in tokens
        } or {"": plain}

    @property
    def token(self) -> str:
        """The first of the tokens, empty where there is no login."""
        return next(iter(self.tokens.values()), "")

    @property
    def address(self) -> str:
        """The first of the addresses."""
        return next(iter(self.addresses.values()))


def run(servers: Sequence[Server], *, open_browser: bool = False) -> None:
    """Start servers, print their addresses, and keep them until Ctrl-C or until one stops.

    Raises
    ------
    WorkbenchError
        If a server does not start or stops by itself.
    """
    try:
        with _stop_on_terminate(), started(servers) as processes:
            print()
            width = 24 if any(len(server.tokens) > 1 for server in servers) else 12
            for server in servers:
                for people, address in server.addresses.items():
                    name = f"{server.name} for {people}:" if people else f"{server.name}:"
                    print(f"  {name:<{width}} {address}")
            print("\nPress Ctrl-C to stop.", flush=True)
            if open_browser:
                webbrowser.open(servers[0].address)
            while all(process.poll() is None for process in processes):
                time.sleep(0.2)
    except KeyboardInterrupt:
        print("\nStopped.")
        return
    raise WorkbenchError("A server stopped by itself; the messages above say why.")


@contextmanager
def started(
    servers: Sequence[Server], *, output: IO[bytes] | None = None, timeout_s: float = 60.0
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run servers for the length of a block; they answer when it begins.

    Their messages go to `output`, by default to this process's own.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for server in servers:
            processes.append(_start(server, output))
        for server, process in zip(servers, processes, strict=True):
            _wait(server, process, time.monotonic() + timeout_s)
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)


def _start(server: Server, output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        server.command,
        env={**os.environ, **server.environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output and subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is ours to handle, and Lab would ask questions
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(server: Server, process: subprocess.Popen[bytes], end: float) -> None:
    script = urllib.request.Request(
        f"{server.url}workbench/static/plotly.min.js",
        headers={"Referer": server.url},
        method="HEAD",
    )
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(script, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return  # any answer will do
        except OSError:
            time.sleep(0.05)
    raise WorkbenchError(f"{server.name} did not start; the messages above say why.")


@contextmanager
def _stop_on_terminate() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that the servers end with this process."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


# -- addresses ---------------------------------------------------------------------------------


def free_port(first: int, address: str = LOOPBACK, *, tries: int = 100) -> int:
    """Return the first port from `first` on that nobody listens at.

    Raises
    ------
    WorkbenchError
        If none of `tries` is free, or this machine does not have the address.
    """
    for port in range(first, min(first + tries, 65536)):
        try:
            with socket.create_server((address, port), family=_family(address)):
                return port
        except PermissionError as error:
            raise WorkbenchError(f"Port {port} may not be used; choose one above 1023.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise WorkbenchError(
                f"This machine cannot listen at {address}: {error.strerror or error}."
            ) from error
    raise WorkbenchError(f"No port from {first} on is free; choose another with --port.")


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def is_loopback(address: str) -> bool:
    """Return whether only this machine reaches `address`."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def slashed(base_url: str) -> str:
    """Return a base URL with a slash on either side."""
    inner = base_url.strip("/")
    return f"/{inner}/" if inner else "/"


def server_url(address: str, port: int, base_url: str) -> str:
    """Return what a browser is told; a server that listens everywhere goes by its host name."""
    host = socket.gethostname() if address in ("0.0.0.0", "::", "") else address
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}{slashed(base_url)}"
