"""Methods that begin as a classifier: which steps are minibatches, at which rates; Meta-Baseline's cosines and FEAT's
attention against values worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.adaptation.comparing import SetToSet
from engine.artifacts.weights import load_meta
from engine.backbones.backbone import Backbone
from engine.events import Evaluated, Metrics, Notice, RunFailed, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.meta.learner import MetaLearner
from engine.meta.roles import MetaRun
from engine.meta.task import Task
from engine.methods.meta.baseline_pp import BaselinePlusPlus
from engine.methods.meta.bd_cspn import BDCSPN
from engine.methods.meta.feat import FEAT
from engine.methods.meta.meta_baseline import MetaBaseline
from engine.methods.meta.simple_shot import SimpleShot
from engine.methods.meta.warmed_up import WarmedUp
from engine.preflight.cost import estimate

KINDS = [MetaBaseline, FEAT]
CLASSES = 5


def flat(method: WarmedUp, features: int = 2) -> Backbone:
    torch.manual_seed(0)
    model = Backbone({"flat": nn.Flatten()}, features, None)
    method.prepare(model, CLASSES)
    return model.double()


@pytest.mark.anchors("meta_baseline")
def test_meta_baseline_is_ten_times_the_cosine_to_the_class_mean() -> None:
    """Class 0 has the mean (3, 4), class 1 is at (0, 2); (1, 0) has the cosines 0.6 and 0, (4, 3) 0.96 and 0.6."""
    method = MetaBaseline.from_values({})
    model = flat(method)
    support = torch.tensor([[6.0, 0.0], [0.0, 8.0], [0.0, 2.0]]).double()
    classify = method.adapt(model, support, torch.tensor([0, 0, 1]), 2)
    found = classify(torch.tensor([[1.0, 0.0], [4.0, 3.0]]).double()).detach().numpy()
    assert found == pytest.approx(np.array([[6.0, 0.0], [9.6, 6.0]]))


@pytest.mark.anchors("feat")
def test_feat_compares_with_adapted_means() -> None:
    """Of two values layer norm leaves their order alone: the means (2, 0) and (0, 2) become (1, -1) and (-1, 1)."""
    method = FEAT.from_values({"temperature": 64.0})
    model = flat(method).eval()
    for layer in ("query", "key", "value", "output"):
        nn.init.eye_(getattr(model.meta.episodic, layer).weight)
    nn.init.zeros_(model.meta.episodic.output.bias)
    support = torch.tensor([[2.0, 0.0], [0.0, 2.0]]).double()
    found = method.adapt(model, support, torch.tensor([0, 1]), 2)(torch.tensor([[1.0, 0.0]]).double()).detach()
    assert found.numpy() == pytest.approx(np.array([[-1 / 64, -5 / 64]]), rel=1e-4)


def attended(layer: SetToSet, rows: np.ndarray) -> np.ndarray:
    """Written out: softmax(Q Kᵀ / √d) V through the output layer, added to the rows, and layer norm."""
    query, key, value, output = (
        getattr(layer, name).weight.detach().numpy() for name in ("query", "key", "value", "output")
    )
    bias = layer.output.bias.detach().numpy()
    found = []
    for row in rows:
        scores = np.array([(query @ row) @ (key @ other) for other in rows]) / math.sqrt(len(row))
        shares = np.exp(scores) / np.exp(scores).sum()
        read = sum(share * (value @ other) for share, other in zip(shares, rows, strict=True))
        added = row + output @ read + bias
        found.append((added - added.mean()) / math.sqrt(added.var() + 1e-5))
    return np.array(found)


def test_the_loss_of_feat_is_that_of_the_queries_and_of_each_class_in_itself() -> None:
    method = FEAT.from_values({"balance": 0.5, "temperature": 3.0, "contrast_temperature": 2.0})
    model = flat(method, 4).eval()
    draw = np.random.default_rng(0)
    support, query = draw.normal(size=(4, 4)), draw.normal(size=(6, 4))
    known, asked = np.array([1, 0, 0, 1]), np.array([0, 1, 1, 0, 1, 0])
    layer, images, labels = model.meta.episodic, np.concatenate([support, query]), np.concatenate([known, asked])
    means = attended(layer, np.array([support[known == k].mean(0) for k in range(2)]))
    own = np.array([attended(layer, images[labels == k]).mean(0) for k in range(2)])
    expected = cross_entropy(query, means, asked, 3.0) + 0.5 * cross_entropy(images, own, labels, 2.0)
    given = Task(*(torch.tensor(part) for part in (support, known, query, asked)), 2)
    assert float(method.query_loss(model, given, MetaRun()).loss.detach()) == pytest.approx(expected, rel=1e-12)


def cross_entropy(images: np.ndarray, centres: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """Mean over images of -log softmax(-‖x - c‖² / t) at the right class."""
    logits = -((images[:, None] - centres[None]) ** 2).sum(2) / temperature
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return float(-np.log(chances[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_a_minibatch_is_a_classifier_of_all_classes(kind: type[WarmedUp]) -> None:
    method = kind.from_values({"warm_up": 0.4})
    model, images = flat(method), torch.randn(6, 2).double()
    labels = torch.arange(6) % CLASSES
    outcome = method.query_loss(model, Task(images[:0], labels[:0], images, labels, CLASSES), MetaRun())
    head = model.meta.classes
    logits = (images @ head.weight.T + head.bias).detach().numpy()
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert float(outcome.loss.detach()) == pytest.approx(-np.log(chances[np.arange(6), labels]).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_the_rate_falls_in_the_warm_up_and_is_that_of_episodes_afterwards(kind: type[WarmedUp]) -> None:
    values = {"steps": 100, "warm_up": 0.4, "warm_up_rate": 0.01, "learning_rate": 0.002, "halve_every": 30}
    method, found = kind.from_values(values), []
    for step in (0, 20, 40, 69, 70):
        found.append(0.002 * method.rate_factor(MetaRun(step, step / 100)))
    assert found == pytest.approx([0.01, 0.005, 0.002, 0.002, 0.001])


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_warm_up_there_is_no_head_of_all_classes(kind: type[WarmedUp]) -> None:
    assert not list(flat(kind.from_values({"warm_up": 0.0})).meta.classes.parameters())


def glyphs(kind: type[WarmedUp], **values: object) -> Experiment:
    small = {"validate_every": 40, "validation_episodes": 10, "test_episodes": 60, "batch_size": 48, **values}
    return Experiment(
        dataset=DatasetChoice(name="glyphs"), backbone=BackboneChoice(image_size=16),
        method=MethodChoice(name=kind.name, hyperparameters=small),
    )  # fmt: skip


def test_a_run_goes_from_minibatches_to_episodes(tmp_path: Path) -> None:
    events = list(execute(glyphs(MetaBaseline, steps=40, warm_up=0.5), tmp_path / "run"))
    assert not [event for event in events if isinstance(event, RunFailed)]
    started = next(event for event in events if isinstance(event, RunStarted))
    assert started.facts["way in training"] == "50 % of the steps all, in minibatches, then 5"
    losses = [
        event.values["train/loss"] for event in events if isinstance(event, Metrics) and "train/loss" in event.values
    ]
    assert losses[0] > 5.0  # log(576) is 6.4: of 4 · 144 classes
    assert max(losses[20:]) < losses[0] - 1
    result = next(event for event in events if isinstance(event, Evaluated))
    assert result.low > 0.4  # chance is 0.2


def test_random_weights_without_a_warm_up_are_told(tmp_path: Path) -> None:
    events = execute(glyphs(MetaBaseline, steps=40), tmp_path / "run")
    told = next(event.text for event in events if isinstance(event, Notice) and event.level == "warning")
    events.close()  # type: ignore[attr-defined]
    assert told == "The weights start random and there is no warm-up, so that all is learnt from episodes."
    assert not MetaBaseline.from_values({}).remark("omniglot-supervised")
    assert not MetaBaseline.from_values({"warm_up": 0.1}).remark("random")


def test_the_cost_card_weighs_both_kinds_of_step() -> None:
    cost = estimate(glyphs(MetaBaseline, steps=10, warm_up=0.5))
    trunk = 3 * (64 * 64 * 9 + 64 * 3) + 64 * 9 + 64 * 3
    assert cost.parameters == trunk + (64 + 1) * 4 * 144 + 1
    assert cost.seconds > 0


WARM = {"warm_up": 0.5}
OF_CLASSES = [BaselinePlusPlus, BDCSPN, SimpleShot]


@pytest.mark.parametrize(
    "kind,first,then",
    [*((kind, WARM, then) for kind in KINDS for then in ({}, WARM)), *((kind, {}, {}) for kind in OF_CLASSES)],
)
def test_what_was_learnt_is_kept_for_other_classes(
    tmp_path: Path, kind: type[MetaLearner], first: dict[str, float], then: dict[str, float]
) -> None:
    """The head of the training classes is of no use at test: it must not stand in the way of what is."""
    learnt, other = (Backbone({"flat": nn.Flatten()}, 3, None) for _ in range(2))
    kind.from_values(first).prepare(learnt, 40)
    for value in learnt.meta.parameters():
        value.data.fill_(1.5)
    (tmp_path / "a").mkdir()
    save_file(learnt.state_dict(), tmp_path / "a" / "best.safetensors")
    kind.from_values(then).prepare(other, 7)
    load_meta(other, BackboneChoice(name="conv4", weights="run:a", head="kept"), tmp_path)
    kept = {name: value for name, value in other.meta.named_parameters() if "classes" not in name}
    assert all((value == 1.5).all() for name, value in kept.items() if name != "directions")
    assert set(kept) >= {name for name, _ in learnt.meta.named_parameters() if "classes" not in name}
