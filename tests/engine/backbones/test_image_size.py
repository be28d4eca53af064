"""The image size reaches the network, and one it cannot read is refused with the numbers that would fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.backbones import catalog
from engine.errors import InvalidExperiment
from engine.events import Evaluated, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.preparation.inputs import normaliser


def test_the_backbones_own_size_is_the_default() -> None:
    assert [catalog.image_size(BackboneChoice(name=name)) for name in ("conv4", "vit_b_16")] == [28, 224]
    assert normaliser(BackboneChoice(name="resnet18", image_size=64)).size == 64


@pytest.mark.parametrize(
    "name,size,sentence,advice",
    [
        (
            "maxvit_t",
            128,
            "MaxViT-T reads images of 224 pixels only, and the image size is 128.",
            "Set the image size to 224, or choose a backbone that reads 128: EfficientNet-Lite0, ResNet-18, "
            "SqueezeNet 1.0.",
        ),
        (
            "resnet18",
            24,
            "ResNet-18 reads images of 32 pixels and more, and the image size is 24.",
            "Set the image size to 32.",
        ),
    ],
)
def test_a_size_that_does_not_fit_is_refused(name: str, size: int, sentence: str, advice: str, tmp_path: Path) -> None:
    wrong = BackboneChoice(name=name, image_size=size)
    for refuse in (catalog.image_size, normaliser):
        with pytest.raises(InvalidExperiment) as caught:
            refuse(wrong)
        assert (caught.value.message, caught.value.advice, caught.value.field) == (sentence, advice, "backbone")
    experiment = Experiment(backbone=wrong, method=MethodChoice(name="full_ft"))
    assert [str(fault) for fault in problems(experiment)] == [f"{sentence} {advice}"]
    events = list(execute(experiment, tmp_path / "run"))
    assert isinstance(events[0], RunFailed)
    assert events[0].message == sentence


def test_a_run_learns_at_the_chosen_size(tmp_path: Path) -> None:
    experiment = few(16)
    events = list(execute(experiment, tmp_path / "run"))
    assert any(isinstance(event, Evaluated) for event in events)


def test_larger_images_cost_more_memory() -> None:
    small, large = estimate(few(16)), estimate(few(64))
    assert large.memory_bytes > 4 * (small.memory_bytes - 16 * small.parameters)
    assert large.trainable == small.trainable


def few(size: int) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=5),
        backbone=BackboneChoice(name="conv4", weights="random", image_size=size),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": 1}),
    )
