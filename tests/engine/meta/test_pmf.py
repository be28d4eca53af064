"""P>M>F: the rate that validation likes best is the one the test uses, and fine-tuning is what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.adaptation.prototype_tuning import SupportMaterial, cosine_logits, material, tuned
from engine.backbones.backbone import Backbone
from engine.data.target import CLASSES
from engine.errors import InvalidExperiment
from engine.events import Notice
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.meta.roles import Embeds, Steps
from engine.meta.task import Task, Tasks
from engine.methods.meta.pmf import PMF, RATES
from engine.preflight.cost import estimate
from tests.engine.meta.ways import ended, heard

BLOCKS = ("one", "two", "head")
VALUES = {"copies": 0, "test_steps": 30, "choice_episodes": 3}


class Points(Tasks):
    """Tasks on points of two directions: one tells the classes apart, one is larger and means nothing."""

    target, outputs, examples, facts, conditions = CLASSES, 2, 12, {}, {}

    def __init__(self, spread: float) -> None:
        self.spread = spread
        self.validation = self.test = [0, 1, 2, 3]

    def draw(self, rng: np.random.Generator) -> int:
        return int(rng.integers(100))

    def task(self, item: int) -> Task:
        rng = np.random.default_rng(item)
        labels = np.arange(2).repeat(6)
        means = 1.0 * (2 * labels - 1)
        points = np.c_[means + 0.3 * rng.normal(size=12), self.spread * rng.normal(size=12), np.ones(12)]
        inputs, targets = torch.tensor(points), torch.tensor(labels)
        support = torch.arange(12) % 6 < 4
        return Task(inputs[support], targets[support], inputs[~support], targets[~support], 2)


def network(weight: list[float]) -> Backbone:
    linear = nn.Linear(3, 3, bias=False).double()
    linear.weight.data = torch.diag(torch.tensor(weight)).double()
    return Backbone({"first": nn.Identity(), "last": linear}, 3, None).double()


def settled(method: PMF, model: Backbone, tasks: Points) -> tuple[PMF, list[Notice]]:
    method.prepare(model, 2)
    said: list[Any] = []
    found = ended(heard(method.settle(model, tasks), said))
    return found, [event for event in said if isinstance(event, Notice)]


def test_the_copies_are_shown_in_turn_and_adam_takes_the_steps() -> None:
    """Three steps on copies A, B, A, with Adam written out; the gradient of the cosines' cross-entropy by autograd."""
    rng, targets = np.random.default_rng(5), torch.tensor([0, 1, 1])
    clean, first, second = (torch.tensor(rng.normal(size=(3, 3))) for _ in range(3))
    model, scale = network([1.0, 0.5, 2.0]), torch.tensor(4.0, dtype=torch.float64)
    model.blocks["first"] = nn.Identity()
    found = tuned(model, SupportMaterial(clean, (first, second), targets, 2, 1, 1), scale, 0.1, 3).blocks["last"].weight
    w, m, v = model.blocks["last"].weight.detach(), torch.zeros(3, 3), torch.zeros(3, 3)
    for step, copy in enumerate((first, second, first), 1):
        w = w.clone().requires_grad_()
        known, seen = clean @ w.T, copy @ w.T
        centres = torch.stack([known[0], (known[1] + known[2]) / 2])
        cosines = seen @ centres.T / seen.norm(dim=1)[:, None] / centres.norm(dim=1)
        loss = ((4 * cosines).logsumexp(1) - 4 * cosines[torch.arange(3), targets]).mean()
        (g,) = torch.autograd.grad(loss, w)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = (w - 0.1 * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)).detach()
    assert torch.allclose(found, w, rtol=1e-9, atol=0)


