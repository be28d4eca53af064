"""Whole runs on several devices: cut off and gone on with, stopped, refused, offered."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import torch
from torch import distributed

from engine.events import EVERY_GPU, Event, RunStarted, RunStopped
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, SearchChoice
from engine.machine import devices as machine
from engine.machine.devices import devices, several, torch_device
from engine.preflight.problems import problems
from engine.work.process import Process
from engine.work.queue import RunQueue
from tests.engine.tuning.resuming import assert_the_same, keep_every_point, whole

TWO = "cpu:2"


def tuning(epochs: int = 2, **values: object) -> Experiment:
    given = {"batch_size": 8, "augmentation": "flip and crop", "mixup": 0.3, "ema": 0.9, **values}
    return Experiment(
        dataset=DatasetChoice(name="digits", classes=3, labels_per_class=7, validation_per_class=6), device=TWO, seed=3,
        method=MethodChoice(name="full_ft", hyperparameters={"epochs": epochs, **given}),
    )  # fmt: skip


@pytest.mark.timeout(900)  # seconds: three runs, whose processes wait for each other on a machine that is busy
def test_a_run_in_shares_goes_on_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_every_point(monkeypatch)
    short = tuning(epochs=1)
    assert_the_same(short, tmp_path, 3, whole(short, tmp_path / "whole"))


def test_a_stop_ends_every_process(tmp_path: Path) -> None:
    before, said = set(psutil.Process().children()), list[Event]()
    for event in execute(tuning(epochs=500), tmp_path / "stopped", lambda: len(said) > 9):
        said.append(event)
    (started,) = [one for one in said if isinstance(one, RunStarted)]
    assert str(started.facts["device"]).startswith("2 processes")
    assert isinstance(said[-1], RunStopped)
    assert said[-1].step > 0
    assert set(psutil.Process().children()) <= before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": MethodChoice(name="protonet"), "dataset": DatasetChoice(name="omniglot")}, "Meta-learning is"),
        ({"method": MethodChoice(name="head_bench")}, "Head bench is"),
        ({"search": SearchChoice()}, "A search is"),
        ({"method": MethodChoice(name="text_contrast"), "dataset": DatasetChoice(name="questions"),
          "backbone": BackboneChoice(name="minilm")}, "is computed on one device"),
    ],
)  # fmt: skip
def test_what_is_computed_on_one_device_is_refused_in_a_sentence(changes: dict[str, object], words: str) -> None:
    for device in (TWO, EVERY_GPU):
        asked = tuning().model_copy(update={"device": device, **changes})
        assert [one.field for one in problems(asked) if words in one.message] == ["device"]
        alone = asked.model_copy(update={"device": "cuda:0"})
        assert not any("one device" in one.message for one in problems(alone))


def test_all_gpus_together_are_offered_where_there_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda device: 7 - (device.index or 0))
    monkeypatch.setattr(distributed, "is_nccl_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "A card")
    for count in (0, 1, 2, 3):
        monkeypatch.setattr(torch.cuda, "device_count", lambda count=count: count)
        offered = [one for one in devices() if one.name == EVERY_GPU]
        assert [one.title for one in offered] == [f"All {count} GPUs together"] * (count > 1)
    assert offered[0].free_bytes == 5
    assert several(EVERY_GPU) == ("cuda:0", "cuda:1", "cuda:2")
    assert torch_device(EVERY_GPU) == torch.device("cuda:0")
    assert machine.device_words(EVERY_GPU) == "3 GPUs: A card, A card, A card"


def test_a_run_on_all_gpus_has_a_process_of_its_own() -> None:
    queue = RunQueue(lambda: pytest.fail("no store is needed"))
    assert isinstance(queue._worker_on(EVERY_GPU), Process)
    assert not isinstance(queue._worker_on("cuda:0"), Process)
