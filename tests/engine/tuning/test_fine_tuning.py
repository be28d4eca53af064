"""The supervised loop with a real small network: what is frozen stays, phases start afresh."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from engine.artifacts.checkpoints import Checkpoints, kept
from engine.backbones.backbone import Backbone, snapshot
from engine.errors import Diverged
from engine.events import CheckpointSaved, EpochCompleted, Metrics
from engine.machine.limits import Limits
from engine.methods.tuning.full_ft import FullFineTuning
from engine.methods.tuning.lp_ft import LPFT
from engine.methods.tuning.scratch import FromScratch
from engine.preparation.inputs import Normaliser
from engine.tuning.learners import HeadOnFeatures, WholeNetwork
from engine.tuning.training import FineTuning, Phase, phases
from tests.engine.tuning.striped import small_network, stripes

SHAPE = Normaliser(8, 1)
BLOCKS = ("one", "two", "head")


def tuning(method, folder: Path, limits: Limits | None = None) -> FineTuning:  # type: ignore[no-untyped-def]
    return FineTuning(
        small_network(), method, stripes(), stripes(8), SHAPE, Checkpoints(folder), limits or Limits(), seed=0
    )


def test_phases_group_equal_epochs() -> None:
    method = LPFT.from_values({"probe_epochs": 3, "epochs": 2, "learning_rate": 1e-4, "probe_learning_rate": 1e-2})
    assert phases(method, BLOCKS) == [Phase(0, 3, {"head": 1e-2}), Phase(3, 2, dict.fromkeys(BLOCKS, 1e-4))]


def test_the_head_on_standardised_features_is_the_same_function_as_the_model(tmp_path: Path) -> None:
    model, train, validation = small_network(), stripes(), stripes(8)
    learner = HeadOnFeatures(model, train, validation, SHAPE)
    list(learner.learn(frozenset({"head"}), 1))
    whole = WholeNetwork(model, train, validation, SHAPE, FullFineTuning.from_values({}).table(BLOCKS))
    assert torch.allclose(learner.validate(), whole.validate(), atol=1e-5)
    with torch.no_grad():
        for parameter in learner.parts()[0].parameters:
            parameter.add_(torch.randn_like(parameter))
    learner.settle()
    assert torch.allclose(learner.validate(), whole.validate(), atol=1e-4)


def test_steps_epochs_and_best_checkpoint_are_told_in_order(tmp_path: Path) -> None:
    training = tuning(FullFineTuning.from_values({"epochs": 6, "batch_size": 5, "learning_rate": 0.01}), tmp_path)
    events = list(training.events())
    assert training.steps_per_epoch == 3
    assert training.total_steps == 18
    assert [e.epoch for e in events if isinstance(e, EpochCompleted)] == [1, 2, 3, 4, 5, 6]
    assert [e.step for e in events if isinstance(e, Metrics) and "train/loss" in e.values] == list(range(1, 19))
    validated = {e.step: e.values for e in events if isinstance(e, Metrics) and "val/accuracy" in e.values}
    best = max(validated, key=lambda s: (validated[s]["val/accuracy"], -validated[s]["val/loss"]))
    written = list(training.checkpoints.finish(training.model, training.step))
    assert training.checkpoints.best_step == best
    assert {e.kind for e in written if isinstance(e, CheckpointSaved)} >= {"last"}
    assert (tmp_path / "best.safetensors").exists()
    assert (tmp_path / "last.safetensors").exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_stop_request_ends_within_a_step(tmp_path: Path) -> None:
    asked = False
    training = tuning(FromScratch.from_values({"epochs": 50}), tmp_path, Limits(lambda: asked))
    for event in training.events():
        if isinstance(event, Metrics) and event.step == 4:
            asked = True
    assert training.step == 4


def test_an_exploding_loss_stops_with_advice(tmp_path: Path) -> None:
    method = FullFineTuning.from_values({"epochs": 30, "learning_rate": 1.0, "schedule": "constant"})
    training = tuning(method, tmp_path)
    with torch.no_grad():
        training.model.head.weight.fill_(3e38)
    with pytest.raises(Diverged, match="no longer a number at step 1") as caught:
        list(training.events())
    assert "learning rate" in caught.value.advice


def test_dead_features_do_not_blow_up_the_head() -> None:
    model = Backbone({"flat": nn.Sequential(nn.Flatten(), nn.Linear(64, 3))}, 3, 2)
    with torch.no_grad():
        model.blocks["flat"][1].weight[0].zero_()
    learner = HeadOnFeatures(model, stripes(), stripes(8), SHAPE)
    list(learner.learn(frozenset({"head"}), 1))
    with torch.no_grad():
        learner.parts()[0].parameters[0].fill_(1.0)
    learner.settle()
    assert float(model.head.weight.detach().abs().max()) < 1e3


def test_lp_ft_decays_the_head_strongly_only_while_probing() -> None:
    method = LPFT.from_values({"probe_epochs": 3, "epochs": 2, "probe_weight_decay": 0.5, "weight_decay": 0.01})
    assert [method.stage_at(epoch).weight_decay for epoch in range(5)] == [0.5, 0.5, 0.5, 0.01, 0.01]


def test_lp_ft_leaves_the_statistics_that_its_head_was_trained_on(tmp_path: Path) -> None:
    """With batch statistics a probed head met other features: digits with 5 labels fell from 83 to 9 %."""
    training = tuning(LPFT.from_values({"probe_epochs": 2, "epochs": 2}), tmp_path)
    before = snapshot(training.model)
    list(training.events())
    after = snapshot(training.model)
    assert all(torch.equal(before[key], after[key]) for key in before if "running" in key)
    assert not torch.equal(before["blocks.one.0.weight"], after["blocks.one.0.weight"])


def spoil_after_three_epochs(training: FineTuning) -> None:
    for event in kept(training, training.checkpoints):
        if isinstance(event, EpochCompleted) and event.epoch == 3:
            with torch.no_grad():
                training.model.head.weight.fill_(torch.nan)


def test_a_diverged_training_keeps_its_best_weights_only(tmp_path: Path) -> None:
    training = tuning(FullFineTuning.from_values({"epochs": 30}), tmp_path)
    with pytest.raises(Diverged):
        spoil_after_three_epochs(training)
    assert (tmp_path / "best.safetensors").exists()
    assert not (tmp_path / "last.safetensors").exists()
