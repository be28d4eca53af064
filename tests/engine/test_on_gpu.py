"""What a GPU computes is what the CPU computes, and what it was given survives it: saved, resumed, out of memory."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.artifacts.checkpoints import Checkpoints
from engine.artifacts.saved import SavedModel
from engine.backbones.backbone import Backbone
from engine.events import Evaluated, Event, Metrics, Notice, ResumePoint, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine import memory
from engine.machine.limits import Limits
from engine.machine.transfers import Ahead
from engine.meta.learner import MetaLearner
from engine.meta.task import Task
from engine.preparation import held
from engine.preparation.inputs import Labelled, Normaliser
from engine.registry import methods
from engine.tuning.method import FineTuneMethod
from engine.tuning.training import FineTuning
from tests import on_gpu
from tests.engine.meta.ways import meta_gradient
from tests.engine.methods.contract import (
    Case,
    answers,
    apart,
    cases_of,
    gradients,
    network,
    task_of,
    training_task,
)
from tests.engine.methods.tuning_contract import TuningCase, trunk, tuning_cases_of
from tests.engine.tuning.resuming import cut_off, goes_on, keep_every_point, points
from tests.engine.tuning.striped import stripes
from tests.on_gpu import DEVICE, DTYPE, ROUNDING, full_float32, short_of_memory

pytestmark = on_gpu.marks
CPU = torch.device("cpu")
META = [kind for kind in methods() if issubclass(kind, MetaLearner)]
TUNING = [kind for kind in methods() if issubclass(kind, FineTuneMethod) and kind.from_values({}).stages()]
ENLARGED = 100  # times the rounding where an optimiser within a task divides by small gradients
QUICK = {"steps": 2, "meta_batch": 2, "validate_every": 2, "validation_episodes": 10, "test_episodes": 12}
RUNS = {
    "full_ft": {"epochs": 2, "batch_size": 8}, "linear_probe": {"epochs": 3},
    "setfit": {"pair_epochs": 2, "epochs": 2, "batch_size": 8},
    "head_bench": {"most_labels": "2", "repeats": 2},
    "maml": {**QUICK, "way": 2, "query": 2, "inner_steps": 2, "test_steps": 2},
    "protonet": {**QUICK, "training_way": 8},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _as_a_cpu_rounds() -> Iterator[None]:
    with full_float32():
        yield


# Every method


def on(task: Task, device: torch.device) -> Task:
    parts = (part.to(device, DTYPE) if part.is_floating_point() else part.to(device) for part in task.parts)
    return Task(*parts, task.way)


def step_of(case: Case, device: torch.device) -> tuple[dict[str, float], list[Tensor], list[Tensor]]:
    """Figures and gradients of a meta-step, and the answers on a task afterwards."""
    method = case.method()
    model = copy.deepcopy(network(case, method)).to(device, DTYPE)
    figures = meta_gradient(method, model, [on(training_task(case, method, seed), device) for seed in (1, 2)])
    found = answers(method, model, on(task_of(case), device))
    return figures, [one.cpu() for one in gradients(model)], [one.cpu() for one in found]


@pytest.mark.parametrize("kind", META, ids=lambda kind: kind.name)
def test_a_meta_step_gives_what_the_cpu_gives(kind: type[MetaLearner]) -> None:
    for case in cases_of(kind):
        here, there = step_of(case, CPU), step_of(case, DEVICE)
        assert there[0] == pytest.approx(here[0], rel=ENLARGED * ROUNDING, abs=ENLARGED * ROUNDING), case.title
        assert apart(here[1], there[1]) < ENLARGED * ROUNDING, case.title
        assert apart(here[2], there[2]) < ENLARGED * ROUNDING, case.title


def trained(case: TuningCase, device: torch.device, folder: Path) -> list[dict[str, float]]:
    """The figures of a whole training."""
    torch.manual_seed(0)
    model = Backbone(trunk(), 4, 2).to(device)
    parts = [Labelled(one.inputs.to(device), one.labels.to(device), one.ids) for one in (stripes(), stripes(8))]
    run = FineTuning(
        model, case.method(epochs=2), parts[0], parts[1], Normaliser(8, 1), Checkpoints(folder), Limits(), seed=0
    )
    return [dict(event.values) for event in run.events() if isinstance(event, Metrics)]


@pytest.mark.parametrize("kind", TUNING, ids=lambda kind: kind.name)
def test_fine_tuning_gives_what_the_cpu_gives(kind: type[FineTuneMethod], tmp_path: Path) -> None:
    """In float32, whose rounding grows from step to step: the losses agree, an image near the border may not."""
    for case in tuning_cases_of(kind):
        both = [trained(case, device, tmp_path) for device in (CPU, DEVICE)]
        here, there = ([one[name] for one in told for name in one if name.endswith("loss")] for told in both)
        assert there == pytest.approx(here, rel=1e-2), case.title


# Whole runs


def small(method: str, device: str = str(DEVICE), **more: Any) -> Experiment:
    meta = issubclass(next(kind for kind in methods() if kind.name == method), MetaLearner)
    data = DatasetChoice(name="glyphs") if meta else DatasetChoice(name="digits", labels_per_class=4)
    chosen = MethodChoice(name=method, hyperparameters=RUNS[method])
    return Experiment(dataset=data, backbone=BackboneChoice(), method=chosen, seed=3, device=device, **more)


def results(events: list[Event]) -> list[float]:
    assert isinstance(events[-1], RunFinished), events[-1]
    return [event.value for event in events if isinstance(event, Evaluated)]


@pytest.mark.parametrize("method", RUNS)
def test_a_run_comes_out_as_on_the_cpu_and_is_opened_there(method: str, tmp_path: Path) -> None:
    found = [
        results(list(execute(small(method, name), tmp_path / place / "run")))  # each with features of its own
        for place, name in (("here", "cpu"), ("there", str(DEVICE)))
    ]
    assert found[1] == pytest.approx(found[0], abs=0.1)  # of a few test images some lie near the border
    if method != "head_bench":
        models = [SavedModel.open(tmp_path / "there" / "run", device=name) for name in ("cpu", str(DEVICE))]
        images = torch.randint(0, 256, (6, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
        here, there = (said_of(model, images).cpu() for model in models)
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3)


def said_of(model: SavedModel, images: Tensor) -> Tensor:
    """Probabilities of images, of a meta-learner's after it met two classes of them."""
    if not isinstance(model.method, MetaLearner):
        return model.predict(images)
    way = getattr(model.network.head, "out_features", 2)
    return model.adapt(images[:way], torch.arange(way)).predict(images)


