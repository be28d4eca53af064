"""A timed step in each precision leaves no trace, for every method that fine-tunes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.artifacts.checkpoints import Checkpoints
from engine.artifacts.saved import SavedModel
from engine.events import Formulation, Notice, Preparing, RunFinished, RunStarted, TrialCompleted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, SearchChoice
from engine.machine.choices import Timing, Way
from engine.machine.limits import Limits
from engine.preflight.problems import problems
from engine.preparation.inputs import Normaliser
from engine.registry import methods
from engine.search import fits
from engine.tuning import precision
from engine.tuning.method import FineTuneMethod
from engine.tuning.precision import BFLOAT16, FLOAT32, seconds, whole_network
from engine.tuning.run import tuning
from engine.tuning.training import FineTuning
from tests.engine.meta.ways import ended
from tests.engine.tuning.striped import small_network, stripes

HEAD_ALONE = ("linear_probe", "as_is")  # nothing is computed in bfloat16
SIDE = 16  # pixels of the digits: bfloat16 is slow on a processor that does not know it
METHODS = [
    one for one in methods() if issubclass(one, FineTuneMethod) and one.keeps_network and one.name not in HEAD_ALONE
]


def training(kind: type[FineTuneMethod], folder: Path) -> FineTuning:
    chosen = kind.from_values({"batch_size": 8} | ({"epochs": 5} if kind.name != "as_is" else {}))
    checkpoints = Checkpoints(folder)
    return FineTuning(small_network(), chosen, stripes(12), stripes(8), Normaliser(8, 1), checkpoints, Limits(), seed=3)


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.name)
def test_timing_leaves_no_trace(kind: type[FineTuneMethod], tmp_path: Path) -> None:
    """What is trained after it is the same to the last bit as what is trained without."""
    first, timed = training(kind, tmp_path / "a"), training(kind, tmp_path / "b")
    torch.manual_seed(5)
    list(first.events())
    torch.manual_seed(5)
    found = ended(seconds(timed, [FLOAT32, BFLOAT16]))
    assert len(found) == 2
    assert min(found) > 0
    list(timed.events())
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, timed.model.state_dict()[name]), name


@pytest.mark.parametrize("name", HEAD_ALONE)
def test_where_the_head_alone_learns_nothing_is_timed(name: str, tmp_path: Path) -> None:
    kind = next(one for one in methods() if one.name == name)
    assert issubclass(kind, FineTuneMethod)
    assert whole_network(training(kind, tmp_path)) is None


def automatic(**changes: Any) -> Experiment:
    data = DatasetChoice(name="digits", classes=3, labels_per_class=7, validation_per_class=6)
    method = MethodChoice(name="full_ft", hyperparameters={"batch_size": 8, "epochs": 2})
    backbone = BackboneChoice(name="conv4", image_size=SIDE)
    return Experiment(dataset=data, backbone=backbone, method=method, precision="automatic", seed=3, **changes)


def ran(experiment: Experiment, folder: Path, known: Sequence[Formulation] = ()) -> tuple[Formulation, bytes, str]:
    """What it was computed by, its weights and what it said of that."""
    events = list(execute(experiment, folder, known=known))
    assert isinstance(events[-1], RunFinished), events[-1]
    begun = next(event for event in events if isinstance(event, RunStarted))
    said = next(event.text for event in events if isinstance(event, Notice) and "Computed in" in event.text)
    return Formulation.heard(begun.formulation), (folder / "last.safetensors").read_bytes(), said


@pytest.mark.parametrize("quicker", ["float32", "bfloat16"])
@pytest.mark.parametrize("search", [None, SearchChoice(trials=1, folds=2)])
def test_automatic_is_what_was_timed_and_a_repeat_is_what_was_recorded(
    quicker: str, search: SearchChoice | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights are those of the experiment that names the precision; the record decides although a clock that goes
    the other way is asked, with nothing cached."""
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    monkeypatch.setattr(precision, "WORTH_TIMING", 1)
    clock(monkeypatch, tmp_path / "one", quicker)
    first, weights, said = ran(automatic(search=search), tmp_path / "a")
    assert first.values["precision"] == quicker
    assert said == f"Computed in {quicker}: a step takes {TOLD[quicker]}."
    named = automatic(search=search).model_copy(update={"precision": quicker})
    list(execute(named, tmp_path / "b"))
    assert (tmp_path / "b" / "last.safetensors").read_bytes() == weights
    said_by_both(tmp_path / "a", tmp_path / "b", first)
    clock(monkeypatch, tmp_path / "two", "float32" if quicker == "bfloat16" else "bfloat16")
    again, same, _ = ran(automatic(search=search), tmp_path / "c", known=[first])
    assert again.values == first.values
    assert same == weights


