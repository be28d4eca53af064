"""Runs on shifted images and from a saved run's own head: from the source half to the target half."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.backbones.networks import random_backbone
from engine.data.sources import load
from engine.data.splits import split_images
from engine.events import Evaluated, Event, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.tuning.material import read_material
from engine.tuning.testing import balanced

SOURCE = Experiment(
    dataset=DatasetChoice(name="digits", part="source half", validation_per_class=5),
    method=MethodChoice(name="scratch", hyperparameters={"epochs": 4, "learning_rate": 5e-3}),
)
AS_IS = MethodChoice(name="as_is")
KEPT = BackboneChoice(weights="run:source", head="kept")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with the trained source."""
    folder = tmp_path_factory.mktemp("runs")
    assert isinstance(list(execute(SOURCE, folder / "source"))[-1], RunFinished)
    return folder


def target(method: MethodChoice, backbone: BackboneChoice = KEPT, **data: object) -> Experiment:
    dataset = {"name": "digits", "part": "target half", "labels_per_class": 5, "validation_per_class": 5} | data
    return Experiment(dataset=DatasetChoice.model_validate(dataset), backbone=backbone, method=method)


def figures(events: list[Event]) -> dict[str, Evaluated]:
    assert isinstance(events[-1], RunFinished), events[-1]
    return {event.name: event for event in events if isinstance(event, Evaluated)}


def test_no_adaptation_is_the_source_network_itself(runs: Path) -> None:
    found = figures(list(execute(target(AS_IS), runs / "as-is")))["test/accuracy"]
    reading = read_material(target(AS_IS), torch.device("cpu"))
    while True:
        try:
            next(reading)
        except StopIteration as end:
            material = end.value
            break
    model = random_backbone("conv4", 10).eval()
    model.load_state_dict(load_file(runs / "source" / "best.safetensors"))
    with torch.no_grad():
        guess = model(material.shape(material.test.inputs[:])).argmax(1)
    assert (guess.numpy() == found.predicted).all()
    assert found.value > 0.7
    assert found.protocol["weights"] == "as they came"


def test_with_every_name_moved_the_source_s_right_answers_are_wrong(runs: Path) -> None:
    plain = figures(list(execute(target(AS_IS), runs / "plain")))["test/accuracy"]
    moved = figures(list(execute(target(AS_IS, shift=Shift(kind="label shift", severity=5)), runs / "moved")))
    wrong_now = moved["test/accuracy"]
    assert (plain.predicted == wrong_now.predicted).all()
    assert not ((plain.truth == plain.predicted) & (wrong_now.truth == wrong_now.predicted)).any()
    head = MethodChoice(name="surgical", hyperparameters={"block": "head", "epochs": 60, "learning_rate": 1e-2})
    learnt = figures(list(execute(target(head, shift=Shift(kind="label shift", severity=5)), runs / "head")))
    assert learnt["test/accuracy"].value > wrong_now.value + 0.5
    assert moved["test/accuracy, no shift"].value == plain.value
    assert learnt["test/accuracy, no shift"].value < 0.5 < plain.value


def test_further_test_sets_are_the_same_images_shifted(runs: Path) -> None:
    shifts = [{"kind": "noise", "severity": 5}, {"kind": "inversion"}]
    found = figures(list(execute(target(AS_IS, tested_on=shifts), runs / "further")))
    plain, noisy, inverted = (found[f"test/accuracy{s}"] for s in ("", ", noise 5", ", inversion"))
    assert (plain.ids == noisy.ids).all()
    assert (plain.truth == inverted.truth).all()
    assert noisy.value < plain.value
    assert noisy.protocol["shift"] == "Gaussian noise, severity 5"
    assert "shift" not in plain.protocol


def test_source_and_target_share_no_image(runs: Path) -> None:
    data = load(SOURCE.dataset)
    source = split_images(data, SOURCE.dataset, 0)
    other = split_images(data, target(AS_IS).dataset, 0)
    used = {*source.train.tolist(), *source.validation.tolist(), *source.test.tolist()}
    assert not used & {*other.train.tolist(), *other.validation.tolist(), *other.test.tolist()}


def test_reset_blocks_start_as_the_seed_s_random_network_would(runs: Path) -> None:
    method = MethodChoice(name="reinit_last", hyperparameters={"reset": 2, "epochs": 1, "learning_rate": 1e-6})
    choice = BackboneChoice(weights="omniglot-supervised")
    list(execute(target(method, choice), runs / "reset"))
    after = load_file(runs / "reset" / "last.safetensors")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        random = random_backbone("conv4", 10).state_dict()
    for block, fresh in (("conv2", False), ("conv3", True), ("conv4", True)):
        key = f"blocks.{block}.0.weight"
        assert torch.allclose(after[key], random[key], atol=1e-4) == fresh


@pytest.mark.parametrize(
    "backbone,words",
    [
        (BackboneChoice(name="resnet_small", weights="run:source", head="kept"), "belong to another network"),
        (BackboneChoice(weights="omniglot-supervised", head="kept"), "head"),
    ],
)
def test_a_head_or_weights_that_do_not_fit_are_a_sentence(runs: Path, backbone: BackboneChoice, words: str) -> None:
    last = list(execute(target(AS_IS, backbone), runs / "wrong"))[-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert words in last.message
    assert last.advice


def test_uneven_test_classes_are_judged_alike_too() -> None:
    """Two classes with 3 and 9 test images, all called the larger one: 75 % of images, 50 % over the classes."""
    found = balanced(np.full(12, 1), np.array([0] * 3 + [1] * 9), 2)
    assert found.value == 0.5
    assert found.n == 12
    # Two images more in each class, right as often as all classes: shares 1/5 and 10/11, their variance
    # (1/5 · 4/5 / 3 + 10/11 · 1/11 / 9) / 4 = 0.015629, as of 0.5545 · 0.4455 / 0.015629 = 15.81 images of one class.
    # Wilson's interval of 15.81 images around (0.5 + 0.5545) / 2 = 0.5273: 0.5219 ± 0.2208.
    assert (found.low, found.high) == pytest.approx((0.3011, 0.7428), abs=1e-4)
