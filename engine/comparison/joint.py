"""What it gave or took to learn several tasks on one trunk, against each of them learnt alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.comparison.crossed import ENOUGH_SEEDS
from engine.comparison.intervals import Interval, mean_interval
from engine.comparison.wording import count, lower_is_better, number, percent

ByTask = Mapping[str, Mapping[int, float]]  # task -> seed -> figure


@dataclass(frozen=True)
class Gain:
    """title: of what learnt all tasks. share: mean over tasks of (together - alone) / alone, over the seeds that all
    have; the sign of an error is turned, so that more is better. against: what learnt each task alone, in its order."""

    title: str
    share: Interval
    against: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """ "Both at once: 3.2 % worse than each task alone, on average over 2 tasks (95 % interval 1.2 to 5.2, 5 seeds;
        alone: a alone, b alone)." """
        value, worse = self.share.value, self.share.value < 0
        how = "as good as" if value == 0 else f"{percent(abs(value))} {'worse' if worse else 'better'} than"
        low, high = (-self.share.high, -self.share.low) if worse else (self.share.low, self.share.high)
        seeds = count(self.share.n, "seeds")
        rests = f"{seeds}, too few for an interval"
        if self.share.n >= ENOUGH_SEEDS:
            chance = ", which may be chance" if low <= 0 <= high else ""
            rests = f"95 % interval {number(100 * low)} to {number(100 * high)}{chance}, {seeds}"
        return (
            f"{self.title}: {how} each task alone, on average over {len(self.against)} tasks "
            f"({rests}; alone: {', '.join(self.against)})."
        )


def gains(figures: Mapping[str, ByTask], tasks: Sequence[str], metric: str) -> list[Gain]:
    """Of everything that has figures of all these tasks, where each task was also learnt alone. figures: by title;
    what has a figure of one task alone learnt that task alone, and of several such the best counts."""
    alone = {task: _best(figures, task, metric) for task in tasks}
    against = tuple(title for title in alone.values() if title is not None)
    if len(tasks) < 2 or len(against) < len(tasks):
        return []
    found = []
    for title, by_task in figures.items():
        if all(by_task.get(task) for task in tasks):
            pairs = [(by_task[task], figures[other][task]) for task, other in zip(tasks, against, strict=True)]
            if values := _shares(pairs, metric):
                found.append(Gain(title, mean_interval(values), against))
    return found


def _best(figures: Mapping[str, ByTask], task: str, metric: str) -> str | None:
    """The title of what learnt this task alone."""
    sign = -1 if lower_is_better(metric) else 1
    means = {
        title: sign * sum(by_task[task].values()) / len(by_task[task])
        for title, by_task in figures.items()
        if [one for one, scores in by_task.items() if scores] == [task]
    }
    return max(means, key=lambda title: means[title], default=None)


def _shares(pairs: Sequence[tuple[Mapping[int, float], Mapping[int, float]]], metric: str) -> list[float]:
    """Of each seed that all have, unless a figure to divide by is 0."""
    sign = -1 if lower_is_better(metric) else 1
    seeds = set.intersection(*({*together} & {*alone} for together, alone in pairs))
    return [
        sign * sum((together[seed] - alone[seed]) / alone[seed] for together, alone in pairs) / len(pairs)
        for seed in sorted(seeds)
        if all(alone[seed] for _, alone in pairs)
    ]
