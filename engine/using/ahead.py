"""Batches of images, the next one read while one is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.artifacts.saved import TOGETHER
from engine.data.images import Cancel, check
from engine.machine.allocator import memory_kept

Batch = TypeVar("Batch")


def read_ahead(
    read: Callable[[range], Batch], total: int, first: int = 0, cancelled: Cancel | None = None
) -> Iterator[tuple[range, Batch]]:
    """Places from `first` to `total`, as many together as in a run's own test, with what is read there. Raises
    `Cancelled`, and what `read` raises. What the caller computes of a batch may be as large as a training step."""
    batches = [range(start, min(start + TOGETHER, total)) for start in range(first, total, TOGETHER)]
    with memory_kept() as freed, ThreadPoolExecutor(1, thread_name_prefix="images ahead") as ahead:
        waiting = ahead.submit(read, batches[0]) if batches else None
        for places, following in zip(batches, [*batches[1:], None], strict=True):
            check(cancelled)
            assert waiting is not None
            found = waiting.result()
            waiting = ahead.submit(read, following) if following else None
            yield places, found
            freed.hold()
