"""What is wrong with a study, said before any of its runs is saved. Reads which images there are, not the pixels."""

from __future__ import annotations

from collections.abc import Iterator

from engine.data.dataset import inside
from engine.data.episode_splits import for_tasks, samplers
from engine.data.images import Cancel
from engine.data.sources import is_drawn, load, sets
from engine.data.splits import split_images
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice, Experiment
from engine.families import MULTITASK, family
from engine.meta.learner import MetaLearner
from engine.multitask.titles import own_data, tasks_of
from engine.preflight.problems import problems
from engine.registry import build_as
from engine.studies.cells import Cell, cells, from_source
from engine.studies.study import DISTANCE, Study


def check_study(study: Study, cancelled: Cancel | None = None) -> None:
    """Raise the first fault found: settings, then whether every class has as many labels as are asked for.

    Raises `ExperimentError`; `Cancelled` when asked to stop.
    """
    for fault in faults(study):
        raise fault
    check_data(study, cancelled)


def faults(study: Study) -> Iterator[InvalidExperiment]:
    """What can be said without reading any data, the arm's title first where it is about one."""
    for arm in study.arms:
        source = arm.first or study.source
        if arm.starts_from_source and source and arm.backbone.name != source.backbone.name:
            yield InvalidExperiment(
                f"“{arm.title}” has another backbone than the source it starts from.",
                "Give both the same backbone.", "arms",
            )  # fmt: skip
            break
    if study.distances and DISTANCE not in study.dataset.own():
        have = " and ".join(f"the {inside(one.info.title)}" for one in sets() if DISTANCE in one.Choice.own())
        yield InvalidExperiment(
            f"Distances are of {have}; the study is on other data.",
            f"Leave the distances empty, or choose {have}.", "distances",
        )  # fmt: skip
    for cell, experiment in one_of_each(study):
        for fault in problems(experiment):
            about_data = fault.field == "dataset" or cell.arm is None
            title = "" if about_data or cell.arm is None else f"{study.arms[cell.arm].title}: "
            yield type(fault)(f"{title}{fault.message}", fault.advice, fault.field)


def one_of_each(study: Study) -> list[tuple[Cell, Experiment]]:
    """A cell of every arm, label count and shift, and of the source; its experiment is as if the source were there."""
    found: dict[object, tuple[Cell, Experiment]] = {}
    for cell in cells(study):
        of = cell.key if cell.arm is None else cell.arm
        found.setdefault((of, cell.labels, cell.condition), (cell, from_source(cell, "source")))
    return list(found.values())


def asked(experiment: Experiment) -> tuple[DatasetChoice, ...]:
    """All data that it learns from: its own, and those of its tasks."""
    several = tasks_of(experiment) if family(experiment) is MULTITASK else ()
    return tuple(own_data(task, experiment) for task in several) or (experiment.dataset,)


def check_data(study: Study, cancelled: Cancel | None = None) -> None:
    """Divide the images or classes as the runs will, for every split, label count and shape of an episode; also those
    that single tasks have of their own."""
    seen: set[object] = set()
    for cell, choice in ((one, choice) for one in cells(study) for choice in asked(one.experiment)):
        if is_drawn(choice):
            continue
        of_classes = family(cell.experiment).divides == "classes"
        shape = build_as(MetaLearner, cell.experiment).episodes if of_classes else None
        few = choice.classes, choice.labels_per_class, choice.part
        key = (shape, choice.name, choice.path, choice.split_seed, *few, *choice.own_values())
        if key in seen:
            continue
        seen.add(key)
        data = load(choice, cancelled=cancelled)
        if shape is None:
            split_images(data, choice, cell.seed)
        else:
            samplers(for_tasks(data, choice), choice, shape)
