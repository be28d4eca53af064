"""A cluster on this machine: its line, its places and a desk, each a process or a client of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.machine.children import begun
from engine.remote.certificates import KeyFile, made_key
from engine.remote.cluster import ClusterAway
from engine.remote.joining import Joining
from engine.remote.line import KEY, WHERE
from engine.remote.machine import WorkPlace
from engine.remote.on_dask import DaskCluster
from tests.engine.work.small_runs import until


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Loopback:
    """line: the process in which orders stand. places: processes that work them, all of one machine."""

    def __init__(self, folder: Path, places: int) -> None:
        self.folder, self.key, self.port = folder, made_key(), free_port()
        self.key.write(folder / KEY)
        self.line = self.begin_line()
        joining = Joining(self.address, folder / KEY, folder / "machine")
        self.places = [WorkPlace(joining) for _ in range(places)]
        self.desks: list[DaskCluster] = []
        self._ended = threading.Event()
        self._machine = threading.Thread(target=self._look, name="machine")
        self._machine.start()

    @property
    def address(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    def begin_line(self) -> subprocess.Popen[bytes]:
        (self.folder / WHERE).unlink(missing_ok=True)
        child = begun(
            "engine.remote.line", str(self.folder), "127.0.0.1", str(self.port), DASK_LOGGING__DISTRIBUTED="error"
        )
        until(lambda: (self.folder / WHERE).is_file(), 120)
        assert json.loads((self.folder / WHERE).read_text())["address"] == self.address
        return child

    def desk(self, name: str = "desk", key: KeyFile | None = None) -> DaskCluster:
        made = DaskCluster(self.address, key or self.key, name)
        self.desks.append(made)
        return made

    def _look(self) -> None:
        """What the command on the machine does, only sooner."""
        while not self._ended.wait(0.2):
            for one in self.places:
                one.look()

    def ready(self, desk: DaskCluster, places: int) -> None:
        """Wait until so many are there."""

        def there() -> bool:
            try:
                return len(desk.machines()) == places
            except ClusterAway:
                return False

        until(there, 120)

    def end(self) -> None:
        self._ended.set()
        self._machine.join()
        for desk in self.desks:
            desk.close()
        for one in self.places:
            one.end()
        self.line.kill()
        self.line.communicate()


@contextmanager
def loopback(folder: Path, places: int = 1) -> Iterator[Loopback]:
    made = Loopback(folder, places)
    try:
        yield made
    finally:
        made.end()
