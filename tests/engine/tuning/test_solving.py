"""A head fitted to the end: where its gradient is nothing, against scikit-learn, and as LP-FT's first stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from engine.data.dataset import TEXTS_START
from engine.events import EpochCompleted, Metrics, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.problems import problems
from engine.registry import complete, method, usual_values
from engine.tuning.solving import STRENGTH, Solving
from tests.engine.tuning.resuming import assert_equal, in_pieces, keep_every_point


def clouds(classes: int, each: int = 6, width: int = 5) -> tuple[Tensor, Tensor]:
    """Unit vectors around a mean for each class."""
    draws = torch.Generator().manual_seed(classes)
    labels = torch.arange(classes).repeat_interleave(each)
    found = torch.randn(classes, width, generator=draws)[labels] + torch.randn(len(labels), width, generator=draws)
    return torch.nn.functional.normalize(found, dim=1), labels


def solved(features: Tensor, labels: Tensor, classes: int) -> Solving:
    found = Solving(features, labels, classes)
    shares = list(found.rounds())
    assert shares == sorted(shares)
    assert shares[0] == 0
    return found


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_at_the_end_nothing_pulls(classes: int) -> None:
    """What examples ask of each weight is what the pull towards 0 gives: sum (truth - share) x = W / C, and of the
    biases nothing is left."""
    features, labels = clouds(classes)
    found = solved(features, labels, classes)
    asks = torch.eye(classes)[labels] - torch.softmax(features @ found.weight.T + found.bias, 1).detach()
    assert torch.allclose(asks.T @ features, (1 + (classes == 2)) * found.weight.detach() / STRENGTH, atol=2e-3)
    assert torch.allclose(asks.sum(0), torch.zeros(classes), atol=2e-3)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_it_says_what_scikit_learn_says(classes: int) -> None:
    features, labels = clouds(classes)
    found = solved(features, labels, classes)
    theirs = LogisticRegression(C=STRENGTH, tol=1e-8, max_iter=5000).fit(features.numpy(), labels.numpy())
    weight = found.weight.detach().numpy()
    assert np.allclose(weight if classes > 2 else weight[1:] - weight[:1], theirs.coef_, atol=5e-3)
    shares = torch.softmax(features @ found.weight.T + found.bias, 1).detach().numpy()
    assert np.allclose(shares, theirs.predict_proba(features.numpy()), atol=2e-3)


def test_the_order_of_examples_and_of_classes_changes_nothing() -> None:
    features, labels = clouds(4)
    one = solved(features, labels, 4)
    order, names = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0)), torch.tensor([2, 0, 3, 1])
    other = solved(features[order], names[labels[order]], 4)
    assert torch.allclose(other.weight[names], one.weight, atol=2e-3)


def lp_ft(**values: Any) -> Experiment:
    given = {"probe": "to the end", "epochs": 2, "learning_rate": 1e-4} | values
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=2, validation_per_class=2),
        backbone=BackboneChoice(name="conv4", weights="omniglot-supervised", image_size=16),
        method=MethodChoice(name="lp_ft", hyperparameters=given),
    )


def test_lp_ft_begins_with_the_head_that_was_fitted(tmp_path: Path) -> None:
    """One epoch looks at it: it knows the few examples of training, and nothing moves meanwhile."""
    assert problems(lp_ft()) == []
    events = list(execute(lp_ft(), tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert len([one for one in events if isinstance(one, EpochCompleted)]) == 3
    told = [one.values for one in events if isinstance(one, Metrics)]
    first = next(one for one in told if "val/accuracy" in one)
    assert first["val/accuracy"] > 0.4
    assert next(one for one in told if "train/accuracy" in one)["train/accuracy"] > 0.9


def test_it_goes_on_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_every_point(monkeypatch)
    expected = list(execute(lp_ft(), tmp_path / "whole"))
    assert_equal(in_pieces(lp_ft(), tmp_path / "cut", 5, later=2), tmp_path / "cut", expected, tmp_path / "whole")


def test_experiments_without_it_keep_their_hash() -> None:
    """What was written before it was there means the same, and is written the same."""
    plain = complete(lp_ft(probe="by steps"))
    assert "probe" not in plain.method.hyperparameters
    before = plain.model_copy()
    assert complete(before).digest() == plain.digest()
    assert complete(lp_ft()).method.hyperparameters["probe"] == "to the end"
    assert complete(lp_ft()).digest() != plain.digest()


def test_it_is_usual_on_encoders_of_texts_and_refused_where_others_learn_at_first() -> None:
    minilm = BackboneChoice(name="minilm", weights="sentences")
    assert usual_values(TEXTS_START, "lp_ft", minilm)["probe"] == "to the end"
    assert "probe" not in usual_values(TEXTS_START, "lp_ft", BackboneChoice(name="text_transformer"))
    stages = method("lp_ft").from_values({"probe": "to the end"}).stages()  # type: ignore[attr-defined]
    assert [(one.epochs, one.solved) for one in stages] == [(1, True), (20, False)]
    (fault,) = problems(lp_ft(layers={"conv4": {"from_epoch": 0}}))
    assert str(fault).startswith("The head is to be fitted to the end, but it does not learn alone at first.")
