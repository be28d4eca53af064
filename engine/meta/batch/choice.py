"""How the tasks of a run are computed: the faster way, by a timed step at the start.

Only ways whose results are the same to the last bit are timed against each other, so a run repeats exactly whichever is
chosen. How many tasks are computed at once, which differs by rounding, follows from network, shapes and machine.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

import torch

from engine.events import Notice
from engine.machine.devices import sharing_threads
from engine.meta.batch.formulation import MetaGradient, portions
from engine.meta.batch.sharing import keeps_statistics, shares
from engine.meta.roles import MetaRun
from engine.meta.task import Task

WORTH_TIMING = 20  # meta-steps from which timing costs less than it can save
ROUNDS = 2  # the better of so many is taken


def quicker(plain: MetaGradient, tasks: Sequence[Task]) -> Generator[Notice, None, MetaGradient]:
    """Returns the quicker way and says which and why; leaves the model as it was."""
    method, model = plain.method, plain.model
    parts = portions(tasks, plain.together(MetaRun()))
    if len(parts) < 2 or not shares(method, model):
        return plain
    own = keeps_statistics(method, model)
    shared = MetaGradient(method, model, min(sharing_threads(), len(parts)), own)
    torch.set_num_threads(1)  # in both: sums over several threads are rounded otherwise
    single = MetaGradient(method, model, own_statistics=True) if own else plain  # adds statistics up in the same way
    before = [buffer.clone() for buffer in model.buffers()]
    single.in_portions(tasks[:1], MetaRun())
    alone, together = (_seconds(way, tasks) for way in (single, shared))
    model.zero_grad(set_to_none=True)
    for buffer, value in zip(model.buffers(), before, strict=True):
        buffer.copy_(value)
    yield Notice(_words(alone, together, shared.crew.threads, len(parts[0])))
    return shared if together < alone else single


def _seconds(way: MetaGradient, tasks: Sequence[Task]) -> float:
    way.model.train()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        way.in_portions(tasks, MetaRun())
        taken.append(time.perf_counter() - start)
    return min(taken)


def _words(alone: float, together: float, threads: int, size: int) -> str:
    both = f"{1000 * together:.0f} ms a meta-step on {threads} threads, {1000 * alone:.0f} ms on one"
    where = f"on {threads} threads" if together < alone else "on one thread"
    return f"Tasks are computed {f'{size} at a time' if size > 1 else 'each by itself'}, {where}: {both}."
