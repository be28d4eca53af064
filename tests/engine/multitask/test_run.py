"""Whole runs of several tasks on small images: what each arm learns, forgets and keeps, and that it goes on exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from engine.artifacts.weights import build_backbone
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import InvalidExperiment, WeightsError
from engine.events import Evaluated, Event, Metrics, RunFailed, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, TaskChoice, parse_experiment
from engine.families import family
from engine.multitask.cost import backward_passes
from engine.multitask.method import MultiTaskMethod
from engine.multitask.tasks import NONE, question, read_tasks, same_images
from engine.multitask.titles import titles
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.registry import build_method, methods
from tests.engine.tuning.resuming import assert_equal, in_pieces, keep_every_point, stopped

KINDS = [kind for kind in methods() if issubclass(kind, MultiTaskMethod)]
CLASSES, IMAGES, SIDE = 6, 10, 16


def written(root: Path, turned: bool = False) -> Path:
    """Stripes, a direction and width for each class."""
    for number in range(CLASSES * IMAGES):
        rng, kind = np.random.default_rng(number), number // IMAGES
        down, right = np.mgrid[:SIDE, :SIDE]
        wave = np.sin(2 * np.pi * (down * np.cos(kind) + right * np.sin(kind)) / (3 + kind))
        image = np.clip(120 + 80 * wave + 20 * rng.normal(size=(SIDE, SIDE)), 0, 255).astype(np.uint8)
        place = root / f"class{kind}" / f"{number:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(image.T if turned else image)).save(place)
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("stripes"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("turned"), turned=True)


def given(folder: Path, name: str = "equal", tasks: tuple[TaskChoice, ...] = (), **values: Any) -> Experiment:
    short = {"epochs": 2, "batch_size": 6, "conflicts_every": 2}
    return Experiment(
        dataset=DatasetChoice(name="folder", path=str(folder)), backbone=BackboneChoice(name="conv4", image_size=SIDE),
        method=MethodChoice(name=name, hyperparameters=short | values), tasks=tasks,
    )  # fmt: skip


def ran(experiment: Experiment, directory: Path) -> list[Event]:
    events = list(execute(experiment, directory))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


def figures(events: list[Event]) -> dict[str, float]:
    return {event.name: event.value for event in events if isinstance(event, Evaluated)}


def values(events: list[Event], name: str) -> list[float]:
    return [event.values[name] for event in events if isinstance(event, Metrics) and name in event.values]


SAME = (TaskChoice(), TaskChoice(labels="which half"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_way_learns_both_and_goes_on_to_the_last_bit(
    kind: type[MultiTaskMethod], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed every few steps: the weights of the tasks, and what they are learnt from, are part of where it was."""
    keep_every_point(monkeypatch)
    experiment = given(folder, kind.name, tasks=SAME if kind.name == "pcgrad" else ())
    expected = ran(experiment, tmp_path / "whole")
    pieces = in_pieces(experiment, tmp_path / "cut", 3, later=1)
    assert_equal(pieces, tmp_path / "cut", expected, tmp_path / "whole")
    names = titles(experiment)
    assert set(figures(expected)) == {"test/accuracy", *(f"test/accuracy, {name}" for name in names)}
    weights = [values(expected, f"task weight/{name}") for name in names]
    assert len(weights[0]) == next(event for event in expected if isinstance(event, RunStarted)).total_steps
    assert all(len(values(expected, f"conflict/{block}")) >= 3 for block in ("conv1", "conv4"))


def test_what_is_left_behind_is_forgotten_and_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stage of "a then b" is a alone, to the last bit; a's head stays as it was while b is learnt."""
    keep_every_point(monkeypatch)
    order = given(folder, epochs=3, order="one after the other")
    events = ran(order, tmp_path / "whole")
    alone = ran(given(folder, epochs=3, order="first alone"), tmp_path / "alone")
    told = figures(events)
    assert told["test/accuracy, First half, after its first stage"] == figures(alone)["test/accuracy, First half"]
    assert set(figures(alone)) == {"test/accuracy", "test/accuracy, First half"}
    weights = {event.name: event.notes["weights"] for event in events if isinstance(event, Evaluated)}
    assert weights.pop("test/accuracy, First half, after its first stage") == "after its first stage"
    assert set(weights.values()) == {"last epoch (6)"}
    assert {"test/accuracy, First half", "test/accuracy, First half, new head", "test/accuracy, Second half"} < set(
        told
    )
    assert "test/accuracy, Second half, after its first stage" not in told
    both = [load_file(tmp_path / name / "last.safetensors")["head.weight"] for name in ("whole", "alone")]
    assert both[0][:3].equal(both[1][:3])
    assert not both[0][3:].equal(both[1][3:])
    curves = [values(run, "task accuracy/First half") for run in (events, alone)]
    assert curves[0][:3] == curves[1]
    assert len(curves[0]) == 6
    pieces = in_pieces(order, tmp_path / "cut", 4, later=1)
    assert_equal(pieces, tmp_path / "cut", events, tmp_path / "whole")


@pytest.mark.parametrize("order", ["the other way round", "last alone", "at once, then first"])
def test_every_order_has_as_many_steps_of_each_task(order: str, folder: Path, tmp_path: Path) -> None:
    events = ran(given(folder, order=order, epochs=1), tmp_path)
    started = next(event for event in events if isinstance(event, RunStarted))
    stages = 1 if order == "last alone" else 2
    assert started.total_steps == stages * started.facts["steps of each stage"] == events[-1].step
    told = figures(events)
    assert ("test/accuracy, First half" in told) == (order != "last alone")
    assert ("test/accuracy, Second half, after its first stage" in told) == (stages == 2)


