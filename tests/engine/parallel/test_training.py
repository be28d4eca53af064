"""Training in shares by two processes on the CPU against training by one: the weights after one step and after five.

In double precision: where a weight has no gradient but rounding's, as a bias before batch norm, Adam makes a step of
it. What a run makes float32 of again is left as it is here, but for what a head of fine-tuning answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.artifacts.checkpoints import Checkpoints
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine.limits import Limits
from engine.parallel.leading import together
from engine.parallel.passes import ALONE, Passes
from engine.preparation.inputs import Normaliser
from engine.pretraining import run as pretraining
from engine.pretraining.pretext import Pretext, Teacher
from engine.registry import with_method
from engine.tuning import run as tuning
from engine.tuning.material import read_material

DIGITS = DatasetChoice(name="digits", classes=3, labels_per_class=14, validation_per_class=6)
POOL = DatasetChoice(name="digits", classes=3)
MOST = 5  # steps that are compared
CPU, CONV4 = torch.device("cpu"), BackboneChoice(name="conv4", image_size=16)
EVERYTHING = {
    "augmentation": "flip, crop and colour", "mixup": 0.3, "ema": 0.9, "schedule": "one-cycle",
    "class_weights": "balanced", "label_smoothing": 0.1, "clip_norm": 1.0,
}  # fmt: skip
TUNED = [("full_ft", EVERYTHING), ("lora", {"optimiser": "SGD"}), ("auto_rgn", {}), ("setfit", {})]
PRETRAINED = ["simclr", "byol", "vicreg", "dino", "rotation", "masked"]


@pytest.fixture(scope="module")
def shared() -> Iterator[dict[str, Passes]]:
    """By network: the passes know the head by the first of them."""
    both = Experiment(backbone=CONV4, device="cpu:2")
    with together(both) as for_tuning, together(both) as for_pretraining:
        yield {"tuning": for_tuning, "pretraining": for_pretraining}


@pytest.fixture(autouse=True)
def _in_double(monkeypatch: pytest.MonkeyPatch) -> None:
    single = Normaliser.__call__
    monkeypatch.setattr(Normaliser, "__call__", lambda shape, pixels: single(shape, pixels).double())
    monkeypatch.setattr(Pretext, "embedded", lambda own, model, images: own.passes(model, images, answers=False))
    monkeypatch.setattr(
        Teacher, "forward",
        lambda own, both, bf16, passes: own.projector(passes(own.trunk.train(), both, answers=False)),
    )  # fmt: skip


def drained(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def weights(model: torch.nn.Module) -> dict[str, Tensor]:
    return {name: one.detach().clone() for name, one in model.state_dict().items()}


def tuned(name: str, values: dict[str, Any], passes: Passes, folder: Path) -> dict[int, dict[str, Tensor]]:
    """By number of steps."""
    experiment = Experiment(
        dataset=DIGITS, backbone=CONV4, seed=3,
        method=MethodChoice(name=name, hyperparameters={"batch_size": 9, "epochs": 1, **values}),
    )  # fmt: skip
    experiment, method = with_method(experiment)
    material = drained(read_material(experiment, CPU))
    training = tuning.prepared(experiment, method, material, Checkpoints(folder), Limits(), passes)
    training.model.double()
    training.limits.start()
    found: dict[int, dict[str, Tensor]] = {}
    for _ in training.events():
        found[training.step] = weights(training.model)
        if training.step >= MOST:
            break
    return found


def pretrained(name: str, passes: Passes, folder: Path) -> dict[int, dict[str, Tensor]]:
    experiment = Experiment(
        dataset=POOL, backbone=CONV4, seed=3,
        method=MethodChoice(name=name, hyperparameters={"batch_size": 33, "epochs": 2}),
    )  # fmt: skip
    experiment, method = with_method(experiment)
    material = drained(read_material(experiment, CPU))
    training = pretraining.prepared(experiment, method, material, Checkpoints(folder), Limits(), passes)
    training.model.double()
    training.pretext.double()
    return {step: weights(training.model) for step in range(1, 6) if list(training._next())}


def assert_equal(found: dict[int, dict[str, Tensor]], expected: dict[int, dict[str, Tensor]]) -> None:
    assert {1, 5} <= found.keys() == expected.keys()
    for step, one in expected.items():
        for name, wanted in one.items():
            torch.testing.assert_close(found[step][name], wanted, rtol=1e-5, atol=1e-6, msg=f"{name} after {step}")


@pytest.mark.parametrize(("name", "values"), TUNED)
def test_fine_tuning_in_shares_learns_what_one_process_learns(
    name: str, values: dict[str, Any], shared: dict[str, Passes], tmp_path: Path
) -> None:
    one = tuned(name, values, ALONE, tmp_path / "one")
    assert_equal(tuned(name, values, shared["tuning"], tmp_path / "both"), one)


@pytest.mark.parametrize("name", PRETRAINED)
def test_pretraining_in_shares_learns_what_one_process_learns(
    name: str, shared: dict[str, Passes], tmp_path: Path
) -> None:
    one = pretrained(name, ALONE, tmp_path / "one")
    assert_equal(pretrained(name, shared["pretraining"], tmp_path / "both"), one)
