"""One side of a comparison: its test scores per seed, what each test item got, and the conditions of the test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite, nan

import numpy as np

from engine import metrics
from engine.comparison.crossed import GUARD, TWO, crossed, of_seeds
from engine.comparison.intervals import Interval, episode_interval, wilson
from engine.comparison.wording import ACCURACY
from engine.data.hashes import BY_CONTENT
from engine.data.lists import changed_words
from engine.data.shifts import describe
from engine.events import Evaluated
from engine.experiment import Experiment
from engine.naming import data_title

Items = tuple[np.ndarray, np.ndarray]
WHERE_FROM = ("split", "split seed", "images used", "classes")  # how test images were come by
OLDER = "one was tested when examples were still known by their names alone"


@dataclass(frozen=True, eq=False)
class Arm:
    """title: how the person knows it. scores: seed -> accuracy as a fraction, or an error, see `metric`.

    per_item: seed -> (ids int64 [n], right or wrong per image, or accuracy per episode, float64 [n]).
    conditions: what must agree before two arms may be compared, in words. unit: "images", "texts" or "episodes".
    """

    title: str
    scores: Mapping[int, float]
    per_item: Mapping[int, Items] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    unit: str = "images"

    @property
    def metric(self) -> str:
        """What the scores are: "test/accuracy", or "test/error", where less is better."""
        return self.conditions.get("metric", ACCURACY)

    @property
    def keeps_items(self) -> bool:
        """Whether what each test item got is known for every seed, and the items are the same."""
        kept = [self.per_item[seed][0] for seed in self.scores if seed in self.per_item]
        return len(kept) == len(self.scores) > 0 and all(np.array_equal(ids, kept[0]) for ids in kept[1:])

    @cached_property
    def interval(self) -> Interval | None:
        """The mean over seeds and its 95 % interval: for other seeds and other test items where they are kept, for
        other seeds alone where not. One seed: over test items. Two are too few for an interval. None without a score.
        """
        if not self.scores:
            return None
        values = np.array([self.scores[seed] for seed in sorted(self.scores)])
        if len(values) == TWO or not (self.keeps_items or len(values) > 1):
            return Interval(float(values.mean()), nan, nan, len(values))
        return self._over_items() if len(values) == 1 else self._spread(values)

    def _over_items(self) -> Interval:
        ((_, got),) = self.per_item.values()
        if self.unit in metrics.SINGLE:
            return wilson(int(got.sum()), got.size)
        return episode_interval(got).within(*metrics.of(self.metric).limits)

    def _spread(self, values: np.ndarray) -> Interval:
        measured = metrics.of(self.metric)
        if not self.keeps_items:
            return of_seeds(values).interval(*measured.limits)
        found = crossed(np.stack([self.per_item[seed][1] for seed in sorted(self.scores)]), guard(self))
        return (
            found.share_interval(self.unit in metrics.SINGLE) if measured.is_share else found.interval(*measured.limits)
        )

    @property
    def basis(self) -> str:
        """What the interval speaks about."""
        if len(self.scores) == TWO:
            return "too few seeds for an interval"
        if len(self.scores) < TWO:
            alike = self.keeps_items and self.interval is not None and not self.interval.known
            return f"all test {self.unit} alike, no interval" if alike else f"interval over test {self.unit}"
        return f"interval over seeds and test {self.unit}" if self.keeps_items else "interval over seeds alone"


def arm(title: str, results: Iterable[tuple[Experiment, Evaluated]]) -> Arm:
    """Build one side from its runs' test figures; of two runs with the same seed the later one counts, and
    a figure that is no number has no score.

    ValueError when there is no result.
    """
    results = list(results)
    if not results:
        raise ValueError(f"{title} has no test result.")
    experiment, result = results[-1]
    known = {run.seed: figure for run, figure in results if isfinite(figure.value)}
    return Arm(
        title=title,
        scores={seed: figure.value for seed, figure in known.items()},
        per_item={seed: items for seed, figure in known.items() if (items := per_item(figure)) is not None},
        conditions=conditions(experiment, result),
        unit=result.unit,
    )


def per_item(result: Evaluated) -> Items | None:
    """What each test item got: by image id, or by the episode's place in the fixed list; None when it was not kept, or
    where the figure is no mean over items, as Cohen's kappa is none."""
    items = _items(result)
    return items if items is not None and np.isclose(items[1].mean(), result.value) else None


