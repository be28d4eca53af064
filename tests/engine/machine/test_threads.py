"""What computes uses the threads of this machine, whatever was left over, and leaves what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch

from engine.advice.rate_finder import find_rates
from engine.execute import execute
from engine.experiment import Experiment, MethodChoice
from engine.machine.devices import devices, training_threads
from engine.preflight.cost import estimate

ONE_EPOCH = Experiment(method=MethodChoice(name="linear_probe", hyperparameters={"epochs": 1}))


def costed(folder: Path) -> Iterator[object]:
    yield estimate(ONE_EPOCH)


@pytest.mark.parametrize(
    "work",
    [costed, lambda folder: execute(ONE_EPOCH, folder / "run"), lambda folder: find_rates(ONE_EPOCH, folder)],
    ids=["cost", "run", "rates"],
)
def test_each_begins_with_the_machines_threads_and_gives_them_back(
    work: Callable[[Path], Iterator[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before, wanted, seen = torch.get_num_threads(), training_threads(), set[int]()
    torch.set_num_threads(wanted + 2)
    watched = torch.nn.modules.module.register_module_forward_pre_hook(lambda *_: seen.add(torch.get_num_threads()))
    try:
        for _ in work(tmp_path):
            pass
        assert torch.get_num_threads() == wanted + 2
    finally:
        watched.remove()
        torch.set_num_threads(before)
    assert seen == {wanted}


def test_the_memory_that_a_run_could_have_is_known_on_any_system() -> None:
    free = devices()[0].free_bytes
    assert free is not None
    assert 0 < free < psutil.virtual_memory().total
