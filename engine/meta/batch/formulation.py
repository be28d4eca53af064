"""The outer gradient of a meta-batch: its tasks in portions of one or several, one portion after the other or shared
out over threads. The fastest way is chosen by timed steps at the start, and recorded: how many tasks are computed at
once differs by rounding, so that a run repeats exactly in the same way alone.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from engine.artifacts.bookmark import load_network, network_state, random_state, set_random_state
from engine.backbones.backbone import Backbone
from engine.data.hashes import short_hash
from engine.events import Notice, Preparing
from engine.experiment import Experiment
from engine.machine.choices import CACHED, FIRST, FORCED, RECORDED, THREADS, Choices, Chosen, Timing, Way
from engine.machine.devices import sharing_threads
from engine.meta.batch.sharing import Crew, OwnStatistics, in_any_order, keeps_statistics, shares
from engine.meta.batch.stacked import Stacked, stacked
from engine.meta.batch.stacked_network import stacked_network
from engine.meta.learner import MetaLearner, TaskGradient, learnt
from engine.meta.roles import MetaRun, knows
from engine.meta.task import Task
from engine.registry import complete

WORTH_TIMING = 40  # meta-steps from which timing costs less than it can save
ROUNDS = 2  # the better of so many is taken
BEHIND = 1.5  # times the fastest, from which a way is timed no second time
ROOM = 256 << 20  # bytes for tasks that are computed beside another: no more than the program takes itself
SIZE, SHARED = "tasks at once", "threads"


@dataclass(frozen=True)
class Figures:
    """sums: of each figure over `count` tasks, scalars that stay on their device."""

    sums: Mapping[str, Tensor]
    count: int

    def means(self, read: Mapping[str, float]) -> dict[str, float]:
        """Of the sums, once they are read; what else was read is left out."""
        return {name: read[name] / self.count for name in self.sums}


class MetaGradient:
    """Of a method on a network. own_statistics: each portion has batch norm's running statistics of its own, which are
    added up in the tasks' order, as several threads need it. size: tasks at once, where that was chosen."""

    def __init__(
        self, method: MetaLearner, model: Backbone, threads: int = 1, own_statistics: bool = False,
        size: int | None = None,
    ) -> None:  # fmt: skip
        self.method, self.model = method, model
        self.crew = Crew(model, threads)
        self._own_statistics, self._size = own_statistics, size
        self._network = stacked_network(model)

    def __call__(self, tasks: Sequence[Task], run: MetaRun) -> Figures:
        """Leave the mean over these tasks in `.grad`; return their figures."""
        self.model.train()
        found = (self._in_one if self.joins(tasks) else self.in_portions)(tasks, run)
        self.method.clip(self.model)
        return found

    def joins(self, tasks: Sequence[Task]) -> bool:
        """Whether they are one loss."""
        return self.method.joins(tasks[0]) and knows(type(self.method), "in_one", "query_loss", "task_gradient")

    def _in_one(self, tasks: Sequence[Task], run: MetaRun) -> Figures:
        whole = self.method.in_one(self.model, tasks, run)
        self.model.zero_grad(set_to_none=True)
        whole.loss.backward()
        return Figures(whole.figures, 1)

    def in_portions(self, tasks: Sequence[Task], run: MetaRun) -> Figures:
        total, together = Total(self.model, len(tasks)), self.together(run)
        parts = portions(tasks, together, self._size)
        for found, statistics in self.crew.in_order(partial(self._portion, together, run), parts):
            total.add(found)
            if statistics is not None:
                statistics.add_to(self.model)
        return total.leave()

    def together(self, run: MetaRun) -> Stacked | None:
        """How several tasks are computed at once; None where they are not."""
        return stacked(self.method, self.model, self._network, run)

    def _portion(
        self, together: Stacked | None, run: MetaRun, model: Backbone, part: Sequence[Task]
    ) -> tuple[TaskGradient, OwnStatistics | None]:
        """The sum of the outer gradients of these tasks."""
        if not self._own_statistics:
            return self._gradient(together, run, model, part), None
        with OwnStatistics(model) as statistics:
            return self._gradient(together, run, model, part), statistics

    def _gradient(self, together: Stacked | None, run: MetaRun, model: Backbone, part: Sequence[Task]) -> TaskGradient:
        if together is not None and len(part) > 1:
            return together.gradient(model, part)
        return self.method.task_gradient(model, part[0], run)


def portions(tasks: Sequence[Task], together: Stacked | None, chosen: int | None = None) -> list[Sequence[Task]]:
    """The tasks in order, as many at a time as are computed at once; see `Stacked.size`."""
    size = 1 if together is None else together.size(tasks, chosen)
    return [tasks[start : start + size] for start in range(0, len(tasks), size)]


class Total:
    """Adds up the gradients and figures of `count` tasks; `leave` puts the means into `.grad` and returns the
    figures'."""

    def __init__(self, model: Backbone, count: int) -> None:
        self._parameters = learnt(model)
        self._count = count
        self._sums: list[Tensor | None] = [None] * len(self._parameters)
        self._figures: dict[str, Tensor] = {}

    def add(self, found: TaskGradient) -> None:
        totals, parts = [], []
        for place, part in enumerate(found.gradients):
            if part is not None:
                total = self._sums[place]
                # Laid out in memory like the parameter: a fused optimiser takes them for that.
                self._sums[place] = total = torch.zeros_like(self._parameters[place]) if total is None else total
                totals.append(total)
                parts.append(part)
        with torch.no_grad():
            torch._foreach_add_(totals, parts)
        for name, value in found.figures.items():
            self._figures[name] = self._figures.get(name, torch.zeros_like(value)) + value

    def leave(self) -> Figures:
        for parameter, total in zip(self._parameters, self._sums, strict=True):
            parameter.grad = None if total is None else total / self._count
        return Figures(self._figures, self._count)