def test_two_questions_of_the_same_images_are_tested_on_what_neither_learnt_from(folder: Path) -> None:
    experiment = given(folder, tasks=SAME)
    reading = read_tasks(experiment, torch.device("cpu"))
    try:
        while True:
            next(reading)
    except StopIteration as end:
        tasks = end.value
    assert same_images(tasks)
    assert tasks[0].train.inputs is tasks[1].train.inputs
    assert [task.outputs for task in tasks] == [slice(0, 6), slice(6, 8)]
    for one in tasks:
        for another in tasks:
            assert not np.isin(one.test.ids, another.train.ids).any()
    assert tasks[1].train.labels.tolist() == (tasks[0].train.labels >= 3).long().tolist()


def test_questions_are_what_they_are_called() -> None:
    data = load(DatasetChoice(name="digits"))
    classes = split_images(data, DatasetChoice(name="digits"), 0).classes
    assert question(data, classes, "first half").labels.tolist() == [0, 1, 2, 3, 4] + [NONE] * 5
    assert question(data, classes, "second half").names == ("5", "6", "7", "8", "9")
    assert question(data, classes[:3], "which half").labels.tolist() == [0, 0, 1] + [NONE] * 7
    with pytest.raises(InvalidExperiment, match="is 1 class"):
        question(data, classes[:3], "second half")
    with pytest.raises(InvalidExperiment, match="no groups"):
        question(data, classes, "groups")


def test_two_sets_of_images_on_one_trunk(folder: Path, other: Path, tmp_path: Path) -> None:
    """What is saved is a trunk for others; its head tells no one data set apart."""
    second = TaskChoice(dataset=DatasetChoice(name="folder", path=str(other)))
    experiment = given(folder, "pcgrad", tasks=(TaskChoice(), second))
    assert titles(experiment) == (folder.name, other.name)
    events = ran(experiment, tmp_path / "r0000")
    assert f"test/accuracy, {other.name}" in figures(events)
    choice = BackboneChoice(name="conv4", weights="run:r0000", image_size=SIDE)
    model = build_backbone(choice, 3, 0, tmp_path)
    saved = load_file(tmp_path / "r0000" / "last.safetensors")
    assert all(bool((value == saved[key]).all()) for key, value in model.trunk_state().items())
    with pytest.raises(WeightsError, match="tells 12 classes"):
        build_backbone(choice.model_copy(update={"head": "kept"}), 6, 0, tmp_path, classes=("a", "b"))
    again = given(folder).model_copy(update={"backbone": choice})
    tuned = again.model_copy(update={"method": MethodChoice(name="linear_probe", hyperparameters={"epochs": 1})})
    said = ran(tuned, tmp_path / "r0001")
    test = next(event for event in said if isinstance(event, Evaluated))
    assert "test images were in" not in str(test.protocol)


def test_a_person_may_stop_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_every_point(monkeypatch)
    experiment = given(folder, order="one after the other")
    expected = ran(experiment, tmp_path / "whole")
    first = stopped(experiment, tmp_path / "cut", 5)
    rest = list(execute(experiment, tmp_path / "cut", resume=True))
    assert_equal(first + rest, tmp_path / "cut", expected, tmp_path / "whole")


def test_faults_are_sentences(folder: Path) -> None:
    def found(experiment: Experiment) -> str:
        return " ".join(f"{fault.message} {fault.advice}" for fault in problems(experiment))

    assert not found(given(folder))
    assert "one task" in found(given(folder, tasks=(TaskChoice(),)))
    assert "the same" in found(given(folder, tasks=(TaskChoice(), TaskChoice())))
    gone = TaskChoice(dataset=DatasetChoice(name="folder", path=str(folder / "gone")))
    assert "no folder or file" in found(given(folder, tasks=(TaskChoice(), gone)))
    curves = TaskChoice(dataset=DatasetChoice(name="sinusoid"))
    assert "does not read" in found(given(folder, tasks=(TaskChoice(), curves)))
    tuned = given(folder, tasks=SAME).model_copy(update={"method": MethodChoice(name="lp_ft")})
    assert "do not apply to fine-tuning" in found(tuned)
    digits = given(folder, tasks=(TaskChoice(), TaskChoice(labels="groups")))
    digits = digits.model_copy(update={"dataset": DatasetChoice(name="digits")})
    assert "in no groups" in found(digits)


def test_what_is_missing_is_told_before_it_begins(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.machine.extras.find_spec", lambda name: None)
    for kind in KINDS:
        events = list(execute(given(folder, kind.name), tmp_path / kind.name)) if kind.needs else []
        if events:
            failed = events[-1]
            assert isinstance(failed, RunFailed)
            assert "needs torchjd" in failed.message
            assert "pip install" in failed.advice


def test_tasks_leave_other_experiments_as_they_were() -> None:
    plain = Experiment()
    assert "tasks" not in plain.configuration()
    several = Experiment(tasks=SAME)
    assert parse_experiment(several.model_dump(mode="json")) == several
    assert several.digest() != plain.digest()
    assert family(Experiment(method=MethodChoice(name="pcgrad"))).key == "multitask"
    assert isinstance(build_method(Experiment(method=MethodChoice(name="equal"))), MultiTaskMethod)


def test_what_it_costs_counts_a_backward_pass_for_each_task(folder: Path) -> None:
    plain, surgery = (estimate(given(folder, name, conflicts_every=0)) for name in ("equal", "pcgrad"))
    assert surgery.steps == plain.steps == 6
    assert surgery.remark == "2 backward passes in each step, one for each task."
    assert not plain.remark
    assert estimate(given(folder, order="one after the other")).steps == 12
    methods_passes = {kind.name: backward_passes(kind.from_values({"conflicts_every": 0}), 3) for kind in KINDS}
    assert methods_passes["pcgrad"] == methods_passes["upgrad"] == 3
    assert methods_passes["equal"] == 1
