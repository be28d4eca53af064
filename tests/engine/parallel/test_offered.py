"""What is offered on several devices: every method whose passes are shared out, and none that would let them idle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.artifacts.checkpoints import Checkpoints
from engine.events import EVERY_GPU
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.families import FINE_TUNING, PRETRAINING
from engine.machine.limits import Limits
from engine.parallel.passes import Passes
from engine.preflight.problems import problems
from engine.pretraining import run as pretraining
from engine.pretraining.method import TextPretrainMethod
from engine.registry import method, methods, with_method
from engine.tuning import run as tuning
from engine.tuning.material import Material, read_material
from engine.tuning.method import FineTuneMethod
from tests.engine.parallel.test_training import drained

DIGITS = DatasetChoice(name="digits", classes=3, labels_per_class=4, validation_per_class=2)
NAMES = [one.name for one in methods() if one.family in (FINE_TUNING.key, PRETRAINING.key)]
BRIEF = {"epochs": 1, "batch_size": 64, "probe_epochs": 1, "pair_epochs": 1}
FROZEN = {block: {"rate": 0.0} for block in ("conv1", "conv2", "conv3", "conv4")}
CHANGED: list[tuple[str, dict[str, Any]]] = [
    ("full_ft", {"layers": FROZEN}), ("full_ft", {"layers": FROZEN, "augmentation": "flip and crop"}),
    ("lora", {"layers": {"head": {"trains": "low-rank"}}}), ("lp_ft", {"layers": FROZEN}),
]  # fmt: skip


class Counting(Passes):
    """By this process alone; how often is counted."""

    count = 0

    def __call__(self, *given: Any, **named: Any) -> torch.Tensor:
        self.count += 1
        return super().__call__(*given, **named)


@pytest.fixture(scope="module")
def material() -> Material:
    return drained(read_material(Experiment(dataset=DIGITS), torch.device("cpu")))


def shared(asked: Experiment, material: Material, folder: Path) -> bool:
    """Whether anything it learns by would be shared out."""
    passes, (experiment, built) = Counting(), with_method(asked)
    at = tuning if isinstance(built, FineTuneMethod) else pretraining
    training: Any = at.prepared(experiment, built, material, Checkpoints(folder), Limits(), passes)
    training.limits.start()
    return any(passes.count for _ in training.events())


def asked_of(name: str, values: dict[str, Any], device: str) -> Experiment:
    known = method(name).Hyperparameters.model_fields
    brief = {key: value for key, value in BRIEF.items() if key in known and not (name in NOTHING and key == "epochs")}
    choice = MethodChoice(name=name, hyperparameters={**brief, **values})
    return Experiment(dataset=DIGITS, method=choice, device=device, backbone=BackboneChoice(image_size=16))


NOTHING = ("as_is", "target_statistics", "tent")


@pytest.mark.parametrize(("name", "values"), [*((name, {}) for name in NAMES), *CHANGED])
def test_a_method_is_offered_on_several_devices_where_its_passes_are_shared(
    name: str, values: dict[str, Any], material: Material, tmp_path: Path
) -> None:
    found = [one for one in problems(asked_of(name, values, EVERY_GPU)) if one.field == "device"]
    if issubclass(method(name), TextPretrainMethod):
        assert found
        return
    assert shared(asked_of(name, values, "cpu"), material, tmp_path) == (not found), found
    assert all("computed on one device" in one.message for one in found)
