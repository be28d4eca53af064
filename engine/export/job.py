"""What is to be exported, as plain data that one process tells another. Torch-free."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.comparison.intervals import Interval
from engine.comparison.wording import with_interval
from engine.events import Evaluated
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.metrics import TASK
from engine.multitask.titles import titles
from engine.using.kept_words import network_of


@dataclass(frozen=True, slots=True)
class ExportJob:
    """run: the folder of a saved run, or of kept classes. name: what people call it. class_names, figures: as the run
    was saved with them. classes: a folder with a folder of images for each class, for a method that learns classes by
    example. check_on: a folder of images instead of the run's own. pt2: torch's own file as well. runs: of kept
    classes, where saved runs lie; None of a run. task: the place of one of several tasks of a run, which goes alone."""

    run: Path
    name: str
    experiment: Experiment
    class_names: tuple[str, ...] = ()
    figures: tuple[Mapping[str, Any], ...] = ()
    classes: Path | None = None
    check_on: Path | None = None
    pt2: bool = False
    runs: Path | None = None
    task: int | None = None

    def told(self, into: Path) -> dict[str, Any]:
        """For JSON; `heard` is the way back. into: the folder that is filled."""
        return {
            "run": str(self.run.absolute()), "name": self.name, "class_names": self.class_names,
            "experiment": self.experiment.model_dump(mode="json"), "figures": self.figures, "pt2": self.pt2,
            "classes": self.classes and str(self.classes.absolute()),
            "check_on": self.check_on and str(self.check_on.absolute()), "into": str(into.absolute()),
            "runs": self.runs and str(self.runs.absolute()), "task": self.task,
        }  # fmt: skip


def job_of_task(
    folder: Path, name: str, experiment: Experiment, task: int, results: Iterable[Evaluated]
) -> ExportJob:  # fmt: skip
    """One of several tasks of a run, with the figures that are its own: first the one that it is known by."""
    where = {TASK: titles(experiment)[task]}
    own = [one for one in results if one.at.get(TASK) == where[TASK]]
    told = figures(replace(one, at={}) if one.at == where else one for one in own)
    return ExportJob(folder, name, experiment, figures=told, task=task)


def job_of_kept(folder: Path, runs: Path, experiment_of: Callable[[str], Experiment]) -> ExportJob:
    """experiment_of: that of a saved run by its uid. Of a backbone it is said that heads on it are met. Raises
    `StorageError`."""
    run, backbone = network_of(folder)
    if backbone is None:
        return ExportJob(folder, folder.name, experiment_of(run), runs=runs)
    named = DatasetChoice(name="folder", path=folder.name)
    experiment = Experiment(dataset=named, backbone=backbone, method=MethodChoice(name="head_bench"))
    return ExportJob(folder, folder.name, experiment, runs=runs)


def heard(told: Mapping[str, Any]) -> tuple[ExportJob, Path]:
    """The job, and the folder to fill."""
    paths = {key: told[key] and Path(told[key]) for key in ("classes", "check_on", "runs")}
    job = ExportJob(
        Path(told["run"]), told["name"], Experiment.model_validate(told["experiment"]), tuple(told["class_names"]),
        tuple(told["figures"]), pt2=told["pt2"], task=told["task"], **paths,
    )  # fmt: skip
    return job, Path(told["into"])


def figures(results: Iterable[Evaluated]) -> tuple[dict[str, Any], ...]:
    """A run's figures as a card tells them."""
    return tuple(
        {
            "metric": one.metric, "name": one.name, "value": one.value, "n": one.n, "unit": one.unit,
            "words": with_interval(Interval(one.value, one.low, one.high, one.n).told(), one.metric),
            "protocol": one.protocol, "plain": not one.at,
        }
        for one in results
    )  # fmt: skip
