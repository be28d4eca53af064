"""BD-CSPN against a correction worked out by hand, and its figure beside that of its inductive twin; SimpleShot's
shapes of features by hand, and where its mean comes from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.backbones.backbone import Backbone
from engine.events import Evaluated, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.meta.task import Task
from engine.methods.meta.bd_cspn import BDCSPN
from engine.methods.meta.simple_shot import SimpleShot, head

TWO = torch.tensor([0, 1])
AXES = torch.eye(2).double()  # one support image for each of two classes


def flat(method: Any, classes: int = 4) -> Backbone:
    torch.manual_seed(0)
    model = Backbone({"flat": nn.Flatten()}, 2, None)
    method.prepare(model, classes)
    return model.double()


@pytest.mark.anchors("bd_cspn")
def test_query_images_move_onto_the_support_and_join_the_means_they_are_like() -> None:
    """(0.6, 0.8) and (0.8, 0.6) move by (-0.2, -0.2); the second has the cosine 0.6 / √0.52 to class 0 and joins it
    with weight r = exp(10 · (0.83205 - 1)) beside 1 of the support image: the mean is (1 + 0.6 r, 0.4 r) / (1 + r)."""
    method = BDCSPN.from_values({"scale": 1.0})
    found = method.adapt(flat(method), AXES, TWO, 2)(torch.tensor([[0.6, 0.8], [0.8, 0.6]]).double())
    r = math.exp(10 * (0.6 / math.sqrt(0.52) - 1))
    assert r == pytest.approx(0.186468, abs=1e-6)
    mean = np.array([1 + 0.6 * r, 0.4 * r])
    like, unlike = ((np.array(q) @ mean) / math.sqrt(0.52) / np.linalg.norm(mean) for q in ([0.6, 0.4], [0.4, 0.6]))
    assert found.detach().numpy() == pytest.approx(np.array([[unlike, like], [like, unlike]]))


def test_only_the_most_confident_join() -> None:
    """Three query images taken for class 0, moved by nothing as their mean and the support's agree; one may join."""
    from engine.adaptation.episode_heads import rectified

    query = torch.tensor([[[0.9, 0.1], [0.8, 0.3], [0.7, 0.2], [-0.4, 1.4]]]).double()  # mean (0.5, 0.5)
    centres, moved = rectified(AXES[None], TWO, query, AXES[None], 1, 10.0)
    assert moved.numpy() == pytest.approx(query.numpy())
    r = math.exp(10 * (0.9 / math.sqrt(0.82) - 1))
    assert centres[0, 0].numpy() == pytest.approx(np.array([1 + 0.9 * r, 0.1 * r]) / (1 + r))


def test_the_twin_is_the_cosine_to_the_plain_means() -> None:
    method = BDCSPN.from_values({"scale": 1.0})
    found = method.twin.adapt(flat(method), AXES, TWO, 2)(torch.tensor([[3.0, 4.0]]).double())
    assert found.detach().numpy() == pytest.approx(np.array([[0.6, 0.8]]))
    assert (method.meets.together, method.twin.meets.together) == (True, False)


def test_both_figures_stand_beside_each_other(tmp_path: Path) -> None:
    values = {"steps": 20, "batch_size": 48, "validate_every": 20, "validation_episodes": 10, "test_episodes": 60}
    experiment = Experiment(
        dataset=DatasetChoice(name="glyphs"), backbone=BackboneChoice(image_size=16),
        method=MethodChoice(name="bd_cspn", hyperparameters=values),
    )  # fmt: skip
    events = list(execute(experiment, tmp_path / "run"))
    assert not [event for event in events if isinstance(event, RunFailed)]
    own, twin = (event for event in events if isinstance(event, Evaluated))
    assert (own.name, twin.name) == ("test/accuracy", "test/accuracy, inductive twin")
    assert "transductive" in own.protocol["query images"]
    assert twin.protocol["query images"] == "each for itself"
    difference = own.scores - twin.scores
    assert difference.any()
    mean, error = 100 * difference.mean(), 196 * difference.std(ddof=1) / math.sqrt(60)
    said = f"{mean:.1f} points, 95 % interval {mean - error:.1f} to {mean + error:.1f}".replace("-", "−")
    assert twin.protocol["gained by the others"] == said


# SimpleShot


@pytest.mark.anchors("simple_shot")
@pytest.mark.parametrize(
    "features,expected",
    [
        ("CL2N", [-0.08, -3.2]),  # (4, 3) / 5 against (3, 4) / 5 and (0, -1), seen from the mean (2, 1)
        ("UN", [-2.0, -80.0]),
        ("L2N", [2 * 50 / math.sqrt(52 * 50) - 2, 2 * -4 / math.sqrt(52 * 20) - 2]),  # 2 cos - 2
    ],
)
def test_simple_shot_centres_and_scales(features: str, expected: list[float]) -> None:
    method = SimpleShot.from_values({"features": features})
    model = flat(method)
    method.refresh(model, [torch.tensor([[0.0, 0.0]]).double(), torch.tensor([[4.0, 1.0], [2.0, 2.0]]).double()])
    support = torch.tensor([[5.0, 5.0], [2.0, -4.0]]).double()
    found = method.adapt(model, support, TWO, 2)(torch.tensor([[6.0, 4.0]]).double())
    assert found.detach().numpy() == pytest.approx(np.array([expected]))


class TrainingOnly:
    """Has training minibatches and nothing else to look at."""

    def minibatch(self, rng: np.random.Generator) -> Task:
        images = 3 + torch.from_numpy(rng.normal(size=(64, 2)))
        return Task(images[:0], torch.empty(0, dtype=torch.int64), images, torch.arange(64) % 4, 4)


def test_the_mean_is_that_of_training_images_and_is_taken_where_nothing_was_trained() -> None:
    method = SimpleShot.from_values({"steps": 0})
    model = flat(method)
    list(method.settle(model, TrainingOnly()))
    assert int(head(model).images) == 32 * 64
    assert head(model).mean.tolist() == pytest.approx([3.0, 3.0], abs=0.1)
    kept = head(model).mean.clone()
    list(method.settle(model, None))  # what was kept with the weights is what the test uses
    assert torch.equal(head(model).mean, kept)
