"""The worker that has a run worked by a cluster: see `FollowedRun` for what it does when something is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue

from engine.errors import ExperimentError
from engine.events import CLUSTER, Event, Heard, RunFailed
from engine.remote.cluster import Cluster, ClusterAway, MachineWords
from engine.remote.following import FollowedRun
from engine.work.worker import Job, Word


class OnCluster:
    """Works one run elsewhere. connect: the cluster; raises `ExperimentError` where there is none."""

    host = CLUSTER

    def __init__(self, connect: Callable[[], Cluster]) -> None:
        self._connect = connect
        self._inbox: SimpleQueue[MachineWords | None] = SimpleQueue()
        self._word: Word | None = None
        self._paused = False
        self._following: FollowedRun | None = None

    def heard(self) -> Heard | None:
        return None if self._following is None else self._following.place

    def say(self, word: Word) -> None:
        """Pausing is told by a thread of its own: nobody asks for events meanwhile."""
        self._paused = word == "pause"
        if word in ("pause", "resume"):
            threading.Thread(target=self._tell_pause, name="telling a cluster").start()
        else:
            self._word = word
            self._inbox.put(None)

    def start(self, job: Job) -> Iterator[Event]:
        try:
            cluster = self._connect()
        except ExperimentError as error:
            yield RunFailed("experiment", error.message, error.advice)
            return
        self._following = FollowedRun(cluster, job, self._inbox, lambda: self._word, lambda: self._paused)
        yield from self._following.events()

    def _tell_pause(self) -> None:
        if (following := self._following) is not None:
            with suppress(ClusterAway):  # it is told when events are asked for again
                following.tell_pause()
