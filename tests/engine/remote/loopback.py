"""A cluster on this machine: its line, its places and a desk, each a process or a client of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
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

LINE = "engine.remote.line"
there: list[Loopback] = []  # those that have not ended


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Loopback:
    """line: the process in which orders stand, of this module. places: processes that work them, all of one machine
    unless each has a home of its own."""

    def __init__(
        self, folder: Path, places: int, homes: Sequence[Path] = (), module: str = "engine.remote.line"
    ) -> None:
        self.folder, self.key, self.port, self.module = folder, made_key(), free_port(), module
        self.key.write(folder / KEY)
        self.line = self.begin_line()
        own = homes or [folder / "machine"] * places
        self.places = [WorkPlace(Joining(self.address, folder / KEY, home)) for home in own]
        self.desks: list[DaskCluster] = []
        self._ended = threading.Event()
        self._machine = threading.Thread(target=self._look, name="machine")
        self._machine.start()

    @property
    def address(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    def begin_line(self) -> subprocess.Popen[bytes]:
        (self.folder / WHERE).unlink(missing_ok=True)
        child = begun(self.module, str(self.folder), "127.0.0.1", str(self.port), DASK_LOGGING__DISTRIBUTED="error")
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

    def add_place(self, home: Path) -> None:
        """Another machine comes."""
        self.places.append(WorkPlace(Joining(self.address, self.folder / KEY, home)))

    def ready(self, desk: DaskCluster, places: int) -> None:
        """Wait until so many are there."""

        def there() -> bool:
            try:
                return len(desk.machines()) == places
            except ClusterAway:
                return False

        until(there, 120)

    def close_desks(self) -> None:
        for desk in self.desks:
            desk.close()
        self.desks.clear()

    def end(self) -> None:
        self._ended.set()
        self._machine.join()
        self.close_desks()
        for one in self.places:
            one.end()
        self.line.kill()
        self.line.communicate()


@contextmanager
def loopback(folder: Path, places: int = 1, homes: Sequence[Path] = (), module: str = LINE) -> Iterator[Loopback]:
    made = Loopback(folder, places, homes, module)
    there.append(made)
    try:
        yield made
    finally:
        there.remove(made)
        made.end()
