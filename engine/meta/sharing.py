"""Tasks shared out over threads, each with one torch thread and a replica of the model that shares its tensors.

A task is too small for torch's own threads to help with: one thread per task wastes less. Results come in the tasks'
order, whichever thread ends first, so what is summed from them is the same to the last bit as one after the other.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

import torch
from torch import nn

from engine.backbones.backbone import Backbone, batch_norms
from engine.devices import sharing_threads
from engine.meta.formulation import Total
from engine.meta.task import Task
from engine.methods.meta_learner import MetaLearner

Item = TypeVar("Item")
Found = TypeVar("Found")


class Shared:
    """A `Formulation`: the tasks of a meta-batch over so many threads."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def __call__(self, method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
        total = Total(model, len(tasks))
        for found in in_order(method.task_gradient, model, tasks, self.threads):
            total.add(found)
        return total.leave()


def shares(method: MetaLearner, model: Backbone) -> bool:
    """Whether training tasks may be computed in any order: nothing is drawn, no running statistics are kept up."""
    draws = any(isinstance(layer, nn.modules.dropout._DropoutNd) for layer in model.modules())
    still = next(batch_norms(model), None) is None or bool(getattr(method, "transductive", False))
    on_cpu = next(model.parameters()).device.type == "cpu"
    return on_cpu and still and not draws and sharing_threads() > 1


def in_order(
    work: Callable[[Backbone, Item], Found], model: Backbone, items: Sequence[Item], threads: int
) -> Iterator[Found]:
    """work(model, item) of every item, in their order; with more than one thread on replicas of the model."""
    if threads == 1 or len(items) == 1:
        yield from (work(model, item) for item in items)
        return
    spare: SimpleQueue[Backbone] = SimpleQueue()
    for _ in range(threads):
        spare.put(replica(model))

    def with_a_replica(item: Item) -> Found:
        own = spare.get()
        try:
            return work(own, item)
        finally:
            spare.put(own)

    with ThreadPoolExecutor(threads, "task", torch.set_num_threads, (1,)) as pool:
        yield from pool.map(with_a_replica, items)


def replica(model: Backbone) -> Backbone:
    """The same network in modules of its own, so that modes and swapped parameters do not meet; the tensors are shared.

    Only batch norm's count of batches is copied: it is added to even where the statistics stay.
    """
    tensors = [*model.parameters(), *(tensor for tensor in model.buffers() if tensor.is_floating_point())]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})