@pytest.mark.parametrize("method", ["full_ft", "maml"])
def test_a_resumed_run_ends_as_the_whole_one(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_every_point(monkeypatch)
    expected = list(execute(small(method), tmp_path / "whole"))
    cut_off(small(method), tmp_path / "cut", max(1, points(expected) // 2))
    assert results(goes_on(small(method), tmp_path / "cut")) == pytest.approx(results(expected), abs=0.1)


def test_out_of_memory_is_told_in_a_sentence_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_every_point(monkeypatch)
    expected = results(list(execute(small("full_ft"), tmp_path / "whole")))
    with closing(execute(small("full_ft"), tmp_path / "run")) as events:  # type: ignore[type-var]
        kept = 0
        while kept < 2:
            if isinstance(event := next(events), ResumePoint):
                event.write({})
                kept += 1
        with short_of_memory():
            last = list(events)[-1]
    assert isinstance(last, RunFailed)
    assert (last.kind, last.message) == ("experiment", f"There was not enough memory on {DEVICE}.")
    assert "batch size of 4" in last.advice
    assert results(goes_on(small("full_ft"), tmp_path / "run")) == pytest.approx(expected, abs=0.1)


def test_images_are_the_same_wherever_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the device, in memory because it has no room, or read ahead from files because there is none there either."""
    found = []
    for name, megabytes, room in (("there", "1000", True), ("in memory", "1000", False), ("read ahead", "0", False)):
        monkeypatch.setenv(memory.VARIABLE, megabytes)
        monkeypatch.setattr(held, "has_room", lambda device, octets, room=room: room)
        found.append([event.values["train/loss"] for event in execute(small("full_ft"), tmp_path / name)
                      if isinstance(event, Metrics) and "train/loss" in event.values])  # fmt: skip
    assert found[1] == pytest.approx(found[0], rel=1e-3)
    assert found[2] == pytest.approx(found[0], rel=1e-3)


def test_what_is_sent_ahead_arrives_whole_beside_other_work() -> None:
    """Many at a time, each used as soon as the work before it is given to the device."""
    busy, draw = torch.randn(1024, 1024, device=DEVICE), np.random.default_rng(0)
    batches = [torch.from_numpy(draw.integers(0, 256, (64, 3, 64, 64), dtype=np.uint8)) for _ in range(20)]
    ahead = Ahead(batches[0], DEVICE)
    sums = []
    for following in [*batches[1:], batches[0]]:
        now, ahead = ahead, Ahead(following, DEVICE)
        busy = (busy @ busy).clamp(-1, 1)
        sums.append(now.here().long().sum())
    assert torch.stack(sums).tolist() == [int(batch.long().sum()) for batch in batches]


def test_automatic_precision_says_what_it_chose(tmp_path: Path) -> None:
    said = list(execute(small("full_ft", precision="automatic"), tmp_path))
    assert isinstance(said[-1], RunFinished)
    assert any(isinstance(event, Notice) and event.text.startswith("Computed in ") for event in said)