@pytest.mark.parametrize("quicker", ["float32", "bfloat16"])
def test_the_fits_of_a_search_are_computed_by_what_its_run_is(
    quicker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what was timed, recorded or forced; so a search that is repeated tries the same, with the same scores."""
    made: list[FineTuning] = []
    monkeypatch.setattr(fits, "tuning", lambda *given: made.append(tuning(*given)) or made[-1])
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    monkeypatch.setattr(precision, "WORTH_TIMING", 1)
    other = "float32" if quicker == "bfloat16" else "bfloat16"
    known: list[Formulation] = []
    found: list[object] = []
    for folder in ("timed", "recorded", "forced"):
        clock(monkeypatch, tmp_path / f"cache of {folder}", other if known else quicker)
        made.clear()
        asked = automatic(search=SearchChoice(trials=3, folds=2, pruning=False))
        events = list(execute(asked, tmp_path / folder, known=known))
        record = Formulation.heard(next(event for event in events if isinstance(event, RunStarted)).formulation)
        assert [one.bf16 for one in made] == [quicker == "bfloat16"] * 6
        assert {tuple(one.checkpoints.bookmark.choices.made.items()) for one in made} == {tuple(record.values.items())}
        trials = [(one.values, one.scores) for one in events if isinstance(one, TrialCompleted)]
        known = [record if folder == "timed" else Formulation({"precision": quicker}, forced=("precision",))]
        found.append((trials, (tmp_path / folder / "last.safetensors").read_bytes()))
    assert len(trials) == 3
    assert found[0] == found[1] == found[2]


def said_by_both(automatic: Path, named: Path, record: Formulation) -> None:
    """The saved network of a run that was left its precision predicts in it, by its folder or, as for runs whose folder
    does not tell it, by the record that is handed to it."""
    pixels = torch.arange(3 * SIDE**2).reshape(3, 1, SIDE, SIDE).remainder(251).to(torch.uint8)
    expected = SavedModel.open(named).predict(pixels)
    assert torch.equal(SavedModel.open(automatic).predict(pixels), expected)
    (automatic / "computed_by.json").unlink()
    assert torch.equal(SavedModel.open(automatic, computed=record.told()).predict(pixels), expected)
    in_float32 = torch.equal(SavedModel.open(automatic).predict(pixels), expected)
    assert in_float32 is (record.values["precision"] == "float32"), "nothing tells bfloat16 any more"


TOLD = {"float32": "100 ms in float32 and 200 ms in bfloat16", "bfloat16": "200 ms in float32 and 100 ms in bfloat16"}


def clock(monkeypatch: pytest.MonkeyPatch, cache: Path, quicker: str) -> None:
    """One that measures this precision at half the time of the other."""
    monkeypatch.setenv("WARMSTART_CACHE", str(cache))

    def timed(_: FineTuning, asked: Sequence[Way]) -> Timing:
        yield Preparing("Timing")
        return [0.1 if way["precision"] == quicker else 0.2 for way in asked]

    monkeypatch.setattr(precision, "seconds", timed)


@pytest.mark.parametrize("changes", [{}, {"has": False}])
def test_short_runs_and_devices_without_bfloat16_stay_in_float32(
    changes: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bf16", lambda device: changes.get("has", True))
    if changes:
        monkeypatch.setattr(precision, "WORTH_TIMING", 1)
    found, _, said = ran(automatic(), tmp_path / "a")
    assert (found.values["precision"], said) == ("float32", "Computed in float32.")


def test_meta_learning_takes_automatic_for_float32() -> None:
    asked = automatic().model_copy(
        update={"method": MethodChoice(name="maml"), "dataset": DatasetChoice(name="glyphs")}
    )
    assert not [fault for fault in problems(asked) if fault.field == "precision"]
