"""Dask's scheduler as a line of runs: each waits here until a place is free, and what was lost is known for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from distributed import Scheduler
from distributed.comm import Comm
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.scheduler import TaskState

MOST = 10_000  # lost orders that are remembered
SOON = 0.01  # seconds until it is seen that a stream has ended
TOGETHER = 0.15  # seconds for which what all machines say is told to a desk together


class WaitingLine(Scheduler):  # type: ignore[misc]
    """lost_orders: keys of those whose machine was lost while it worked them."""

    def __init__(self, *given: object, **named: object) -> None:
        self.lost_orders: dict[str, None] = {}
        super().__init__(*given, **named)
        self.add_plugin(Losses(self.lost_orders), name="losses")

    async def add_client(self, comm: Comm, client: str, versions: dict[str, object]) -> None:
        """A message costs a desk as much as a hundred events in it do. A stream of before, of whose end nothing came
        here, would end this one with it."""
        while (before := self.client_comms.get(client)) is not None:
            if comm.closed():
                return
            before.abort()
            await asyncio.sleep(SOON)
        comm.write = greeting_alone(comm.write)
        self.loop.add_callback(self._tell_together, client)  # once it has a stream
        await super().add_client(comm, client, versions)

    def _tell_together(self, client: str) -> None:
        if (stream := self.client_comms.get(client)) is not None:
            stream.interval = TOGETHER

    def is_rootish(self, ts: TaskState) -> bool:
        """Whether an order waits here, not at a machine that works another one: all do that any machine may work."""
        return not (ts.resource_restrictions or ts.worker_restrictions or ts.host_restrictions)


def greeting_alone(write: Callable[..., Awaitable[int]]) -> Callable[..., Awaitable[int]]:
    """Writes the first message by itself: a client fails where another came with its greeting, as one for everybody
    does, or one that it had asked for before its stream broke."""
    greeted = False

    async def written(messages: Sequence[object], **how: object) -> int:
        nonlocal greeted
        first, greeted = (messages[:1] if not greeted else []), True
        return sum([await write(part, **how) for part in (first, messages[len(first) :]) if part])

    return written


class Losses(SchedulerPlugin):  # type: ignore[misc]
    """Notes which orders came to no end."""

    def __init__(self, lost: dict[str, None]) -> None:
        self._lost = lost

    def transition(self, key: str, start: str, finish: str, *_: object, **__: object) -> None:
        if finish != "erred":
            return
        self._lost[key] = None
        if len(self._lost) > MOST:
            del self._lost[next(iter(self._lost))]
