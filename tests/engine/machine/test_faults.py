"""A disk that refuses and memory that is not enough: what a run keeps, and what it says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.artifacts import checkpoints
from engine.errors import is_out_of_memory
from engine.events import CheckpointSaved, EpochCompleted, Evaluated, Event, Metrics, Notice, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import DatasetChoice, Experiment, MethodChoice, SearchChoice
from engine.tuning.objective import Objective

TASKS = {
    "way": 3, "training_way": 3, "shot": 1, "query": 2, "steps": 4, "validate_every": 1, "validation_episodes": 10,
    "test_episodes": 10,
}  # fmt: skip
KINDS = {"full_ft": {"epochs": 4, "batch_size": 8, "tested": "last epoch"}, "protonet": TASKS}


def small(method: str, search: SearchChoice | None = None) -> Experiment:
    data = DatasetChoice(name="digits", classes=3, labels_per_class=5, validation_per_class=6)
    return Experiment(
        dataset=DatasetChoice(name="glyphs") if method == "protonet" else data,
        method=MethodChoice(name=method, hyperparameters=KINDS[method]), search=search,
    )  # fmt: skip


def in_the_way(events: Iterator[Event], folder: Path, until: Callable[[Event], bool]) -> list[Event]:
    """All events; from the first weights on the folder is gone and something else has its name, until then."""
    said: list[Event] = []
    for event in events:
        said.append(event)
        if isinstance(event, CheckpointSaved) and not folder.is_file() and not any(map(until, said)):
            shutil.rmtree(folder)
            folder.write_text("in the way")
        if folder.is_file() and until(event):
            folder.unlink()
    return said


@pytest.fixture
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN_WRITES", 0.0)


def refusals(said: list[Event]) -> list[str]:
    return [e.text for e in said if isinstance(e, Notice) and "cannot be written" in e.text]


@pytest.mark.usefixtures("_often")
@pytest.mark.parametrize("method", KINDS)
@pytest.mark.parametrize("until", [Evaluated, EpochCompleted], ids=["the last write", "a later one"])
def test_what_the_disk_refuses_is_kept_and_written_later(method: str, until: type[Event], tmp_path: Path) -> None:
    """Also what the folder held when it vanished: which images the weights have met is known by it."""
    folder = tmp_path / "run"

    def freed(event: Event) -> bool:
        late = isinstance(event, EpochCompleted) and event.epoch >= 3
        late = late or (method == "protonet" and isinstance(event, Metrics) and event.step >= 3)
        return isinstance(event, until) if until is Evaluated else late

    said = in_the_way(execute(small(method), folder), folder, freed)
    assert isinstance(said[-1], RunFinished)
    assert len(refusals(said)) <= 1
    assert all(text.endswith("It is kept in memory and tried again.") for text in refusals(said))
    kept = {path.name for path in folder.iterdir()}
    assert kept >= {"best.safetensors", "last.safetensors", "experiment.json", "trained_on.json"}
    assert {event.kind for event in said if isinstance(event, CheckpointSaved)} >= {"best", "last"}


@pytest.mark.usefixtures("_often")
def test_a_disk_that_refuses_to_the_end_fails_the_run_after_its_figures(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    said = in_the_way(execute(small("full_ft"), folder), folder, lambda _: False)
    assert any(isinstance(event, Evaluated) for event in said)
    assert len(refusals(said)) == 1
    last = said[-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert "weights of this run cannot be written" in last.message
    assert "disk space" in last.advice


def allocation() -> None:
    torch.empty(2**60)


def mistake() -> None:
    raise ZeroDivisionError


class Failing:
    """Losses as they are, until one fails."""

    def __init__(self, after: int, fail: Callable[[], None]) -> None:
        self.left, self.fail, self.loss = after, fail, Objective.loss

    def __call__(self, objective: Objective, *given: Any) -> torch.Tensor:
        self.left -= 1
        if self.left < 0:
            self.fail()
        return self.loss(objective, *given)


@pytest.mark.parametrize(("fail", "kind"), [(allocation, "experiment"), (mistake, "bug")])
def test_the_best_weights_stay_when_training_fails(
    fail: Callable[[], None], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN_WRITES", 1e9)  # nothing is written but at the end
    failing = Failing(5, fail)
    monkeypatch.setattr(Objective, "loss", lambda self, *given: failing(self, *given))
    said = list(execute(small("full_ft"), tmp_path / "run"))
    last = said[-1]
    assert isinstance(last, RunFailed)
    assert last.kind == kind
    assert bool(last.traceback) == (kind == "bug")
    assert "memory on cpu" in last.message or kind == "bug"
    assert "batch size of 4" in last.advice or kind == "bug"
    assert (tmp_path / "run" / "best.safetensors").exists()
    assert any(isinstance(event, CheckpointSaved) and event.kind == "best" for event in said)


def test_a_search_without_memory_is_a_sentence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing(1, allocation)
    monkeypatch.setattr(Objective, "loss", lambda self, *given: failing(self, *given))
    last = list(execute(small("full_ft", SearchChoice(trials=2, folds=2)), tmp_path / "run"))[-1]
    assert isinstance(last, RunFailed)
    assert last.message == "There was not enough memory on cpu."


def raised(act: Callable[[], object]) -> Exception:
    try:
        act()
    except Exception as error:  # noqa: BLE001 the error is what is asked for
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "error",
    [
        raised(lambda: torch.empty(2**60)),
        raised(lambda: np.empty(2**55)),
        raised(lambda: bytearray(2**62)),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: not enough memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OSError(12, "Cannot allocate memory"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_memory_is_known_in_every_library_s_words(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes cannot be multiplied"), OSError(28, "No space left on device")])
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not is_out_of_memory(error)
