"""Values that are no numbers: never the best, never a finished run, in training, searches and features."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.bench.features import FeatureKind, embedded
from engine.errors import Diverged, WeightsError
from engine.events import CheckpointSaved, EpochCompleted, Event, Metrics, TrialCompleted
from engine.machine.limits import Limits
from engine.preparation.inputs import Labelled, Normaliser
from engine.registry import method
from engine.search.fits import right_share
from engine.search.trials import best, choose
from engine.tuning.training import FineTuning

NONE = (math.nan, math.inf, -math.inf)


@pytest.mark.parametrize("value", NONE)
def test_what_is_judged_by_no_number_is_never_the_best(tmp_path: Path, value: float) -> None:
    kept, model = Checkpoints(tmp_path), nn.Linear(2, 2)
    list(kept.offer(model, 1, 0.9, value))
    list(kept.offer(model, 2, value, 1.0))
    assert kept.best is None
    list(kept.offer(model, 3, 0.5, 1.0))
    list(kept.offer(model, 4, 0.5, value))
    list(kept.offer(model, 5, value, 0.1))
    assert kept.best_step == 3
    list(kept.offer(model, 6, 0.5, 0.9))
    assert kept.best_step == 6


class Breaking(nn.Linear):
    """A layer that answers `value` in eval mode once it has been asked so often."""

    def __init__(self, good: int, value: float) -> None:
        super().__init__(4, 2)
        self.good, self.value = good, value

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.training:
            return super().forward(inputs)
        self.good -= 1
        return super().forward(inputs) + (self.value if self.good < 0 else 0.0)


def labelled(count: int) -> Labelled:
    pixels = torch.randint(0, 255, (count, 1, 2, 2), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return Labelled(pixels, torch.arange(count) % 2, np.arange(count))


def training(folder: Path, model: Backbone, validation: int, **values: object) -> FineTuning:
    chosen = method("full_ft").from_values({"epochs": 3, **values})
    shape = Normaliser(2, 1)
    return FineTuning(model, chosen, labelled(6), labelled(validation), shape, Checkpoints(folder), Limits(), seed=0)


@pytest.mark.parametrize("value", NONE)
def test_a_validation_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_epoch(
    tmp_path: Path, value: float
) -> None:
    run = training(tmp_path, Backbone({"one": nn.Sequential(nn.Flatten(), Breaking(2, value))}, 2, 2), 4)
    with pytest.raises(Diverged, match="validation loss is no longer a number after epoch 3"):
        list(run.events())
    assert run.epoch == 3
    assert 1 <= run.checkpoints.best_step <= 2


def test_the_last_step_without_validation_images_is_judged_too(tmp_path: Path) -> None:
    model = Backbone({"one": nn.Sequential(nn.Flatten(), nn.Linear(4, 2))}, 2, 2)
    values = {"epochs": 1, "learning_rate": 1.0, "optimiser": "SGD", "schedule": "constant", "batch_size": 6}
    run = training(tmp_path, model, 0, **values)
    model.head.weight.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(Diverged, match="weights are no longer numbers after epoch 1"):
        list(run.events())


def test_scores_of_left_out_images_that_are_no_numbers_are_a_setting_that_diverged() -> None:
    model = Backbone({"one": nn.Sequential(nn.Flatten(), Breaking(0, math.nan))}, 2, 2)
    with pytest.raises(Diverged, match="what was left out"):
        right_share(model, labelled(4), Normaliser(2, 1), False)


def test_a_saved_trial_without_a_number_is_not_chosen() -> None:
    trials = [
        TrialCompleted(0, {}, (math.nan, 1.0), "complete", 1.0),
        TrialCompleted(1, {}, (0.5, 0.4), "complete", 1.0),
    ]
    assert best(trials) is trials[1]
    assert choose(trials[:1]) is None


def test_features_that_are_no_numbers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.data.sources import load
    from engine.experiment import DatasetChoice, Experiment

    monkeypatch.setattr("engine.bench.features.forward", lambda *_: torch.full((2, 64), torch.nan))
    with pytest.raises(WeightsError, match="not numbers"):
        list(embedded(load(DatasetChoice(name="digits")), np.arange(2), FeatureKind.of(Experiment(), tmp_path, None)))
    assert not list(tmp_path.rglob("*.npz"))


def test_metrics_are_told_before_the_run_ends(tmp_path: Path) -> None:
    run = training(tmp_path, Backbone({"one": nn.Sequential(nn.Flatten(), Breaking(1, math.nan))}, 2, 2), 4)
    told: list[Event] = []
    with pytest.raises(Diverged):
        told.extend(run.events())
    assert math.isnan([e for e in told if isinstance(e, Metrics)][-1].values["val/loss"])
    assert [e.epoch for e in told if isinstance(e, EpochCompleted)] == [1]
    assert any(isinstance(e, CheckpointSaved) for e in told)
