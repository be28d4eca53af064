"""Whole runs on a device that is no CPU: also what lies between steps meets no tensor of another one; it may read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from engine.bench import run as bench_run  # noqa: F401 the families' own, loaded before they are told of the device
from engine.events import Evaluated, RunFinished
from engine.machine import choices, devices
from engine.meta import run as meta_run  # noqa: F401
from engine.tuning import run as tuning_run  # noqa: F401
from tests.engine.elsewhere import DEVICE, elsewhere, there
from tests.engine.test_on_gpu import RUNS, small
from tests.engine.tuning.resuming import cut_off, goes_on, keep_every_point


@pytest.fixture
def _cuda_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "cuda:0" is the simulated device, for all that asks for it by name."""
    known = {devices.torch_device: lambda name: DEVICE, devices.device_words: lambda name: "a card",
             choices.machine: lambda name="cpu": "a card"}  # fmt: skip
    for module in [one for name, one in sys.modules.items() if name.startswith("engine.")]:
        for name, value in list(vars(module).items()):
            if callable(value) and value in known:
                monkeypatch.setattr(module, name, known[value])


@pytest.mark.usefixtures("_cuda_is_simulated")
@pytest.mark.filterwarnings("ignore:for .*. copying from a non-meta parameter")  # weights without values take none
@pytest.mark.parametrize("method", RUNS)
def test_a_run_meets_no_tensor_of_another_device(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepared, chosen, trained, validated, kept, tested; and once more from a place in its middle."""
    keep_every_point(monkeypatch)
    to = nn.Module.to

    def moved(self: nn.Module, *given: Any, **how: Any) -> nn.Module:
        return there(mode, self) if given == (DEVICE,) else to(self, *given, **how)

    with elsewhere() as mode:
        monkeypatch.setattr(nn.Module, "to", moved)
        cut_off(small(method, "cuda:0"), tmp_path / "run", 3)
        said = goes_on(small(method, "cuda:0"), tmp_path / "run")
    assert isinstance(said[-1], RunFinished), said[-1]
    assert any(isinstance(event, Evaluated) for event in said)