def _items(result: Evaluated) -> Items | None:
    if result.scores is not None and len(result.scores):
        scores = np.asarray(result.scores, dtype=np.float64)
        return np.arange(scores.size), scores
    if result.ids is None or result.truth is None or result.predicted is None or not len(result.ids):
        return None
    right = np.asarray(result.truth) == np.asarray(result.predicted)
    order = np.argsort(result.ids, kind="stable")
    return np.asarray(result.ids, dtype=np.int64)[order], right[order].astype(np.float64)


def conditions(experiment: Experiment, result: Evaluated) -> dict[str, str]:
    """What the figure was tested on and how, in words; equal texts mean comparable figures.

    "data set" is for reading; where the figure has the data's fingerprint ("data"), that alone decides.
    """
    data = experiment.dataset
    said = {
        "metric": result.metric,
        "tested on": result.unit,
        "data set": data_title(experiment),
        "classes": "all" if data.classes is None else str(data.classes),
        "split seed": str(data.split_seed),
        "images used": data.part or "all",
        "shift": describe(data.shift) if data.shift else "none",
    }
    return {**said, **result.conditions}


def disagreements(a: Arm, b: Arm) -> list[str]:
    """Why two arms may not be compared, one phrase each; empty when they may."""
    if other := _other_tasks(a, b):
        return [other]
    tested = tests_the_same(a, b)
    if not tested and (reason := data_disagreement(a, b)):
        return [reason]
    same_images = a.unit == b.unit and a.unit in metrics.SINGLE and shares_items(a, b)
    ignored = {"data set", "data", metrics.TESTED, "split" if same_images else "", *(WHERE_FROM if tested else ())}
    names = [name for name in {**a.conditions, **b.conditions} if name not in ignored]
    found = [_unlike(name, a, b) for name in names if a.conditions.get(name) != b.conditions.get(name)]
    if not found and items_of(a) is not None and items_of(b) is not None and not shares_items(a, b):
        single = a.unit in metrics.SINGLE
        found.append(f"they were tested on different {a.unit}" if single else "their test episodes differ")
    return found


def _other_tasks(a: Arm, b: Arm) -> str:
    """That they learnt different tasks; "" where both learnt the same, or one each."""
    said = [one.conditions.get(metrics.TASK) for one in (a, b)]
    if said[0] == said[1]:
        return ""
    first, second = (words or "one task of its own" for words in said)
    return f"{a.title} learnt {first}, {b.title} {second}"


def _unlike(name: str, a: Arm, b: Arm) -> str:
    """A condition that differs; of the lists of test tasks, which are known by a checksum, how long they are."""
    if name == "test list":
        known = [len(next(iter(arm.per_item.values()))[0]) for arm in (a, b) if arm.per_item]
        return "their test tasks differ" + (f", {known[0]} / {known[1]}" if len(set(known)) > 1 else "")
    return f"{name}: {a.conditions.get(name, 'not said')} / {b.conditions.get(name, 'not said')}"


def data_disagreement(a: Arm, b: Arm) -> str | None:
    """Whether the arms saw different data, by fingerprint if both have one, else by name."""
    first, second = a.conditions, b.conditions
    names = f"{first.get('data set', 'not said')} / {second.get('data set', 'not said')}"
    if "data" in first and "data" in second:
        if first["data"] == second["data"]:
            return None
        changed = first.get("data set") == second.get("data set")
        if changed and first["data"].startswith(BY_CONTENT) != second["data"].startswith(BY_CONTENT):
            return f"not known to be the same test examples of {first.get('data set')}: {OLDER}"
        if not changed:
            return f"data set: {names}"
        how = f" ({words})" if (words := changed_words(first["data"], second["data"])) else ""
        return f"the examples of {first.get('data set')} have changed between them{how}"
    return None if first.get("data set") == second.get("data set") else f"data set: {names}"


def guard(side: Arm) -> float:
    """What stands against a spread over test items that is zero by chance: images are right or wrong."""
    return GUARD if side.unit in metrics.SINGLE else 0.0


def items_of(side: Arm) -> np.ndarray | None:
    """The ids of one seed's test items (all seeds of one configuration share them), or None."""
    return next((ids for ids, _ in side.per_item.values()), None)


def shares_items(a: Arm, b: Arm) -> bool:
    """True when both kept their test items and these are the same, one by one; in another set by their order."""
    first, second = items_of(a), items_of(b)
    if first is None or second is None:
        return False
    return len(first) == len(second) if tests_the_same(a, b) else np.array_equal(first, second)


def tests_the_same(a: Arm, b: Arm) -> bool:
    """Whether both are known to have been tested on the same images in the same order, out of whatever sets."""
    tested = a.conditions.get(metrics.TESTED)
    return tested is not None and tested == b.conditions.get(metrics.TESTED)
