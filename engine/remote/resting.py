"""A process that works runs takes no more of them while its machine has no room."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from engine.machine.places import home
from engine.remote.room import has_room

if TYPE_CHECKING:
    from distributed import Worker

LEAST_REST = 30.0  # seconds without orders for one that found its disk full
LOOK_AGAIN = 1.0  # seconds


def rest() -> None:
    """Take no orders until there is room again, and for a while in any case: asked in a task."""
    from distributed import get_worker
    from distributed.core import Status

    worker = get_worker()
    worker.loop.add_callback(setattr, worker, "status", Status.paused)
    threading.Thread(target=_rest, args=(worker,), name="without room", daemon=True).start()


def _rest(worker: Worker) -> None:
    from distributed.core import Status

    time.sleep(LEAST_REST)
    while not has_room(home()):
        time.sleep(LOOK_AGAIN)
    worker.loop.add_callback(setattr, worker, "status", Status.running)
