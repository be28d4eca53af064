"""A study made of runs that were tried by hand: the same arms, labels and conditions as one grid, with more seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.comparison.differences import ORDER, Difference, differences
from engine.comparison.differences import shown as value_words
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice, Experiment
from engine.families import MULTITASK, family
from engine.multitask.titles import limited, tasks_of
from engine.naming import data_title, method_title
from engine.registry import complete
from engine.studies.study import DISTANCE, Study, StudyArm, distance, parse_study

ENOUGH, MORE = (5, 10), 5  # seeds that a study is drafted with, and how many are added to those that have more
LONGEST_ARM, LONGEST_TITLE = 60, 120
SHOT = "shot"
GRID = ("labels_per_class", "shift", DISTANCE, "split_seed")  # what a study varies, or gives by its seeds


def study_of(experiments: Sequence[Experiment]) -> Study:
    """A draft of a study with these experiments among its cells, and more seeds.

    Raises `InvalidExperiment` where they differ in what a study keeps alike, such as the data.
    """
    found = [complete(experiment) for experiment in experiments]
    if all_limited := all(map(_limits_all, found)):  # what a study varies is of all tasks
        found = [one.model_copy(update={"tasks": tuple(limited(task, None) for task in one.tasks)}) for one in found]
    _check_alike(found)
    arms = _arms(found)
    shifts, distances = _conditions(found)
    body: dict[str, Any] = {
        "title": _title(arms, found[0]), "dataset": found[0].dataset.model_dump() | dict.fromkeys(GRID[:2]),
        "arms": [arm.model_dump() for arm in arms], "labels": _sorted({_labels(one) for one in found}),
        "shifts": shifts, "distances": distances, "seeds": more_seeds({one.seed for one in found}),
        "splits_follow_seed": _follows(found), "device": found[0].device, "precision": found[0].precision,
        "budget": found[0].budget.model_dump(), "tasks": [task.model_dump() for task in found[0].tasks],
        "labels_of": "every task's data" if all_limited else "own data",
    }  # fmt: skip
    body["figure"] = _figure(body, found[0])
    return parse_study(body)


def _limits_all(experiment: Experiment) -> bool:
    """Whether tasks have data of their own, with as many labels as the experiment's."""
    others = [task.dataset for task in experiment.tasks if task.dataset is not None]
    return bool(others) and {one.labels_per_class for one in others} == {experiment.dataset.labels_per_class}


def _figure(body: dict[str, Any], experiment: Experiment) -> str:
    """What stands on the axis: what is varied, else the two tasks, else the arms."""
    if len(body["labels"]) > 1:
        return "labels"
    if len(body["shifts"]) + len(body["distances"]) > 1:
        return "shift"
    several = family(experiment) is MULTITASK and len(tasks_of(experiment)) == 2
    return "tasks" if several else "arm"


def more_seeds(had: Iterable[int]) -> list[int]:
    """The seeds that there are and the next ones that are free."""
    seeds = sorted(set(had))
    wanted = next((count for count in ENOUGH if len(seeds) < count), len(seeds) + MORE)
    free = (seed for seed in range(wanted + len(seeds)) if seed not in seeds)
    return seeds + [next(free) for _ in range(wanted - len(seeds))]


def _check_alike(experiments: Sequence[Experiment]) -> None:
    for name, words in (("dataset", "data"), ("tasks", "tasks"), ("budget", "time limit"), ("precision", "precision")):
        if len({_alike(getattr(one, name)) for one in experiments}) > 1:
            raise InvalidExperiment(
                f"These runs differ in their {words}, which a study keeps alike.",
                "Choose runs that differ in method, weights, labels per class, shift or seed.",
            )
    splits = {one.dataset.split_seed for one in experiments}
    if len(splits) > 1 and not _follows(experiments):
        raise InvalidExperiment(
            "These runs differ in their split seed, which a study keeps alike.", "Choose runs of one split seed."
        )


def _alike(part: object) -> str:
    """What a study does not vary of a part of the experiment."""
    if not isinstance(part, DatasetChoice):
        return str(part)
    return str(part.model_copy(update={name: None for name in GRID if name in type(part).model_fields}))


def _follows(experiments: Sequence[Experiment]) -> bool:
    """Whether each seed divides the images anew."""
    same = all(one.seed == one.dataset.split_seed for one in experiments)
    return same and len({one.seed for one in experiments}) > 1


def _is_episodic(experiment: Experiment) -> bool:
    return family(experiment).shot in experiment.method.hyperparameters


def _labels(experiment: Experiment) -> int | None:
    """Labels per class, or the shot of a meta-learner."""
    if _is_episodic(experiment):
        return int(experiment.method.hyperparameters[SHOT])
    return experiment.dataset.labels_per_class


def _sorted(labels: set[int | None]) -> list[int | None]:
    return sorted(labels, key=lambda one: (one is None, one or 0))


def _conditions(experiments: Sequence[Experiment]) -> tuple[list[dict[str, Any] | None], list[float]]:
    """(shifts, distances) that occur; distances only where they differ."""
    distances = sorted({far for one in experiments if (far := distance(one.dataset)) is not None})
    shifts = {str(one.dataset.shift): one.dataset.shift for one in experiments}
    found = sorted(shifts.values(), key=lambda shift: (shift is not None, str(shift)))
    dumped = [None if shift is None else shift.model_dump() for shift in found]
    return dumped, distances if len(distances) > 1 else []


def _arms(experiments: Sequence[Experiment]) -> list[StudyArm]:
    """What differs in backbone, method or search, each once, in the order of the runs."""
    ways: dict[str, Experiment] = {}
    for one in experiments:
        values = {
            key: value for key, value in one.method.hyperparameters.items() if key != SHOT or not _is_episodic(one)
        }
        way = Experiment(
            backbone=one.backbone, method=one.method.model_copy(update={"hyperparameters": values}), search=one.search
        )
        ways.setdefault(way.canonical(), way)
    titles = _titles(list(ways.values()))
    return [
        StudyArm(title=title, backbone=way.backbone, method=way.method, search=way.search)
        for title, way in zip(titles, ways.values(), strict=True)
    ]


def _titles(ways: Sequence[Experiment]) -> list[str]:
    """The method, and what tells two arms of one method apart."""
    plain = [method_title(way.method.name) for way in ways]
    rows = [row for row in differences(ways) if row.key != "method.name"]
    said: list[str] = []
    for place, title in enumerate(plain):
        alike = [other for other, name in enumerate(plain) if name == title]
        words = [_words(row, place) for row in rows if len({row.values[other] for other in alike}) > 1]
        said.append(", ".join([title, *words])[:LONGEST_ARM].rstrip())
    return [f"{title[: LONGEST_ARM - 4]} {place + 1}" if said.count(title) > 1 else title
            for place, title in enumerate(said)]  # fmt: skip


def _words(row: Difference, place: int) -> str:
    value = value_words(row.values[place])
    return value if row.key == ORDER else f"{row.label.lower()} {value}"


def _title(arms: Sequence[StudyArm], experiment: Experiment) -> str:
    names = list(dict.fromkeys(arm.title for arm in arms))
    first = " against ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    return f"{first} on {data_title(experiment)}"[:LONGEST_TITLE]
