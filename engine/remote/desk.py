"""The cluster of a workspace, as the program that is open there knows it. Nothing is imported before it is asked."""

from __future__ import annotations

import json
import socket
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ExperimentError

if TYPE_CHECKING:
    from engine.remote.on_dask import DaskCluster
    from engine.work.worker import Worker

FOLDER = "cluster"  # of a workspace
OWED = "owed"  # there
START = "Begin one with “cluster start” or under Settings, Machines; or choose another device."


class NoCluster(ExperimentError):
    """The workspace has none."""


class ClusterDesk:
    """root: of the workspace."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._cluster: DaskCluster | None = None
        self._lock = threading.Lock()

    def worker(self) -> Worker:
        from engine.remote.worker import OnCluster

        return OnCluster(self.followed)

    def followed(self) -> DaskCluster:
        """For who follows a run, also while it does not answer. Raises `NoCluster`, `NotThisCluster`, `ExperimentError`
        for another version."""
        from engine.remote.cluster import ClusterAway, NotThisCluster

        cluster = self._made()
        try:
            cluster.connect()
        except NotThisCluster:
            raise
        except ClusterAway:
            pass
        return cluster

    def connect(self, same_version: bool = True) -> DaskCluster:
        """Raises `NoCluster`, `ClusterAway` where it does not answer, `ExperimentError` for another version."""
        cluster = self._made()
        cluster.connect(same_version)
        return cluster

    def _made(self) -> DaskCluster:
        """Raises `NoCluster`."""
        from engine.data.hashes import short_hash
        from engine.remote.certificates import KeyFile
        from engine.remote.line import KEY
        from engine.remote.on_dask import DaskCluster

        with self._lock:
            where(self._folder)
            if self._cluster is None:
                key = KeyFile.read(self._folder / KEY)
                desk = short_hash(str(self._folder), socket.gethostname())  # the same after a restart
                self._cluster = DaskCluster(partial(where, self._folder), key, desk, self._folder / OWED)
            return self._cluster

    def settle(self) -> bool:
        """Have the cluster told by and by what earlier programs could not tell it (see `Debts`); nothing is asked, or
        imported, where they left nothing. True where it does not answer. Raises `ExperimentError` where it cannot."""
        from engine.remote.cluster import ClusterAway

        try:
            if any((self._folder / OWED).glob("*.json")):
                self.connect()
        except ClusterAway:
            return True
        return False

    def places(self) -> int:
        return 1 if self._cluster is None else self._cluster.places()

    def let_go(self) -> None:
        """The line has ended. Who follows runs there goes on when it is begun again, by the same connection."""
        with self._lock:
            if self._cluster is not None:
                self._cluster.let_go()

    def close(self, wait: bool = True) -> None:
        """Let go of the cluster; it is connected to again when it is asked for. wait: until nothing is left of it."""
        if wait:
            self._close()
        elif self._cluster is not None or self._lock.locked():
            threading.Thread(target=self._close, name="leaving a cluster").start()

    def _close(self) -> None:
        with self._lock:
            cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close()


def where(folder: Path) -> str:
    """The address of the workspace's cluster; raises `NoCluster` where it has none."""
    from engine.remote.line import WHERE

    try:
        return str(json.loads((folder / WHERE).read_text("utf-8"))["address"])
    except (OSError, ValueError, LookupError) as error:
        raise NoCluster("This workspace has no cluster.", START) from error
