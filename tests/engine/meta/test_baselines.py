"""The baselines: minibatches of all classes, heads fitted for many episodes at once, what they reach on easy data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.adaptation.episode_heads import cosine_heads, linear_heads
from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.data.batches import BatchSampler
from engine.data.episodes import EpisodeSampler
from engine.events import Evaluated, RunFailed, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.meta.roles import Embeds, MetaRun, Steps
from engine.meta.task import Task
from engine.methods.meta.baseline import Baseline
from engine.methods.meta.baseline_pp import BaselinePlusPlus
from engine.preflight.cost import estimate
from tests.engine.meta.by_hand import softmax
from tests.engine.meta.ways import meta_gradient

LABELS = np.repeat(np.arange(6), 5)
TARGETS = np.array([0, 0, 1, 1, 2, 2])
MOMENTUM, DECAY = 0.9, 1e-3


def features(seed: int = 0) -> np.ndarray:
    """Of three episodes, [3, 6, 4]: three classes around points of their own."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, 3, 4)).repeat(2, axis=1) + 0.3 * rng.normal(size=(3, 6, 4))


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def linear_by_hand(x: np.ndarray, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    middle = x.mean(0)
    length = np.linalg.norm(x - middle, axis=1).mean()
    points = (x - middle) / length
    w, b, moved, shifted = np.zeros((3, 4)), np.zeros(3), np.zeros((3, 4)), np.zeros(3)
    for _ in range(iterations):
        wrong = (softmax(points @ w.T + b) - np.eye(3)[TARGETS]) / len(x)
        moved = MOMENTUM * moved + wrong.T @ points + DECAY * w
        shifted = MOMENTUM * shifted + wrong.sum(0)
        w, b = w - moved, b - shifted
    return w / length, b - w @ middle / length


def cosine_by_hand(x: np.ndarray, iterations: int, scale: float) -> np.ndarray:
    points = unit(x)
    w = unit(np.stack([points[k == TARGETS].sum(0) for k in range(3)]))
    moved = np.zeros_like(w)
    for _ in range(iterations):
        wrong = (softmax(scale * points @ w.T) - np.eye(3)[TARGETS]) / len(x)
        down = scale * wrong.T @ points
        along = down - (down * w).sum(1, keepdims=True) * w
        moved = MOMENTUM * moved + along / scale**2
        w = unit(w - moved)
    return w


def test_heads_of_many_episodes_equal_each_ones_own_by_hand() -> None:
    given, targets = torch.tensor(features()), torch.tensor(TARGETS)
    weights, bias = linear_heads(given, targets, 3, 5)
    directions = cosine_heads(given, targets, 3, 5, torch.tensor(4.0))
    for number, x in enumerate(features()):
        w, b = linear_by_hand(x, 5)
        assert np.allclose(weights[number], w)
        assert np.allclose(bias[number], b)
        assert np.allclose(directions[number], cosine_by_hand(x, 5, 4.0))


def test_a_head_that_is_fitted_to_the_end_is_the_optimum_with_a_decay_of_a_thousandth() -> None:
    """There the mean cross-entropy's gradient by the weights of centred features of length 1 is -w / 1000."""
    weights, _ = linear_heads(torch.tensor(features()), torch.tensor(TARGETS), 3, 5000)
    for w, x in zip(weights.numpy(), features(), strict=True):
        length = np.linalg.norm(x - x.mean(0), axis=1).mean()
        points, w = (x - x.mean(0)) / length, w * length
        bias = np.zeros(3)
        for _ in range(2000):  # the bias alone, which is not decayed
            bias -= (softmax(points @ w.T + bias) - np.eye(3)[TARGETS]).mean(0)
        uphill = (softmax(points @ w.T + bias) - np.eye(3)[TARGETS]).T @ points / len(x)
        assert np.abs(w).max() > 1
        assert np.allclose(uphill, -0.001 * w, atol=1e-6)


def test_a_fitted_head_knows_its_support_set() -> None:
    given, targets = torch.tensor(features()), torch.tensor(TARGETS)
    weights, bias = linear_heads(given, targets, 3, 100)
    assert ((given @ weights.mT + bias[:, None]).argmax(2) == targets).all()
    shifted = 100 * given + 1000  # features of any size and place are as good
    weights, bias = linear_heads(shifted, targets, 3, 100)
    assert ((shifted @ weights.mT + bias[:, None]).argmax(2) == targets).all()


def sampler(rotations: bool, kinds: np.ndarray | None = None) -> BatchSampler:
    episodes = EpisodeSampler(LABELS, np.array([1, 3, 4]), 2, 1, 1, rotations)
    return BatchSampler(LABELS, episodes, 400, kinds)


def test_a_minibatch_draws_from_all_training_images_and_no_other() -> None:
    batch = sampler(False).sample(np.random.default_rng(0))
    assert set(LABELS[batch.images]) == {1, 3, 4}
    assert np.array_equal(np.array([1, 3, 4])[batch.labels], LABELS[batch.images])
    assert not batch.turns.any()
    assert len(set(batch.images.tolist())) == 15


def test_each_turn_of_a_character_is_a_class_of_its_own() -> None:
    batch = sampler(True).sample(np.random.default_rng(1))
    assert batch.classes == 12
    assert set(batch.labels.tolist()) == set(range(12))
    pairs = set(zip(batch.labels.tolist(), LABELS[batch.images].tolist(), batch.turns.tolist(), strict=True))
    assert len(pairs) == 12


def test_classes_that_come_back_in_every_group_share_their_label() -> None:
    batch = sampler(False, kinds=np.array([0, 7, 0, 2, 7, 2])).sample(np.random.default_rng(2))
    assert batch.classes == 2
    meant = np.array([2, 7])[batch.labels]
    assert np.array_equal(meant, np.array([0, 7, 0, 2, 7, 2])[LABELS[batch.images]])


def minibatch(model: Backbone) -> Task:
    images = torch.randn(8, 1, 8, 8)
    return Task(images[:0], torch.empty(0, dtype=torch.int64), images, torch.arange(8) % 5, 5)


@pytest.mark.parametrize("kind", [Baseline, BaselinePlusPlus])
def test_training_is_cross_entropy_over_all_training_classes(kind: type[Baseline]) -> None:
    torch.manual_seed(0)
    model, method = Backbone({"one": conv_block(1, 4)}, 64, None), kind.from_values({})
    method.prepare(model, 5)
    task = minibatch(model)
    outcome = method.query_loss(model.eval(), task, MetaRun())
    assert outcome.outputs.shape == (8, 5)
    p = softmax(outcome.outputs.double().numpy())[np.arange(8), task.query_targets.numpy()]
    assert float(outcome.loss.detach()) == pytest.approx(-np.log(p).mean(), rel=1e-5)
    meta_gradient(method, model, [task])
    assert all(value.grad is not None for value in model.parameters())


def everything(**values: object) -> Baseline:
    return Baseline.from_values({"adapts": "everything", "test_steps": 3, "tuning_rate": 0.1, **values})


def test_fine_tuning_everything_starts_from_the_fitted_head_and_leaves_the_model_alone() -> None:
    torch.manual_seed(1)
    model = Backbone({"linear": nn.Linear(4, 4)}, 4, None)
    support, targets, queries = torch.tensor(features()[0]).float(), torch.tensor(TARGETS), torch.randn(5, 4)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    path = list(everything().classifiers(model, support, targets, 3, 3))
    fixed = Baseline.from_values({}).adapt(model, support, targets, 3)
    assert torch.allclose(path[0](queries), fixed(queries), atol=1e-5)
    assert not torch.allclose(path[3](queries), path[0](queries))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_what_adapts_decides_on_steps_caching_and_the_words() -> None:
    head = Baseline.from_values({})
    assert (head.meets, head.test_steps, head.batch_norm_mode) == (Embeds(), 0, "running statistics")
    whole = everything(batch_norm="transductive")
    assert whole.meets == Steps(3, head=False)
    assert whole.batch_norm_mode == "transductive (query batch)"


def test_baseline_learns_characters_well_above_chance(tmp_path: Path) -> None:
    values = {"steps": 40, "batch_size": 48, "validate_every": 40, "validation_episodes": 10, "test_episodes": 60}
    experiment = Experiment(
        dataset=DatasetChoice(name="glyphs"), backbone=BackboneChoice(image_size=16),
        method=MethodChoice(name="baseline_pp", hyperparameters=values),
    )  # fmt: skip
    events = list(execute(experiment, tmp_path / "run"))
    assert not [event for event in events if isinstance(event, RunFailed)]
    started = next(event for event in events if isinstance(event, RunStarted))
    assert started.examples_per_step == 48
    assert started.facts["training classes"] == 4 * 144
    result = next(event for event in events if isinstance(event, Evaluated))
    assert result.metric == "test/accuracy"
    assert result.low > 0.45  # chance is 0.2
    assert isinstance(events[-1], RunFinished)


def test_the_cost_card_counts_the_head_of_all_training_classes() -> None:
    values = {"steps": 10, "batch_size": 8, "validation_episodes": 10, "test_episodes": 10}
    choice = MethodChoice(name="baseline", hyperparameters=values)
    backbone = BackboneChoice(image_size=16)
    cost = estimate(Experiment(dataset=DatasetChoice(name="glyphs"), backbone=backbone, method=choice))
    trunk = 3 * (64 * 64 * 9 + 64 * 3) + 64 * 9 + 64 * 3
    assert cost.parameters == trunk + (64 + 1) * 4 * 144
    assert cost.seconds > 0


@pytest.mark.parametrize("kind", [Baseline, BaselinePlusPlus])
def test_the_rate_falls_along_a_cosine(kind: type[Baseline]) -> None:
    method = kind.from_values({})
    found = [method.rate_factor(MetaRun(progress=progress)) for progress in (0.0, 1 / 3, 0.5, 1.0)]
    assert found == pytest.approx([1.0, 0.75, 0.5, 0.0])
