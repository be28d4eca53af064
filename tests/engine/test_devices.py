"""Every method on a device that is no CPU: no step waits for it or meets a tensor of another one.

Fine-tuning runs whole, so that what lies between its steps meets no other device either, though it may read.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.adaptation import svm
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.bench import features
from engine.data.episodes import EpisodeSampler
from engine.data.sources import dataset
from engine.data.target import CLASSES, NUMBERS
from engine.events import EpochCompleted
from engine.experiment import DatasetChoice
from engine.machine import devices as machine_devices
from engine.machine.limits import Limits, never
from engine.machine.transfers import sent
from engine.meta.batch.formulation import MetaGradient
from engine.meta.evaluation import Meeting
from engine.meta.learner import MetaLearner, Outcome
from engine.meta.roles import Embeds, MetaRun
from engine.meta.task import ImageTasks, Task, TaskImages
from engine.meta.tasks.curves import CurveTasks
from engine.meta.tasks.gallery import image_task
from engine.meta.training import MetaTraining
from engine.method import Classifier
from engine.methods.meta.gradient_based import GradientHyperparameters
from engine.methods.meta.maml import MAML
from engine.methods.meta.protonet import ProtoNet
from engine.methods.tuning.full_ft import FullFineTuning
from engine.preparation import held
from engine.preparation.augmentation import RECIPES, Augmentation
from engine.preparation.held import Held
from engine.preparation.inputs import Inputs, Labelled, Normaliser
from engine.preparation.streamed import ReadAhead, Streamed
from engine.registry import methods
from engine.tuning import objective
from engine.tuning.at_test import AsItIs
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod
from engine.tuning.testing import predict
from engine.tuning.training import FineTuning, StageTraining
from tests.engine.elsewhere import DEVICE, Elsewhere, Waits, elsewhere, there
from tests.engine.methods.contract import SHOT, WAY, Case, cases_of, network, task_of, training_task
from tests.engine.methods.tuning_contract import TuningCase, trunk, tuning_cases_of
from tests.engine.tuning.striped import stripes

META = [kind for kind in methods() if issubclass(kind, MetaLearner)]
TUNING = [kind for kind in methods() if issubclass(kind, FineTuneMethod) and kind.from_values({}).stages()]
SHARED = set(FineTuneHyperparameters.model_fields)  # options of all methods, which are tried on one
SHARED_BY_STEPS = set(GradientHyperparameters.model_fields)  # those of all that take inner steps, tried on MAML
READS = {"pmf": 1}  # in the test: the bytes of the support set, from which the changes of each image are drawn


@pytest.fixture(autouse=True)
def _never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objective, "SECONDS", float("inf"))
    monkeypatch.setattr(svm, "STEPS", 2)  # of which all are taken there


def away(mode: Elsewhere, task: Task) -> Task:
    return Task(*(there(mode, part) for part in task.parts), task.way)


def learns_and_meets(case: Case) -> None:
    """A meta-step on a minibatch or on episodes, one near the end, and the test of a task: alone and among others."""
    method = case.method(dropout=0.5, attention_dropout=0.5, meta_batch=2)
    model = network(case, method)
    with elsewhere() as mode:
        there(mode, model)
        batch, episode = away(mode, training_task(case, method, 1)), away(mode, task_of(case))
        tasks: Any = SimpleNamespace(target=NUMBERS if case.suits == "regression" else CLASSES,
                                     minibatch=lambda rng: batch, draw_tasks=lambda rng, n: [episode] * n)  # fmt: skip
        training = MetaTraining(model, method, tasks, Checkpoints(Path(tempfile.mkdtemp())), Limits(), seed=0)
        training.guard.load_state({"losses": [], "warned": [], "fits": True})
        for training.step in (0, method.hyperparameters.steps - 1):
            with mode.step():
                assert training.update() == []
        for tested in filter(None, (method, method.twin)):
            with mode.step(READS.get(method.name, 0)):
                meets(tested, model, episode)


def meets(method: MetaLearner, model: Backbone, task: Task) -> None:
    path = method.classifiers(model, task.support_inputs, task.support_targets, task.way, method.test_steps)
    assert {classify(task.query_inputs).device for classify in path} == {DEVICE}
    if isinstance(method.meets, Embeds) and not task.is_regression:
        with torch.no_grad():
            support, query = (method.embed(model, part)[None] for part in (task.support_inputs, task.query_inputs))
            found = method.classify_episodes(model, support, task.support_targets, query, task.way)
        assert found.device == DEVICE


@pytest.mark.parametrize("kind", META, ids=lambda kind: kind.name)
def test_a_meta_learner_waits_for_no_device(kind: type[MetaLearner]) -> None:
    cases = cases_of(kind)
    for case in cases if kind is MAML else [case for case in cases if not set(case.values) & SHARED_BY_STEPS]:
        try:
            learns_and_meets(case)
        except Exception as error:
            error.add_note(f"in the case {case.title}")
            raise


@pytest.mark.parametrize("kind", META, ids=lambda kind: kind.name)
def test_a_meta_learner_needs_no_float64_of_a_device_without(
    kind: type[MetaLearner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as Apple's GPUs: a step, the test of a task, and of episodes with what is shown of them."""
    monkeypatch.setattr(machine_devices, "WITHOUT_FLOAT64", [DEVICE.type])
    case = Case(kind, min(kind.suits))
    method = case.method()
    model = network(case, method).float()
    with elsewhere(doubles=False) as mode:
        there(mode, model)
        learnt, met = (single(mode, one) for one in (training_task(case, method, 1), task_of(case)))
        MetaGradient(method, model)([learnt], MetaRun())
        meets(method, model, met)
        if case.suits == "classification":
            draw = np.random.default_rng(0)
            sampler = EpisodeSampler(np.arange(24) // 4, np.arange(6), WAY, SHOT, 2)
            images = TaskImages(there(mode, stripes(24).inputs), torch.arange(24), Normaliser(8, 1))
            tasks = ImageTasks(images, sampler, [], [sampler.sample(draw)], WAY)
            list(Meeting(method, model, tasks).scores(tasks.test, "", never))
            image_task(method, model, tasks, tasks.test[0])


def single(mode: Elsewhere, task: Task) -> Task:
    """In float32."""
    parts = (part.float() if part.is_floating_point() else part for part in task.parts)
    return Task(*(there(mode, part) for part in parts), task.way)


def runs(case: TuningCase, monkeypatch: pytest.MonkeyPatch, keep: Callable[[Labelled], Inputs] | None = None) -> None:
    """A whole training, and the prediction of a test set. keep: how its images are kept; on the device else."""
    torch.manual_seed(0)
    model, shape = Backbone(trunk(), 4, 2), Normaliser(8, 1)
    train = StageTraining._train
    with elsewhere() as mode, monkeypatch.context() as patch:

        def strictly(self: StageTraining, indices: Tensor) -> None:
            with mode.step():
                train(self, indices)

        patch.setattr(StageTraining, "_train", strictly)
        there(mode, model)
        parts = [
            Labelled(keep(one) if keep else there(mode, one.inputs), there(mode, one.labels), one.ids)
            for one in (stripes(8), stripes(4))
        ]
        checkpoints = Checkpoints(Path(tempfile.mkdtemp()))
        run = FineTuning(model, case.method(epochs=2), parts[0], parts[1], shape, checkpoints, Limits(), seed=0)
        assert sum(isinstance(event, EpochCompleted) for event in run.events()) == run.method.epochs
        list(predict(model, SimpleNamespace(shape=shape), parts[1], False, "", AsItIs()))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", TUNING, ids=lambda kind: kind.name)
def test_fine_tuning_waits_for_no_device(kind: type[FineTuneMethod], monkeypatch: pytest.MonkeyPatch) -> None:
    cases = tuning_cases_of(kind)
    for case in cases if kind is FullFineTuning else [case for case in cases if not set(case.values) & SHARED]:
        try:
            runs(case, monkeypatch)
        except Exception as error:
            error.add_note(f"in the case {case.title}")
            raise


def test_a_benchs_embedding_waits_for_no_device() -> None:
    """Of photos in colours, which are sent."""
    with elsewhere() as mode:
        model = there(mode, Backbone({"one": conv_block(3, 4)}, 64, None).eval())
        with mode.step():
            pixels = sent(torch.zeros(5, 3, 8, 8, dtype=torch.uint8), DEVICE)
            assert features.forward(model, Normaliser(8, 3), pixels, False).device == DEVICE


class Unkept(Streamed):
    """In no file."""

    def _kept(self) -> None: ...


def read_by(kind: type[Held | Streamed], images: Labelled) -> Held | Streamed:
    pixels = images.inputs[:].permute(0, 2, 3, 1).numpy()
    data: Any = SimpleNamespace(read=lambda ids, form, shift: pixels[ids])
    return kind(data, images.ids, Normaliser(8, 1), DEVICE, None)


@pytest.mark.parametrize("kind", [None, Unkept, Held])
def test_drawing_a_task_waits_for_no_device(
    kind: type[Held | Streamed] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With quarter turns; the images lie on the device, in memory or in files, what is drawn does not lie on it."""
    monkeypatch.setattr(held, "has_room", lambda device, octets: False)
    with elsewhere() as mode:
        images = read_by(kind, stripes()) if kind else there(mode, stripes().inputs)
        source = TaskImages(images, torch.arange(12), Normaliser(8, 1))
        with mode.step():
            assert source.turned(np.arange(6), np.array([0, 1, 2, 3, 3, 0])).device == DEVICE


def test_drawing_curves_waits_for_no_device() -> None:
    choice, draw = DatasetChoice(name="sinusoid"), np.random.default_rng(0)
    source = dataset("sinusoid").curves
    assert source is not None
    tasks = CurveTasks(source, choice, 5, 10, DEVICE)
    with elsewhere() as mode, mode.step():
        drawn = [*tasks.draw_tasks(draw, 3), tasks.task(tasks.draw(draw)).mixed(draw)]
        assert {part.device for task in drawn for part in task.parts} == {DEVICE}


@pytest.mark.parametrize("name", RECIPES)
def test_changing_images_waits_for_no_device(name: str) -> None:
    with elsewhere() as mode:
        images = there(mode, torch.zeros(5, 3, 8, 8, dtype=torch.uint8))
        with mode.step():
            assert Augmentation(name)(images, torch.Generator()).device == DEVICE


def test_streamed_images_are_read_and_sent_ahead_of_the_step_that_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole training: no step waits, not even for the numbers of its images."""
    read: list[bool] = []
    own = Streamed._read
    monkeypatch.setattr(Streamed, "_read", lambda self, ids: (read.append(ahead()), own(self, ids))[1])
    runs(TuningCase(FullFineTuning), monkeypatch, partial(read_by, Unkept))
    assert read.count(True) > read.count(False)


@pytest.mark.parametrize("has_room", [True, False])
def test_images_that_are_held_lie_on_the_device_where_it_has_room(
    has_room: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the second epoch on; no step waits for them either way."""
    kept: list[Held] = []
    monkeypatch.setattr(held, "has_room", lambda device, octets: device == DEVICE and octets % 64 == 0 and has_room)
    runs(TuningCase(FullFineTuning), monkeypatch, lambda one: (kept.append(read_by(Held, one)), kept[-1])[1])
    assert [one._rows.device.type for one in kept] == [DEVICE.type if has_room else "cpu"] * 2


def ahead() -> bool:
    return isinstance(threading.current_thread(), ReadAhead)


class AsksForItsLoss(MAML):
    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        found = super().query_loss(model, task, run)
        assert found.loss.item() > -1
        return found


class DrawsOnTheCPU(ProtoNet):
    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        noise = torch.ones(features.shape[1], dtype=features.dtype)
        return super().classify_features(model, features + noise, targets, way)


class Branches(ProtoNet):
    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        return super().classify_features(model, features if features.isfinite().all() else -features, targets, way)


class Selects(ProtoNet):
    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        return super().classify_features(model, features + features[features > 0].mean(), targets, way)


class Sends(ProtoNet):
    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        return super().classify_features(model, features + torch.ones(()).to(features.device), targets, way)


@pytest.mark.parametrize("kind, place", [
    (AsksForItsLoss, "query_loss"), (DrawsOnTheCPU, "classify_features"), (Branches, "classify_features"),
    (Selects, "classify_features"), (Sends, "classify_features"),
])  # fmt: skip
def test_one_that_does_is_found_and_its_place_named(kind: type[MetaLearner], place: str) -> None:
    with pytest.raises(Waits, match=rf"test_devices\.py:\d+ {place}"):
        learns_and_meets(Case(kind, "classification"))


@pytest.mark.parametrize(
    "wrong", [lambda loss: loss * float(loss.detach()), lambda loss: loss + torch.ones(3).sum(0, True)]
)
def test_a_loss_that_reads_or_lies_elsewhere_is_found(wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = objective.Objective.loss
    monkeypatch.setattr(objective.Objective, "loss", lambda self, *given: wrong(own(self, *given)))
    with pytest.raises(Waits, match=r"test_devices\.py"):
        runs(TuningCase(FullFineTuning), monkeypatch)
