"""What a cluster's line knows of orders and machines: plain functions, asked of the scheduler itself."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from engine.remote.cluster import LOST, WAITING

if TYPE_CHECKING:
    from distributed import Scheduler


ANYBODY = "fire-and-forget"  # whom Dask takes an order for that nobody waits for


def looked(keys: Collection[str], dask_scheduler: Scheduler = None) -> tuple[int, dict[str, str]]:
    """All that a desk asks for from time to time: (how many machines take orders, see `Cluster.state`, of these)."""
    return running(dask_scheduler), states_of(keys, dask_scheduler)


def cancel(key: str, dask_scheduler: Scheduler = None) -> None:
    """Take an order out of line, whoever gave it. What is asked is answered: told on a stream that has broken it would
    be lost."""
    dask_scheduler.stimulus_cancel([key], ANYBODY, force=True, reason="", msg="")


def silences(dask_scheduler: Scheduler = None) -> dict[str, float]:
    """Seconds since the last sign of life of each process that works runs, by one clock."""
    return {at: max(0.0, time.time() - one.last_seen) for at, one in dask_scheduler.workers.items()}


def running(dask_scheduler: Scheduler = None) -> int:
    """How many of them take orders."""
    return len(dask_scheduler.running)


def states_of(keys: Collection[str], dask_scheduler: Scheduler = None) -> dict[str, str]:
    """See `Cluster.state`, of each; asked of the scheduler itself."""
    return {key: state_of(key, dask_scheduler) for key in keys}


def state_of(key: str, dask_scheduler: Scheduler) -> str:
    """See `Cluster.state`."""
    task = dask_scheduler.tasks.get(key)
    if task is None or task.state in ("released", "memory", "erred", "forgotten"):
        return LOST if key in dask_scheduler.lost_orders else ""
    return WAITING if task.processing_on is None else str(task.processing_on.address)


def orders_of(uids: Collection[str], dask_scheduler: Scheduler = None) -> dict[str, list[tuple[str, str]]]:
    """(state, beginning of its journal's name) of each order of those runs that waits or is worked; asked of the
    scheduler itself."""
    found = dict[str, list[tuple[str, str]]]()
    for key in dask_scheduler.tasks:
        uid, _, number = str(key).rpartition("-")
        if uid in uids and (state := state_of(key, dask_scheduler)) not in ("", LOST):
            found.setdefault(uid, []).append((state, f"{number}-"))
    return found
