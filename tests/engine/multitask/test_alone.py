"""A run of several tasks as one of them: its own head, its own images, and it answers as its figure says."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.artifacts.saved import SavedModel
from engine.data.sources import load
from engine.errors import InvalidExperiment, StorageError, WeightsError
from engine.events import Evaluated
from engine.experiment import DatasetChoice, Experiment, TaskChoice
from engine.export.job import heard, job_of_task
from engine.export.material import material
from engine.export.work import alone as as_exported
from engine.multitask.alone import as_one_task
from engine.multitask.titles import learnt, of_one, task_called, titles
from engine.provenance import seen
from engine.using.assured import assured
from engine.using.own_images import own_images
from engine.using.predictions import names_of
from tests.engine.multitask.test_run import SAME, SIDE, given, ran, written

KINDS = {
    "halves": (), "questions": SAME, "two data sets": (TaskChoice(), TaskChoice(labels="second half")),
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Experiment, Path, list[Any]]]:
    """By kind: the experiment, its folder, its events."""
    root = tmp_path_factory.mktemp("alone")
    folder, other = written(root / "stripes"), written(root / "turned", turned=True)
    found = {}
    for kind, tasks in KINDS.items():
        if kind == "two data sets":
            own = DatasetChoice(name="folder", path=str(other))
            tasks = (tasks[0], tasks[1].model_copy(update={"dataset": own}))
        experiment = given(folder, tasks=tasks, epochs=3)
        found[kind] = (
            experiment,
            root / "runs" / f"r{len(found):04}",
            ran(experiment, root / "runs" / f"r{len(found):04}"),
        )
    return found


def ended(work: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("kind", KINDS)
def test_each_task_answers_as_its_figure_says(kind: str, runs: dict[str, tuple[Experiment, Path, list[Any]]]) -> None:
    """On the run's own test images of that task, image by image."""
    experiment, folder, events = runs[kind]
    figures = {one.at["task"]: one for one in events if isinstance(one, Evaluated) and set(one.at) == {"task"}}
    assert set(learnt(experiment).values()) == set(figures)
    for place, title in learnt(experiment).items():
        alone = as_one_task(folder, place, experiment)
        model = SavedModel.open(alone)
        own = ended(own_images(model, alone))
        told = figures[title]
        assert names_of(model) == own.class_names
        assert len(own.class_names) == len(model.network.head.bias)
        found = model.seen(own.test.inputs[:])[1].argmax(1)
        assert float((found == own.test.labels).float().mean()) == pytest.approx(told.value)
        assert len(own.test) == told.n
        whole = load_file(folder / "last.safetensors")
        trunk = {key: value for key, value in whole.items() if key.startswith("blocks.")}
        assert all(torch.equal(model.network.state_dict()[key], value) for key, value in trunk.items())


def test_how_sure_it_is_rests_on_the_tasks_own_images(runs: dict[str, tuple[Experiment, Path, list[Any]]]) -> None:
    experiment, folder, _ = runs["halves"]
    alone = as_one_task(folder, 1, experiment)
    sure = ended(assured(SavedModel.open(alone), alone))
    assert sure.calibration is not None
    validation = ended(own_images(sure.model, alone)).validation
    assert sure.calibration.fitted_on == len(validation)
    assert sure.learnt is not None
    assert (alone / "calibration.json").is_file()
    assert not (folder / "calibration.json").exists()


def test_images_of_another_task_are_none_that_it_learnt_from(
    runs: dict[str, tuple[Experiment, Path, list[Any]]],
) -> None:
    experiment, folder, _ = runs["halves"]
    data = load(experiment.dataset)
    learnt_from = [seen.learnt_from(as_one_task(folder, place, experiment)) for place in (0, 1)]
    assert learnt_from[0] is not None
    assert learnt_from[1] is not None
    assert not np.isin(learnt_from[0], learnt_from[1]).any()
    assert np.isin(learnt_from[0], data.contents).all()


def test_it_is_written_once_and_anew_where_the_run_learnt_on(
    runs: dict[str, tuple[Experiment, Path, list[Any]]],
) -> None:
    experiment, folder, _ = runs["questions"]
    first = (as_one_task(folder, 0, experiment) / "last.safetensors").stat().st_mtime_ns
    assert (as_one_task(folder, 0, experiment) / "last.safetensors").stat().st_mtime_ns == first
    (folder / "last.safetensors").touch()
    assert (as_one_task(folder, 0, experiment) / "last.safetensors").stat().st_mtime_ns > first


def test_it_is_exported_alone(runs: dict[str, tuple[Experiment, Path, list[Any]]]) -> None:
    """With its own figures: the one it is known by stands as a run's."""
    experiment, folder, events = runs["two data sets"]
    results = [one for one in events if isinstance(one, Evaluated)]
    title = titles(experiment)[1]
    job, _ = heard(job_of_task(folder, f"R: {title}", experiment, 1, results).told(folder / "out"))
    assert [one["plain"] for one in job.figures] == [True]
    assert job.figures[0]["value"] == next(one.value for one in results if one.at == {"task": title})
    alone = as_exported(job, 1)
    assert alone.experiment == of_one(experiment, 1)
    exported = material(SavedModel.open(alone.run, alone.experiment), None)
    assert exported.classes == ("class3", "class4", "class5")
    pixels = torch.zeros(2, 1, SIDE, SIDE, dtype=torch.uint8)
    assert exported.model.predict(pixels).shape == (2, 3)


def test_tasks_are_called_by_title_or_number(runs: dict[str, tuple[Experiment, Path, list[Any]]]) -> None:
    experiment, folder, _ = runs["halves"]
    assert task_called(experiment, "second HALF") == task_called(experiment, "2") == 1
    for name, words in (("", "several tasks"), ("third", "no task “third”")):
        with pytest.raises(InvalidExperiment, match=words) as refused:
            task_called(experiment, name)
        assert "“First half”, “Second half”" in refused.value.advice
    with pytest.raises(WeightsError, match="several tasks"):
        SavedModel.open(folder)
    first = given(folder, order="first alone")
    assert learnt(first) == {0: "First half"}


def test_a_run_whose_heads_are_not_known_is_refused(
    runs: dict[str, tuple[Experiment, Path, list[Any]]], tmp_path: Path
) -> None:
    (tmp_path / "last.safetensors").write_bytes((runs["halves"][1] / "last.safetensors").read_bytes())
    with pytest.raises(StorageError, match="heads"):
        as_one_task(tmp_path, 0, runs["halves"][0])
