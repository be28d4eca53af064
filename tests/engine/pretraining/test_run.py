"""Whole runs: it learns, it is told when it collapses, and what it leaves is weights for others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.data.splits import ImageSplit
from engine.events import CheckpointSaved, Evaluated, Metrics, Notice, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice
from engine.preflight.problems import problems
from engine.preparation.inputs import Normaliser
from engine.pretraining import cost, training
from engine.provenance.seen import past

DIGITS = DatasetChoice(name="digits", classes=4)


def unlabelled(name: str = "simclr", **values: object) -> Experiment:
    given = {"epochs": 2, "batch_size": 64, **values}
    return Experiment(dataset=DIGITS, backbone=BackboneChoice(name="conv4", image_size=16),
                      method=MethodChoice(name=name, hyperparameters=given))  # fmt: skip


def test_what_it_must_be_better_than_stands_beside_its_figure(tmp_path: Path) -> None:
    events = list(execute(unlabelled(), tmp_path / "r1"))
    assert isinstance(events[-1], RunFinished), events[-1]
    told = {one.name: one for one in events if isinstance(one, Evaluated)}
    assert next(iter(told)) == "test/neighbours"
    assert {"test/neighbours, random weights", "test/neighbours, raw pixels"} <= set(told)
    assert all(one.n == told["test/neighbours"].n for one in told.values())
    assert told["test/neighbours"].protocol["labels"] == "of the neighbours alone"
    looks = [one.values for one in events if isinstance(one, Metrics) and "val/rank" in one.values]
    assert 1 <= looks[-1]["val/rank"] <= 64
    assert looks[0]["collapsed/loss"] == pytest.approx(4.844187, abs=1e-6)  # ln 127


def test_its_trunk_is_weights_for_others_who_know_what_it_has_met(tmp_path: Path) -> None:
    list(execute(unlabelled("rotation"), tmp_path / "r1"))
    start = BackboneChoice(name="conv4", weights="run:r1")
    found = past(start, tmp_path)
    (lesson,) = found.lessons
    assert len(lesson.images) > 0
    assert found.classes is None
    few = Experiment(
        dataset=DIGITS.model_copy(update={"labels_per_class": 2}), backbone=start,
        method=MethodChoice(name="linear_probe", hyperparameters={"epochs": 2}),
    )  # fmt: skip
    events = list(execute(few, tmp_path / "r2"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert not any("met" in one.text for one in events if isinstance(one, Notice))  # never a test image


def test_a_collapse_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step leaves a network that says the same of everything."""
    monkeypatch.setattr(training, "LOOK_EVERY", 64)
    learn = training.Pretraining.update

    def ruin(run: training.Pretraining, pixels: torch.Tensor, places: torch.Tensor) -> None:
        learn(run, pixels, places)
        torch._foreach_zero_([one.detach() for one in run.model.parameters()])

    monkeypatch.setattr(training.Pretraining, "update", ruin)
    events = list(execute(unlabelled("byol"), tmp_path))
    spreads = [one.values["val/spread"] for one in events if isinstance(one, Metrics) and "val/spread" in one.values]
    said = [one.text for one in events if isinstance(one, Notice) and "collaps" in one.text]
    assert max(spreads[1:]) < 0.05, spreads
    assert len(spreads) > 4
    assert len(said) == 1
    assert "has collapsed" in said[0]


def test_without_labels_the_last_weights_are_kept(tmp_path: Path) -> None:
    events = list(execute(unlabelled(judged="no labels"), tmp_path))
    assert not any("val/neighbours" in one.values for one in events if isinstance(one, Metrics))
    assert not (tmp_path / "best.safetensors").exists()
    assert (tmp_path / "last.safetensors").exists()


def test_a_batch_is_never_larger_than_the_pool_nor_smaller_than_planned(tmp_path: Path) -> None:
    events = list(execute(unlabelled(batch_size=4096), tmp_path / "all"))
    started = next(one for one in events if isinstance(one, RunStarted))
    assert started.steps_per_epoch == 1
    assert started.examples_per_step == started.facts["training images"]


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [
        (unlabelled().model_copy(update={"dataset": DatasetChoice(name="digits", labels_per_class=2)}), "without"),
        (unlabelled().model_copy(update={"dataset": DatasetChoice(name="sinusoid"),
                                         "backbone": BackboneChoice(name="sine_mlp")}), "images"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_sentence(experiment: Experiment, sentence: str) -> None:
    found = [one for one in problems(experiment) if sentence in one.message]
    assert found
    assert all(one.advice for one in found)


def test_a_time_may_stand_for_the_epochs(tmp_path: Path) -> None:
    timed = unlabelled().model_copy(update={"budget": Budget(minutes=0.02, instead_of_epochs=True)})
    events = list(execute(timed, tmp_path))
    assert isinstance(events[-1], RunFinished)
    assert events[-1].step > 0


def test_weights_that_are_gone_by_its_end_cost_it_nothing(tmp_path: Path) -> None:
    first = list(execute(unlabelled("rotation"), tmp_path / "r1"))
    assert isinstance(first[-1], RunFinished)
    start = unlabelled("rotation").backbone.model_copy(update={"weights": "run:r1"})
    told = []
    for event in execute(unlabelled("rotation").model_copy(update={"backbone": start}), tmp_path / "r2"):
        told.append(event)
        if isinstance(event, RunStarted):
            shutil.rmtree(tmp_path / "r1")
    assert isinstance(told[-1], RunFinished), told[-1]
    names = [one.name for one in told if isinstance(one, Evaluated)]
    assert "test/neighbours, random weights" in names
    assert "test/neighbours, weights it started from" not in names


def test_what_is_kept_is_what_was_tested_and_never_the_start(tmp_path: Path) -> None:
    """Also where labels choose: what starts from the run finds the weights of its figure."""
    list(execute(unlabelled(tested="last step"), tmp_path / "last"))
    assert not (tmp_path / "last" / "best.safetensors").exists()
    events = list(execute(unlabelled(), tmp_path / "best"))
    kept = [one.step for one in events if isinstance(one, CheckpointSaved) and one.kind == "best"]
    assert kept
    assert min(kept) > 0


def test_few_images_are_told(tmp_path: Path) -> None:
    events = list(execute(unlabelled(batch_size=4096), tmp_path))
    assert any("each step sees all of them" in one.text for one in events if isinstance(one, Notice))


def test_the_memory_of_the_test_is_counted() -> None:
    """Raw pixels of 28 px are 784 numbers, more than 64 features: four bytes each, as they are and as directions."""
    nothing, few = np.zeros(0, np.int64), np.zeros(10_000, np.int64)
    split = ImageSplit(few, nothing, few, nothing, "", 0)
    assert cost.tested_bytes(64, Normaliser(28, 1), split) == 2 * 4 * 784 * 15_000
    assert cost.tested_bytes(2048, Normaliser(224, 3), split) == 2 * 4 * 3072 * 15_000
