"""The orders of one run, the files that its machine asks for, which were looked at when it was ordered, and those that
it leaves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import ExperimentError
from engine.remote.cluster import Cluster
from engine.remote.needed import looked_at
from engine.remote.order import Order, ordered, returned, unread
from engine.work.worker import Job


class Changed(ExperimentError):
    """A file is another one than when the run was ordered."""


class Orders:
    """topic: where machines say what comes."""

    def __init__(self, job: Job, topic: str) -> None:
        self._job, self._topic = job, topic
        self._files: dict[str, Path] = {}  # that the run needs, by digest

    def order(self, attempt: int) -> Order:
        """Reads the files once; raises `OSError`, `ExperimentError`."""
        order, self._files = ordered(self._job, attempt, self._topic)
        return order

    def files(self, attempt: int, digests: Iterable[str]) -> dict[str, Path]:
        """Those of the run's files, by digest. Raises `Changed`, and `ExperimentError` for one that cannot be read."""
        try:
            if not self._files:  # it was ordered before this program was started
                self.order(attempt)
            found = {one: self._files[one] for one in digests if one in self._files}
            for digest, file in found.items():
                if looked_at(file)[1] != digest:
                    raise Changed(f"{file} was changed after the run had been ordered.")
            return found
        except OSError as error:
            raise ExperimentError(*unread(error)) from error


def bring(cluster: Cluster, job: Job, at: str, journal: str) -> None:
    """The files of a run that has ended, before anybody hears that it has."""
    changes = {"experiment.json": lambda there: returned(there, job.experiment)}
    cluster.fetch(at, job.directory.name, journal, job.directory, changes)
