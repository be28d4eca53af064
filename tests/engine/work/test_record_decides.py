"""For every family that chooses: a repeat is computed as its record says, whatever was measured since, or is lost."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.events import Preparing, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, SearchChoice
from engine.families import FAMILIES, family
from engine.machine import devices
from engine.machine.choices import FILE, Choices, Chosen, Timing, Trial, Way
from engine.machine.files import cache_folder
from engine.meta import training
from engine.registry import methods
from engine.tuning import precision
from engine.work.queue import new_run
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.engine.work.small_runs import small
from tests.engine.work.test_same_choice import MAML, computed_by, ran

DIGITS = DatasetChoice(name="digits", classes=3, labels_per_class=6)
AUTOMATIC = small(1).model_copy(update={"precision": "automatic", "dataset": DIGITS})
SMALL = BackboneChoice(name="conv4", image_size=16)
BENCH = MethodChoice(name="head_bench", hyperparameters={"most_labels": "1", "repeats": 2})
UNLABELLED = MethodChoice(name="simclr", hyperparameters={"epochs": 1, "batch_size": 64})
SEVERAL = MethodChoice(name="equal", hyperparameters={"epochs": 1})
THREADS_ALONE = ("bench", "pretrain", "multitask")
THE_SAME = {"act"}  # two layers of 64 units are computed alike by any number of threads
ASKED = {
    "meta": MAML, "finetune": AUTOMATIC, "bench": Experiment(dataset=DIGITS, method=BENCH),
    "pretrain": Experiment(
        dataset=DatasetChoice(name="digits", classes=2, part="source half"), backbone=SMALL, method=UNLABELLED
    ),
    "multitask": Experiment(dataset=DatasetChoice(name="digits", classes=4, labels_per_class=6), method=SEVERAL),
    "search": AUTOMATIC.model_copy(update={"search": SearchChoice(trials=1, folds=2)}),
}  # fmt: skip


def test_every_family_is_asked() -> None:
    wanted = {one.family for one in methods()} & FAMILIES.keys() - THE_SAME
    assert {family(one).key for one in ASKED.values()} == wanted


@pytest.fixture
def favoured(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From now on a trial finds the way at this place, or the last one, to be the quickest."""
    real = Choices.choose
    for module in (training, precision):
        monkeypatch.setattr(module, "WORTH_TIMING", 1)
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)

    def favour(place: int) -> None:
        def trial(ways: Sequence[Way]) -> Timing:
            yield Preparing("Timing")
            return [0.1 if way == ways[min(place, len(ways) - 1)] else 1.0 for way in ways]

        def choose(
            self: Choices, of: str, ways: Sequence[Way], asked: Trial | None = None
        ) -> Generator[Preparing, None, Chosen]:
            return real(self, of, ways, asked and trial)

        monkeypatch.setattr(Choices, "choose", choose)

    return favour


@pytest.mark.parametrize("asked", ASKED.values(), ids=list(ASKED))
def test_a_repeat_is_computed_as_recorded(
    asked: Experiment,
    favoured: Callable[[int], None],
    own_workspace: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Also where the file of what was measured holds something else, or is gone."""
    workspace, kept = Workspace(own_workspace), cache_folder() / FILE
    favoured(2)
    monkeypatch.setattr(devices, "training_threads", lambda: 1)
    first = ran(workspace, asked)
    favoured(0)
    kept.unlink(missing_ok=True)
    if family(asked).key in THREADS_ALONE:  # they are all that is chosen
        monkeypatch.setattr(devices, "training_threads", lambda: 2)
    events = list(execute(asked, tmp_path / "elsewhere"))  # where nothing is recorded; what it measures is kept
    other = next(event for event in events if isinstance(event, RunStarted)).formulation["values"]
    assert other != computed_by(workspace, first)
    different = {file.name: file.read_bytes() for file in (tmp_path / "elsewhere").glob("l*.safetensors")}
    assert not different or not different.items() <= outcome(workspace, first)[0].items()  # or this would show nothing
    assert kept.is_file() or family(asked).key in THREADS_ALONE
    for _ in ("something else", "gone"):
        again = ran(workspace, asked)
        assert computed_by(workspace, again) == computed_by(workspace, first)
        assert outcome(workspace, again) == outcome(workspace, first)
        kept.unlink(missing_ok=True)
    with RunStore(workspace) as store:
        assert store.formulations(again.id)
        assert not store.formulations(store.create(new_run(asked.with_seed(9))).id)  # of another seed nothing is known


def outcome(workspace: Workspace, run: RunRow) -> tuple[Mapping[str, bytes], Any]:
    """Weights and figures, to the last bit."""
    files = {file.name: file.read_bytes() for file in (workspace.runs / run.uid).glob("*.safetensors")}
    with RunStore(workspace) as store:
        return files, [(one.metric, one.value, one.low, one.high) for one in store.results(run.id)]
