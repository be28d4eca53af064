"""Tasks shared out over threads, each with one torch thread and a replica of the model that shares its tensors.

A task is too small for torch's own threads to help with: one thread per task wastes less. Results come in the tasks'
order, whichever thread ends first, so what is summed from them is the same to the last bit as one after the other.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone, batch_norms
from engine.machine.devices import sharing_threads
from engine.meta.learner import MetaLearner

Item = TypeVar("Item")
Found = TypeVar("Found")


def in_any_order(model: Backbone) -> bool:
    """Whether tasks may be computed so: on a CPU, and nothing is drawn."""
    draws = any(isinstance(layer, nn.modules.dropout._DropoutNd) for layer in model.modules())
    return next(model.parameters()).device.type == "cpu" and not draws


def shares(method: MetaLearner, model: Backbone) -> bool:
    """Whether several cores may compute a training task each."""
    return in_any_order(model) and sharing_threads() > 1


def keeps_statistics(method: MetaLearner, model: Backbone) -> bool:
    """Whether training keeps up running statistics, which depend on the order of the tasks."""
    return next(batch_norms(model), None) is not None and method.trains.keeps_statistics


class OwnStatistics:
    """While open, batch norm's running statistics start from zero, in tensors of this task's own.

    They follow r ← (1 - m) r + m s, so that what a task adds to any earlier r is what it makes of zero.
    """

    def __init__(self, model: Backbone) -> None:
        self._norms = [norm for norm in batch_norms(model) if norm.track_running_stats]
        self._found: list[tuple[Tensor, Tensor, Tensor]] = []

    def __enter__(self) -> OwnStatistics:
        self._before = [_buffers(norm) for norm in self._norms]
        self._found = [tuple(map(torch.zeros_like, buffers)) for buffers in self._before]  # type: ignore[misc]
        for norm, buffers in zip(self._norms, self._found, strict=True):
            norm.running_mean, norm.running_var, norm.num_batches_tracked = buffers
        return self

    def __exit__(self, *_: object) -> None:
        for norm, buffers in zip(self._norms, self._before, strict=True):
            norm.running_mean, norm.running_var, norm.num_batches_tracked = buffers

    def add_to(self, model: Backbone) -> None:
        norms = (norm for norm in batch_norms(model) if norm.track_running_stats)
        for norm, (mean, variance, count) in zip(norms, self._found, strict=True):
            left = (1 - (norm.momentum or 0.0)) ** int(count)
            for now, added in zip(_buffers(norm), (mean, variance), strict=False):
                now.mul_(left).add_(added)
            _buffers(norm)[2].add_(count)


def _buffers(norm: nn.modules.batchnorm._BatchNorm) -> tuple[Tensor, Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    return norm.running_mean, norm.running_var, norm.num_batches_tracked


class Crew:
    """So many threads, each with one thread of torch and a replica of the model.

    The threads end when the crew is forgotten.
    """

    def __init__(self, model: Backbone, threads: int) -> None:
        self.model, self.threads = model, threads
        if threads > 1:
            self._pool = ThreadPoolExecutor(threads, "task", torch.set_num_threads, (1,))
            self._spare: SimpleQueue[Backbone] = SimpleQueue()
            for _ in range(threads):
                self._spare.put(replica(model))

    def in_order(self, work: Callable[[Backbone, Item], Found], items: Sequence[Item]) -> Iterator[Found]:
        """work(model, item) of every item, in their order; with more than one thread on replicas of the model."""
        if self.threads == 1 or len(items) == 1:
            return (work(self.model, item) for item in items)
        return self._shared(partial(self._with_a_replica, work), items)

    def _shared(self, work: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[Found]:
        """Few ahead of who takes them: what is found and not yet taken takes memory."""
        waiting: deque[Future[Found]] = deque()
        for item in items:
            waiting.append(self._pool.submit(work, item))
            if len(waiting) > 2 * self.threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _with_a_replica(self, work: Callable[[Backbone, Item], Found], item: Item) -> Found:
        own = self._spare.get()
        try:
            return work(own, item)
        finally:
            self._spare.put(own)


def replica(model: Backbone) -> Backbone:
    """The same network in modules of its own, so that modes and swapped parameters do not meet; the tensors are shared.

    Only batch norm's count of batches is copied: it is added to even where the statistics stay.
    """
    tensors = [*model.parameters(), *(tensor for tensor in model.buffers() if tensor.is_floating_point())]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})