def quicker(
    plain: MetaGradient, tasks: Sequence[Task], choices: Choices, timed: bool = True
) -> Generator[Preparing, None, tuple[MetaGradient, tuple[Notice, ...]]]:
    """Returns the way that is chosen, and which and why in words where there was a choice; leaves model and draws as
    they were. timed: the training is long enough for a trial to pay."""
    ways = ways_of(plain, tasks)
    trial = partial(trial_of, plain, tasks) if timed else None
    chosen = yield from choices.choose(f"meta-step of {_called(plain, tasks)}", ways, trial)
    return computed(plain, chosen.way), (Notice(_words(chosen)),) if chosen.why != FIRST else ()


def possible(experiment: Experiment) -> Mapping[str, Sequence[int]]:
    """What a person may choose; which of it the network and the tasks allow is seen with them."""
    most = complete(experiment).method.hyperparameters["meta_batch"]
    sizes = [1 << power for power in range(int(most).bit_length())]
    return {SIZE: sizes, SHARED: range(1, sharing_threads() + 1)}


def ways_of(plain: MetaGradient, tasks: Sequence[Task]) -> list[Way]:
    """The usual one first: on torch's own threads, or shared out over as many of ours with one of torch each; tasks
    that are one loss have no other."""
    together, own = plain.together(MetaRun()), torch.get_num_threads()
    if plain.joins(tasks):
        return [{SIZE: 1, SHARED: 1, THREADS: own}]
    sizes, room = ([1], 0) if together is None else (together.sizes(tasks), together.bytes_of(tasks))
    several = sharing_threads() if shares(plain.method, plain.model) else 1
    ways: list[Way] = []
    for size in sizes:
        most = min(several, -(-len(tasks) // size))  # portions
        for threads, inside in dict.fromkeys([(1, own), *([(1, 1), (most, 1)] if most > 1 else [])]):
            if size == sizes[0] or (size * threads - 1) * room <= ROOM:
                ways.append({SIZE: size, SHARED: threads, THREADS: inside})
    return ways


def computed(plain: MetaGradient, way: Way) -> MetaGradient:
    """In this way. Statistics are added up alike on any number of threads."""
    torch.set_num_threads(int(way[THREADS]))
    own = keeps_statistics(plain.method, plain.model) and in_any_order(plain.model)
    return MetaGradient(plain.method, plain.model, int(way[SHARED]), own, int(way[SIZE]))


def trial_of(plain: MetaGradient, tasks: Sequence[Task], ways: Sequence[Way]) -> Timing:
    """Returns the seconds of a meta-step in each way, the best of a few, in turn; those far behind after the first are
    left."""
    found = [math.inf] * len(ways)
    with as_before(plain.model):
        computed(plain, ways[0]).in_portions(tasks[:1], MetaRun())
        for done in range(ROUNDS):
            for place, way in enumerate(ways):
                if found[place] <= BEHIND * min(found) or math.isinf(found[place]):
                    yield Preparing(f"Timing tasks {_way_words(way)}", (done + place / len(ways)) / ROUNDS)
                    found[place] = min(found[place], _seconds(computed(plain, way), tasks))
    return found


@contextmanager
def as_before(model: Backbone) -> Iterator[None]:
    """Afterwards the network, what it draws from and torch's threads are as they were, also where the trial is left."""
    before, draws, threads = copy.deepcopy(network_state(model)), random_state(), torch.get_num_threads()
    try:
        yield
    finally:
        model.zero_grad(set_to_none=True)
        load_network(model, before)
        set_random_state(draws)
        torch.set_num_threads(threads)


def _seconds(way: MetaGradient, tasks: Sequence[Task]) -> float:
    way.model.train()
    start = time.perf_counter()
    found = way.in_portions(tasks, MetaRun())
    float(next(iter(found.sums.values())))  # waits for a GPU
    return time.perf_counter() - start


def _called(plain: MetaGradient, tasks: Sequence[Task]) -> str:
    """What the time of a meta-step depends on: method, network, shapes."""
    weights = [list(parameter.shape) for parameter in plain.model.parameters()]
    shapes = [list(part.shape) for part in tasks[0].parts]
    values = {name: value for name, value in vars(plain.method.hyperparameters).items() if isinstance(value, int | str)}
    told = f"{weights} {values} {[type(layer).__name__ for layer in plain.model.modules()]}"
    return f"{plain.method.name}, {len(tasks)} tasks of {shapes}, network {short_hash(told)}"


def _words(chosen: Chosen) -> str:
    why = {FORCED: "as asked for", RECORDED: "as recorded", CACHED: "as measured before"}.get(chosen.why)
    told = [one for one in chosen.seconds if one[0] in (chosen.way, chosen.seconds[0][0])]  # it and the usual one
    times = [f"{1000 * seconds:.0f} ms {_way_words(way)}" for way, seconds in told]
    return f"Tasks are computed {_way_words(chosen.way)}: {why or ', '.join(times)}."


def _way_words(way: Way) -> str:
    size, threads, inside = (int(way[name]) for name in (SIZE, SHARED, THREADS))
    on = (
        f"on {max(threads, inside)} threads{' of torch' if inside > 1 else ''}"
        if threads * inside > 1
        else "on one thread"
    )
    return f"{f'{size} at a time' if size > 1 else 'each by itself'}, {on}"
