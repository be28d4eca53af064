"""What the loop does in a step, for one method and network at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from engine.backbones.backbone import Backbone
from engine.meta.batch.formulation import Figures, MetaGradient, portions
from engine.meta.batch.sharing import keeps_statistics
from engine.meta.batch.stacked import Stacked, stacked_at_test
from engine.meta.evaluation import Meeting
from engine.meta.learner import MetaLearner
from engine.meta.roles import MetaRun
from engine.meta.task import Task, Tasks

Way = Callable[[MetaLearner, Backbone, Sequence[Task]], dict[str, float]]


def means(figures: Figures) -> dict[str, float]:
    return figures.means({name: float(value) for name, value in figures.sums.items()})


def meta_gradient(
    method: MetaLearner, model: Backbone, tasks: Sequence[Task], run: MetaRun | None = None
) -> dict[str, float]:
    return means(MetaGradient(method, model)(tasks, run or MetaRun()))


def one_by_one(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
    return means(MetaGradient(method, model).in_portions(tasks, MetaRun()))


def shared(threads: int) -> Way:
    """Over so many threads."""

    def way(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
        found = MetaGradient(method, model, threads, keeps_statistics(method, model))
        return means(found.in_portions(tasks, MetaRun()))

    return way


def together(method: MetaLearner, model: Backbone) -> Stacked:
    found = MetaGradient(method, model).together(MetaRun())
    assert found is not None
    return found


def size_together(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> int:
    return len(portions(tasks, MetaGradient(method, model).together(MetaRun()))[0])


def stacks_at_test(method: MetaLearner, model: Backbone) -> bool:
    return stacked_at_test(method, model, 0) is not None


def task_scores(
    method: MetaLearner, model: Backbone, tasks: Tasks, items: Any, text: str, stop: Callable[[], bool]
) -> Any:
    return Meeting(method, model, tasks).scores(items, text, stop)


def heard(events: Generator[Any, None, Any], said: list[Any]) -> Generator[Any, None, Any]:
    """The same, with what comes put down in a list."""
    while True:
        try:
            said.append(next(events))
        except StopIteration as end:
            return end.value
        yield said[-1]


def ended(events: Generator[Any, None, Any]) -> Any:
    """What it returns."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value
