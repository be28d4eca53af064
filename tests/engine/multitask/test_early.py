"""Augmentation and patience of several tasks: they go on exactly, the best weights count, and old hashes stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from engine.events import Evaluated, Notice, RunFinished
from engine.experiment import Experiment, MethodChoice
from engine.multitask.patience import StagePatience
from engine.registry import complete
from tests.engine.multitask.test_run import SAME, given, ran, values, written
from tests.engine.tuning.resuming import assert_equal, in_pieces, keep_every_point


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("stripes"))


def test_a_stage_ends_early_with_its_best_weights_and_goes_on_exactly(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed every few steps, with what augmentation draws and what patience counts."""
    keep_every_point(monkeypatch)
    experiment = given(
        folder, tasks=SAME, epochs=12, patience=1, augmentation="shift and turn", order="one after the other",
        learning_rate=0.01,
    )  # fmt: skip
    expected = ran(experiment, tmp_path / "whole")
    pieces = in_pieces(experiment, tmp_path / "cut", 5, later=3)
    assert_equal(pieces, tmp_path / "cut", expected, tmp_path / "whole")
    early = [event for event in expected if isinstance(event, Notice) and "ended early" in event.text]
    assert early
    assert len(values(expected, "val/accuracy")) < 24
    assert isinstance(expected[-1], RunFinished)
    tested = [event for event in expected if isinstance(event, Evaluated) and "when" not in event.at]
    assert {event.notes["weights"] for event in tested} == {"best validation epoch"}


def test_patience_counts_gains_of_accuracy_and_keeps_the_best() -> None:
    network, patience = nn.Linear(1, 1), StagePatience(2)
    seen = [(0.5, 1.0, 1.0), (0.6, 0.9, 2.0), (0.6, 0.8, 3.0)]
    for accuracy, loss, weight in seen:
        nn.init.constant_(network.weight, weight)
        patience.look(network, accuracy, loss)
    assert not patience.is_out
    again = StagePatience(2)
    again.load_state(patience.state())
    nn.init.constant_(network.weight, 4.0)
    again.look(network, 0.4, 0.1)
    assert again.is_out
    assert "60.0 %" in again.words
    again.restore(network)
    assert network.weight.item() == 3.0
    again.begin_again()
    assert not again.is_out
    assert not again.has_best
    never = StagePatience(0)
    never.look(network, 0.9, 0.1)
    never.look(network, 0.1, 0.9)
    assert not never.is_out
    assert not never.has_best


@pytest.mark.parametrize("name", ["equal", "pcgrad", "uncertainty"])
def test_an_experiment_of_before_keeps_its_hash(name: str) -> None:
    """What 0.14 added stands in it only where it is used."""
    plain = complete(Experiment(method=MethodChoice(name=name)))
    assert not {"augmentation", "patience"} & set(plain.method.hyperparameters)
    used = complete(Experiment(method=MethodChoice(name=name, hyperparameters={"patience": 3})))
    assert used.method.hyperparameters["patience"] == 3
    assert used.group_hash() != plain.group_hash()


def test_augmentation_changes_what_is_learnt_and_nothing_that_is_tested(folder: Path, tmp_path: Path) -> None:
    runs = [ran(given(folder, epochs=1, augmentation=what), tmp_path / what[:4]) for what in ("none", "flip and crop")]
    losses = [values(run, "train/loss") for run in runs]
    assert losses[0] != losses[1]
    tests = [next(event for event in run if isinstance(event, Evaluated)) for run in runs]
    assert tests[0].conditions == tests[1].conditions
