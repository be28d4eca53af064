"""Optimisers step and torchvision is imported without torch's compiler, as they would with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import torch
from torch.optim import SGD, Adam, AdamW
from engine.machine.uncompiled import BOXES_ASK, _UntilAsked, steps_as_they_are
from engine.machine.warm import load_torch

def learnt(kind, **values):
    torch.manual_seed(0)
    layer = torch.nn.Linear(5, 3)
    optimiser = kind(layer.parameters(), lr=0.1, **values)
    for _ in range(4):
        optimiser.zero_grad()
        layer(torch.ones(2, 5)).square().sum().backward()
        optimiser.step()
        assert torch.is_grad_enabled()
    optimiser.load_state_dict(optimiser.state_dict())
    return [*layer.parameters()]

own, kinds = (Adam.step, SGD.step), ((Adam, {}), (AdamW, {"fused": True}), (SGD, {"momentum": 0.9}))
for _ in range(2):
    load_torch()
    steps_as_they_are()
here = [learnt(kind, **values) for kind, values in kinds]
print("torchvision.models" in sys.modules and {BOXES_ASK, "torch._dynamo"}.isdisjoint(sys.modules))
Adam.step, SGD.step = own
theirs = [learnt(kind, **values) for kind, values in kinds]
print("torch._dynamo" in sys.modules)
print(all(torch.equal(a, b) for one, other in zip(here, theirs) for a, b in zip(one, other)))
sys.modules[BOXES_ASK] = _UntilAsked(BOXES_ASK)
from torch._dynamo.utils import counters, is_compile_supported
from torchvision.ops.roi_align import is_compile_supported as asked
print(sys.modules[BOXES_ASK].counters is counters and [*map(asked, ("cpu", "mps"))] == [
    *map(sys.modules[BOXES_ASK].is_compile_supported, ("cpu", "mps"))])
"""
RUN = """
import sys
from pathlib import Path
from engine.execute import execute
from engine.experiment import parse_experiment
print(type([*execute(parse_experiment({body!r}), Path(sys.argv[1]))][-1]).__name__, "torch._dynamo" in sys.modules)
"""
DIGITS = {"name": "digits", "classes": 3, "labels_per_class": 5, "validation_per_class": 5}


def told(program: str, *given: object) -> list[str]:
    command = [sys.executable, "-c", program, *map(str, given)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=200).stdout.split()


def test_steps_are_those_of_torch_to_the_last_bit_and_torchvision_asks_what_it_would() -> None:
    assert told(PROGRAM) == ["True", "True", "True", "True"]


@pytest.mark.parametrize(
    "method", [{"name": "lora", "hyperparameters": {"epochs": 1}}, pytest.param({"name": "byol", "hyperparameters": {
        "epochs": 1, "batch_size": 32}}, marks=pytest.mark.slow)], ids=lambda method: method["name"],
)  # fmt: skip
def test_a_run_loads_no_compiler(method: dict[str, object], tmp_path: object) -> None:
    body = {"dataset": DIGITS, "backbone": {"name": "conv4", "image_size": 16}, "method": method}
    assert told(RUN.format(body=body), tmp_path) == ["RunFinished", "False"]
