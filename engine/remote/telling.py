"""How a task says what is said of its run, and whether anybody is there to hear it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pickle import dumps
from typing import TYPE_CHECKING, Any

from engine.remote.order import Order
from engine.remote.work import Tell

if TYPE_CHECKING:
    from distributed import Scheduler, Worker

PATIENCE = 10.0  # seconds for an answer of the line; without a line this process ends by itself


def teller(order: Order) -> Tell:
    """Asked in a task. What is asked for is asked of nobody where no desk listens, which is worth a question."""
    from distributed import get_worker

    worker = get_worker()

    def tell(said: Mapping[str, Any]) -> bool:
        worker.log_event(order.topic, {**said, "uid": order.uid, "at": worker.address})
        return "needs" not in said or _hears(worker, order.topic)

    return tell


def _hears(worker: Worker, topic: str) -> bool:
    given: dict[str, bytes] = {"function": dumps(is_heard), "args": dumps((topic,)), "kwargs": dumps({})}
    asked = asyncio.run_coroutine_threadsafe(worker.scheduler.run_function(**given), worker.loop.asyncio_loop)
    try:
        said = asked.result(PATIENCE)
    except (OSError, TimeoutError):
        return True  # nobody knows
    return said.get("result") is not False


def is_heard(topic: str, dask_scheduler: Scheduler = None) -> bool:
    """Whether a desk listens that is still there; asked of the scheduler itself. It forgets who is gone, and not what
    they listened to."""
    known = dask_scheduler._broker._topics.get(topic)
    return known is not None and not known.subscribers.isdisjoint(dask_scheduler.client_comms)
