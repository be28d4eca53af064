"""The columns of a study's table: which figures of its runs stand there, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

from engine.data.shifts import condition_words
from engine.experiment import DatasetChoice, Experiment
from engine.families import FINE_TUNING, HEAD_BENCH, MULTITASK
from engine.metrics import FRESH_PROBE, OLD_HEAD, SHIFT, SOURCE, TASK, named
from engine.metrics import words as words_of
from engine.multitask.method import MultiTaskMethod
from engine.multitask.titles import BEFORE, WHEN
from engine.naming import data_title
from engine.registry import build_as, method
from engine.studies.cells import limits_all, task_titles
from engine.studies.study import Condition, Study, labels_words

READERS = {OLD_HEAD: "the old head", FRESH_PROBE: "a fresh probe"}
MEAN = {"tests": "mean over shifts"}  # where the mean of the further test sets is measured


@dataclass(frozen=True)
class StudyColumn:
    """One place of the table. name: of its figures, on the test images, on a further test set, or their mean."""

    labels: int | None
    condition: Condition
    metric: str
    name: str
    title: str


def columns(study: Study, metric: str) -> tuple[StudyColumn, ...]:
    """Label count by condition, and there the test images themselves, the further test sets and the mean over those."""
    return tuple(
        StudyColumn(labels, condition, metric, name, ", ".join(filter(None, (labels_part, where, words))) or about)
        for labels in study.labels
        for condition in study.conditions
        for name, words in test_sets(study, metric)
        for labels_part in [labels_words(labels, study.target) if len(study.labels) > 1 else ""]
        for where in [condition_words(condition) if len(study.conditions) > 1 else ""]
        for about in [words_of(metric)]
    )


def labels_hold(study: Study) -> str:
    """Whose examples the label counts limit, where tasks have data of their own; "" where nothing is to be said."""
    others = [task.dataset for task in study.tasks if task.dataset is not None]
    if not others or study.labels == (None,) or not task_titles(study):
        return ""
    if limits_all(study):
        return "The label counts hold for the data of every task."
    kept = dict.fromkeys(f"{_called(one)} has {labels_words(one.labels_per_class)} in all of them" for one in others)
    return f"The label counts hold for {_called(study.dataset)} alone: {', '.join(kept)}."


def _called(choice: DatasetChoice) -> str:
    return data_title(Experiment(dataset=choice))


def test_sets(study: Study, metric: str) -> list[tuple[str, str]]:
    """(name of the figure, words) of every test set of a run; of each task where there are several, then of each
    before the others were learnt, where any arm does so. Last what arms still know of what they started from."""
    if several := task_titles(study):
        now = [(task_figure(metric, title), title) for title in several]
        earlier = several if _has_stages(study, len(several)) else ()
        return [*now, *((task_figure(metric, title, before=True), f"{title}, {BEFORE}") for title in earlier)]
    kept = [(SOURCE + reader, f"old classes by {how}") for reader, how in READERS.items() if _measures_kept(study)]
    words = [condition_words(shift) for shift in study.dataset.tested_on]
    further = list(zip(further_tests(study, metric), words, strict=True))
    mean = [(named(metric, MEAN), "mean out of distribution")] if len(further) > 1 else []
    return [(metric, "in distribution" if further else "new classes" if kept else ""), *mean, *further, *kept]


def _has_stages(study: Study, tasks: int) -> bool:
    """Whether any arm learns some of its tasks before others."""
    several = (arm.method for arm in study.arms if method(arm.method.name).family == MULTITASK.key)
    return any(len(build_as(MultiTaskMethod, Experiment(method=one)).stages(tasks)) > 1 for one in several)


def _measures_kept(study: Study) -> bool:
    """Whether it is measured what any arm still knows of what it started from."""
    return any(arm.backbone.what_it_keeps == "each epoch" for arm in study.arms)


def figure_of(study: Study, arm: int, column: StudyColumn) -> str:
    """The name of an arm's figure in a column: what learns the classes of the study's own data alone is tested on the
    images of the task that asks for these."""
    plain = {task_figure(column.metric, title) for title in own_classes(study)}
    return column.metric if column.name in plain and learns_classes(study, arm) else column.name


def learns_classes(study: Study, arm: int) -> bool:
    """Whether this arm learns the classes of the study's own data as its one task."""
    return method(study.arms[arm].method.name).family in (FINE_TUNING.key, HEAD_BENCH.key)


def without_task(study: Study) -> list[str]:
    """Of each arm that learns none of several tasks, where its figures are."""
    if not task_titles(study):
        return []
    return [
        f"{arm.title} learns none of these tasks: Compare shows its own figures."
        for place, arm in enumerate(study.arms)
        if method(arm.method.name).family != MULTITASK.key and not (own_classes(study) and learns_classes(study, place))
    ]


def own_classes(study: Study) -> list[str]:
    """Titles of the tasks that ask for just these classes."""
    several = zip(study.tasks, task_titles(study), strict=False)
    return [title for task, title in several if task.labels == "classes" and task.dataset in (None, study.dataset)]


def task_figure(metric: str, title: str, before: bool = False) -> str:
    """The name of a task's figure, at the end or before the others were learnt."""
    return named(metric, {TASK: title, **({WHEN: BEFORE} if before else {})})


def further_tests(study: Study, metric: str) -> list[str]:
    """The names of the figures on further test sets."""
    return [named(metric, {SHIFT: condition_words(shift)}) for shift in study.dataset.tested_on]
