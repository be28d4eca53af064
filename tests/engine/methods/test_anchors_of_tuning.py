"""Fine-tuning methods on two images of one pixel, two steps of plain SGD at rate 0.4, every number worked out on paper.

Body h = v x + c from v = 1, c = 0; head from zero weights. White (x = 1) is of class 0, black (x = 0) of class 1.
First step: all shares are ½, so the head's weights go to ±0.1 and its biases stay; the body has no gradient.
Second step: σ(0.2) = 0.549834 for white, ½ for black. The head's first weight goes to 0.1 + 0.4 · 0.225083 = 0.190033,
its bias to -0.4 · (0.25 - 0.225083) = -0.009967. Back to the body come -0.0450166 and 0.05: v = 1.0180066,
c = -0.0019934.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.machine.limits import Limits
from engine.preparation.inputs import Labelled, Normaliser
from engine.registry import method
from engine.tuning.lowrank import LowRank
from engine.tuning.training import FineTuning
from tests.engine.methods.fitting import fitting

IMAGES = Labelled(torch.tensor([255, 0], dtype=torch.uint8).view(2, 1, 1, 1), torch.tensor([0, 1]), np.arange(2))
PLAIN = {
    "epochs": 2, "learning_rate": 0.4, "momentum": 0.0, "weight_decay": 0.0, "batch_size": 2, "epochs_per_block": 1,
}  # fmt: skip
CHOSEN = {"optimiser": "SGD", "schedule": "constant"}


def network() -> Backbone:
    body, model = nn.Linear(1, 1), Backbone({"body": nn.Sequential(nn.Flatten())}, 1, 2)
    model.blocks["body"].append(body)  # type: ignore[operator]
    body.weight.data.fill_(1.0)
    for value in (body.bias, *model.head.parameters()):
        value.data.zero_()
    return model


def tuned(name: str, folder: Path, **values: Any) -> dict[str, float]:
    """v, c, the head's first weight and its bias after the run."""
    chosen = method(name).from_values(fitting(method(name), PLAIN) | CHOSEN | values)
    model = network()
    run = FineTuning(model, chosen, IMAGES, IMAGES, Normaliser(1, 1), Checkpoints(folder), Limits(), seed=0)
    for _ in run.events():
        pass
    body = model.blocks["body"][1]  # type: ignore[index]
    found = (body.weight[0], body.bias, model.head.weight[0], model.head.bias[:1])
    return dict(zip(("v", "c", "weight", "bias"), (value.item() for value in found), strict=True))


# Features 1 and 0 standardised to ±1: weights ±0.2, then with σ(0.4) = 0.598688 ±0.2 + 0.4 · 0.401312 = 0.360525; in
# terms of the plain features twice that, and the bias is minus half of it.
PROBED = {"v": 1.0, "c": 0.0, "weight": 0.721050, "bias": -0.360525}
WHOLE = {"v": 1.0180066, "c": -0.0019934, "weight": 0.190033, "bias": -0.009967}


@pytest.mark.anchors(
    "full_ft", "scratch", "reinit_last", "discriminative", "gradual", "surgical", "bitfit", "l2_sp", "linear_probe",
    "lp_ft",
)  # fmt: skip
@pytest.mark.parametrize(
    "name,values,expected",
    [
        ("full_ft", {}, WHOLE),
        ("scratch", {}, WHOLE),
        ("reinit_last", {}, WHOLE),
        ("discriminative", {"factor": 2.0}, WHOLE | {"v": 1.0090033, "c": -0.0009967}),
        ("gradual", {}, WHOLE),  # the body joins for the second step, in which alone it has a gradient
        ("gradual", {"epochs_per_block": 2}, PROBED),
        ("surgical", {"block": "first"}, WHOLE),
        ("surgical", {"block": "head"}, PROBED),
        ("linear_probe", {}, PROBED),
        # One step on standardised features, weight 0.4 and bias -0.2; then all: 0.4 + 0.4 · 0.200656, the body by
        # 0.4 · 0.4 · 2 · 0.200656, and what comes from white and black is opposite for the biases.
        (
            "lp_ft",
            {"probe_epochs": 1, "epochs": 1, "probe_learning_rate": 0.4, "probe_weight_decay": 0.0},
            {"v": 1.0642099, "c": 0.0, "weight": 0.480262, "bias": -0.2},
        ),
        ("bitfit", {}, WHOLE | {"v": 1.0}),
        # The head is pulled to zero by 0.01: 0.4 · 0.01 · 0.1 less; the body is where it is held.
        ("l2_sp", {"anchor": 0.5, "weight_decay": 0.01}, WHOLE | {"weight": 0.189633}),
        # The anchor pulls from the third step on: by 0.4 · 0.5 · 0.0180066 = 0.0036013.
        ("full_ft", {"epochs": 3}, {"v": 1.0491307}),
        ("l2_sp", {"anchor": 0.5, "epochs": 3}, {"v": 1.0491307 - 0.0036013}),
    ],
)
def test_two_steps(name: str, values: dict[str, Any], expected: dict[str, float], tmp_path: Path) -> None:
    found = tuned(name, tmp_path, **values)
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=2e-6)


@pytest.mark.anchors("lora")
def test_a_change_of_rank_two() -> None:
    """1 + 3 / 2 · (1 · 0.2 + 0.5 · 0.4)."""
    name = "blocks.body.1.weight"
    change = LowRank(network(), [name], rank=2, scale=3.0, seed=0)
    change.down[name].data.copy_(torch.tensor([[0.2], [0.4]]))
    change.up[name].data.copy_(torch.tensor([[1.0, 0.5]]))
    assert change.merged()[name].item() == pytest.approx(1.6)


@pytest.mark.anchors("as_is")
def test_nothing_is_trained() -> None:
    chosen = method("as_is").from_values({})
    assert (chosen.stages(), chosen.epochs) == ((), 0)
    assert [row.rate for row in chosen.table(("one", "two", "head")).values()] == [0.0, 0.0, 0.0]
