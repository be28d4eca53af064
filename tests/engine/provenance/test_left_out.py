"""Blocks that the table lets learn and that never will: told when the run starts, refused where a person said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import Evaluated, Event, Notice
from engine.execute import execute
from engine.experiment import Budget, DatasetChoice, Experiment, MethodChoice
from engine.layers import HEAD, LayerRow, too_late
from engine.preflight.problems import problems
from engine.tuning.run import listed
from engine.tuning.trainable import nothing_to_train
from tests.engine.tuning.test_layer_table import network


def run(name: str, folder: Path, **values: object) -> tuple[Experiment, list[Event]]:
    experiment = Experiment(
        dataset=DatasetChoice(name="digits", classes=2, labels_per_class=2, validation_per_class=2),
        method=MethodChoice(name=name, hyperparameters=values),
    )
    return experiment, list(execute(experiment, folder / "run"))


def warned(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice) and event.level == "warning"]


def test_gradual_unfreezing_says_which_blocks_do_not_fit_into_the_epochs(tmp_path: Path) -> None:
    """Head, conv4, conv3 learn in epochs 1, 3 and 5; conv2's turn would be the seventh, conv1's the ninth."""
    _, events = run("gradual", tmp_path, epochs=5, epochs_per_block=2)
    assert warned(events) == ["The turn of conv1 and conv2 comes after the last of 5 epochs: they never learn."]
    _, events = run("gradual", tmp_path, epochs=5, epochs_per_block=1)
    assert warned(events) == []


@pytest.mark.parametrize(("begin", "fits"), [(2, True), (3, False), (9, False)])
def test_a_person_s_block_that_begins_after_the_end_is_refused(tmp_path: Path, begin: int, fits: bool) -> None:
    layers = {"conv2": {"from_epoch": begin}}
    experiment, _ = run("full_ft", tmp_path, epochs=3, layers=layers)
    told = f"Block conv2 begins in epoch {begin + 1}, and the run has 3."
    assert [fault.message for fault in problems(experiment)] == ([] if fits else [told])
    endless = Budget(minutes=1, instead_of_epochs=True)
    assert problems(experiment.model_copy(update={"budget": endless})) == []
    frozen = {"conv2": {"from_epoch": begin, "rate": 0.0}}
    chosen = experiment.method.model_copy(update={"hyperparameters": {"epochs": 3, "layers": frozen}})
    assert problems(experiment.model_copy(update={"method": chosen})) == []


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("linear_probe", {"epochs": 1}, "of features"),
        ("lp_ft", {"epochs": 1, "probe_epochs": 1}, "of features at first, then images"),
        ("full_ft", {"epochs": 1}, "of images"),
    ],
)
def test_mixup_is_named_as_what_it_blends(tmp_path: Path, name: str, values: dict[str, object], words: str) -> None:
    _, events = run(name, tmp_path, **values, mixup=0.2)
    figures = [event for event in events if isinstance(event, Evaluated)]
    assert {figure.protocol["mixup"] for figure in figures} == {words}
    said = [event.text for event in events if isinstance(event, Notice) and event.text.startswith("Mixup blends")]
    assert len(said) == ("features" in words)
    _, events = run(name, tmp_path, **values)
    assert not any("mixup" in event.protocol for event in events if isinstance(event, Evaluated))


def test_a_block_without_what_is_to_be_trained_is_told() -> None:
    table = {
        name: LayerRow(trains="everything" if name == HEAD else "norms") for name in network("vit_b_16").block_names
    }
    assert nothing_to_train(network("vit_b_16"), table) == ("stem",)
    assert nothing_to_train(network("conv4"), {"conv1": LayerRow(trains="low-rank")}) == ()


def test_too_late_by_hand() -> None:
    rows = {"a": LayerRow(from_epoch=3), "b": LayerRow(from_epoch=2), "c": LayerRow(rate=0.0, from_epoch=9)}
    assert too_late(rows, 3) == ("a",)


def test_names_in_a_row() -> None:
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