def test_a_support_image_has_as_many_different_copies_as_asked() -> None:
    images = torch.rand(2, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    model = Backbone({"flat": nn.Flatten()}, 144, None)
    copies = material(model, images, torch.tensor([0, 1]), 2, 0, 4).copies
    assert len({tuple(copy.flatten().tolist()) for copy in copies}) == 4


def accuracies(model: Backbone, tasks: Points) -> dict[float, float]:
    """Of each rate, with a method that is told the rate instead of choosing it."""
    found = {}
    for rate, word in zip(RATES, ("0", "0.0001", "0.001", "0.01"), strict=True):
        method = PMF.from_values(VALUES | {"rate": word})
        method, _ = settled(method, model, tasks)
        found[rate] = float(np.mean([_accuracy(method, model, tasks.task(item)) for item in tasks.validation[:3]]))
    return found


def _accuracy(method: PMF, model: Backbone, task: Task) -> float:
    logits = method.adapt(model, task.support_inputs, task.support_targets, 2)(task.query_inputs)
    return float((logits.argmax(1) == task.query_targets).double().mean())


def test_the_rate_that_is_best_on_validation_is_chosen_and_told() -> None:
    model, tasks = network([0.1, 1.0, 0.1]), Points(spread=2.0)  # the direction that matters is all but lost
    method = PMF.from_values(VALUES)
    method, (notice,) = settled(method, model, tasks)
    by_rate = accuracies(model, tasks)
    assert by_rate[0.01] > by_rate[0.0]
    assert by_rate[method.chosen] == max(by_rate.values())
    assert method.chosen == 0.01
    assert "0.01 is chosen on 3 validation episodes" in notice.text
    assert method.choices == {"fine-tuning": "30 steps at rate 0.01, chosen on validation"}
    assert method.meets == Steps(30, each=False, head=False)


def test_where_nothing_is_to_be_tuned_features_may_be_embedded_once() -> None:
    method, model = PMF.from_values(VALUES | {"rate": "0"}), network([1.0, 1.0, 1.0])
    method, said = settled(method, model, Points(spread=0.1))
    assert said == []
    assert method.meets == Embeds()
    task = Points(spread=0.1).task(0)
    logits = method.adapt(model, task.support_inputs, task.support_targets, 2)(task.query_inputs).numpy()
    means = np.stack([task.support_inputs.numpy()[task.support_targets.numpy() == k].mean(0) for k in range(2)])
    rows = task.query_inputs.numpy()
    cosines = rows @ means.T / np.linalg.norm(rows, axis=1)[:, None] / np.linalg.norm(means, axis=1)
    assert np.allclose(logits, 10 * cosines)


def adam_by_hand(x: Tensor, targets: Tensor, w: Tensor, rate: float, steps: int) -> Tensor:
    first, second = torch.zeros_like(w), torch.zeros_like(w)
    for step in range(1, steps + 1):
        leaf = w.clone().requires_grad_()
        seen = x @ leaf.T
        means = torch.stack([seen[targets == k].mean(0) for k in range(2)])
        cosines = (seen / seen.norm(dim=1, keepdim=True)) @ (means / means.norm(dim=1, keepdim=True)).T
        logits = 10 * cosines
        loss = (logits.logsumexp(1) - logits[torch.arange(len(x)), targets]).mean()
        (gradient,) = torch.autograd.grad(loss, leaf)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        w = w - rate * (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    return w


def test_fine_tuning_is_adam_on_the_prototype_loss_and_leaves_the_model_alone() -> None:
    model, task = network([0.1, 1.0, 0.1]), Points(spread=1.0).task(0)
    before = model.blocks["last"].weight.detach().clone()
    support = material(model, task.support_inputs, task.support_targets, 2, 1, 0)
    found = tuned(model, support, torch.tensor(10.0).double(), 0.01, 4).blocks["last"].weight
    expected = adam_by_hand(task.support_inputs, task.support_targets, before, 0.01, 4)
    assert torch.allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert torch.equal(model.blocks["last"].weight, before)


def image_network() -> Backbone:
    torch.manual_seed(0)
    blocks = {"one": nn.Conv2d(1, 2, 3, padding=1), "two": nn.Sequential(nn.Conv2d(2, 2, 3), nn.AdaptiveAvgPool2d(1))}
    return Backbone(blocks, 2, None)


def test_blocks_before_the_first_tuned_one_stay_and_are_passed_once() -> None:
    model, targets = image_network(), torch.tensor([0, 0, 1, 1])
    method = PMF.from_values({"tuned": "last", "copies": 3, "rate": "0.01"})
    method.prepare(model, 2)
    assert method.first_tuned(("one", "two", "head")) == 1
    images = torch.randn(4, 1, 8, 8)
    passes: list[int] = []
    hook = model.blocks["one"].register_forward_hook(lambda *_: passes.append(1))
    support = material(model, images, targets, 2, 1, 3)
    hook.remove()
    assert len(passes) == 4  # clean and three copies
    assert not torch.allclose(support.copies[0], support.copies[1])
    again = material(model, images, targets, 2, 1, 3)
    assert all(torch.equal(one, other) for one, other in zip(support.copies, again.copies, strict=True))
    network = tuned(model, support, torch.tensor(10.0), 0.01, 5)
    assert torch.equal(network.blocks["one"].weight, model.blocks["one"].weight)
    assert not torch.equal(network.blocks["two"][0].weight, model.blocks["two"][0].weight)


def test_cosines_are_scaled() -> None:
    found = cosine_logits(torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor(5.0))
    assert found[0].tolist() == pytest.approx([3.0, 4.0])


def test_an_unknown_block_is_named() -> None:
    with pytest.raises(InvalidExperiment, match="no block “three”"):
        PMF.from_values({"tuned": "three"}).prepare(image_network(), 2)


def test_the_picture_tells_what_is_tuned_at_test() -> None:
    assert PMF.picture({"tuned": "two"}, BLOCKS) == {"one": "trained", "two": "adapted", "head": "adapted"}
    assert PMF.picture({"tuned": "last", "steps": 0}, BLOCKS)["one"] == "frozen"


def test_the_cost_card_reckons_with_fine_tuning() -> None:
    def seconds(rate: str) -> float:
        values = {"steps": 0, "test_episodes": 100, "rate": rate, "copies": 1}
        choice = MethodChoice(name="pmf", hyperparameters=values)
        backbone = BackboneChoice(image_size=16)
        return estimate(Experiment(dataset=DatasetChoice(name="glyphs"), backbone=backbone, method=choice)).seconds

    assert seconds("chosen on validation") > 3 * seconds("0")


@pytest.mark.parametrize("rate,trials", [("chosen on validation", 3 * 4), ("0.001", 0), ("0", 0)])
def test_trials_before_the_test_are_the_rates_but_nothing_times_the_episodes(rate: str, trials: int) -> None:
    assert PMF.from_values({"rate": rate, "choice_episodes": 4}).trials_before_test == trials
