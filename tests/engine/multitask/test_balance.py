"""How tasks are weighed, against values worked out on paper."""

from __future__ import annotations

import itertools
from math import log

import pytest
import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.methods.multitask.equal import Equal
from engine.methods.multitask.fixed_weights import FixedWeights
from engine.methods.multitask.gradnorm import GradNormWeights
from engine.methods.multitask.pcgrad import PCGrad
from engine.methods.multitask.uncertainty import UncertaintyWeights
from engine.methods.multitask.upgrad import UPGrad
from engine.multitask.balance import GradNorm, OfGradients, Uncertainty, Weighting, gradnorm
from engine.multitask.conflict import by_block, cosines, products
from engine.multitask.method import MultiTaskMethod
from engine.multitask.step import MixedBatch, Shared, combined, learn, losses_of

OPPOSED = ((1.0, 0.0), (-1.0, 1.0))
KINDS: tuple[type[MultiTaskMethod], ...] = (Equal, FixedWeights, UncertaintyWeights, GradNormWeights, PCGrad, UPGrad)


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def weighed(kind: type[MultiTaskMethod], rows: tuple[tuple[float, ...], ...]) -> Tensor:
    """The sum of these gradients as the method weighs them."""
    balance = kind.from_values({}).balance(len(rows), 0)
    assert isinstance(balance, OfGradients)
    stacked = torch.tensor(rows)
    return combined(list(stacked), balance.weigh(stacked @ stacked.T).tolist())


@pytest.mark.anchors("equal")
def test_the_plain_sum_adds() -> None:
    balance = Equal.from_values({}).balance(3, 0)
    assert balance.total(double(1, 2, 4)).item() == 7
    assert balance.weights().tolist() == [1, 1, 1]


@pytest.mark.anchors("fixed_weights")
def test_fixed_weights_keep_the_sum_of_the_plain_one() -> None:
    balance = FixedWeights.from_values({"share": 0.25}).balance(2, 0)
    assert balance.total(double(4, 2)).item() == 0.5 * 4 + 1.5 * 2
    assert FixedWeights.from_values({"share": 0.5}).balance(3, 0).weights().tolist() == [1.5, 0.75, 0.75]


@pytest.mark.anchors("uncertainty")
def test_uncertainty_is_the_value_on_paper_and_least_where_s_is_the_log_of_the_loss() -> None:
    balance = Uncertainty(1)
    assert balance.total(double(4)).item() == 2
    optimiser = torch.optim.LBFGS(balance.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = balance.total(double(4))
        value.backward()
        return value

    optimiser.step(closure)
    assert balance.log_variances.item() == pytest.approx(log(4), abs=1e-3)
    assert balance.total(double(4)).item() == pytest.approx(1.193147, abs=1e-6)
    assert balance.total(double(0.01)).item() == pytest.approx(0.5 * 0.01 / 4 + log(2), abs=1e-3)


def test_uncertainty_may_fall_below_zero() -> None:
    balance = Uncertainty(1)
    with torch.no_grad():
        balance.log_variances.fill_(-3.0)
    assert balance.total(double(0.001)).item() < 0


@pytest.mark.anchors("gradnorm")
def test_gradnorm_is_the_value_on_paper() -> None:
    loss, gradient = gradnorm(double(1, 1), double(1, 3), double(1, 1), 1.5)
    assert float(loss) == 2
    assert gradient.tolist() == [-1, 3]
    weights = GradNorm(2, 1.5, 0.025).moved(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    assert float(weights.sum()) == pytest.approx(2)
    assert weights[0] > 1 > weights[1]
    behind = gradnorm(double(1, 1), double(1, 1), double(2, 1), 1.5)[1]
    assert behind.tolist() == [-1, 1], "a task that is behind gets more"


@pytest.mark.anchors("pcgrad")
def test_pcgrad_is_the_value_on_paper() -> None:
    assert weighed(PCGrad, OPPOSED).tolist() == pytest.approx([0.5, 1.5])


@pytest.mark.anchors("upgrad")
def test_upgrad_opposes_no_task() -> None:
    """Of (1, 0) and (-1, 1) each is moved to where it does not oppose the other, as in PCGrad for two."""
    assert weighed(UPGrad, OPPOSED).tolist() == pytest.approx([0.5, 1.5])
    rows = torch.randn(4, 6, generator=torch.Generator().manual_seed(1))
    total = weighed(UPGrad, tuple(map(tuple, rows.tolist())))
    assert bool((rows @ total > -1e-4).all())


@pytest.mark.parametrize("kind", [PCGrad, UPGrad])
@pytest.mark.parametrize("tasks", [2, 3])
def test_without_a_conflict_it_is_the_plain_sum_to_the_last_bit(kind: type[MultiTaskMethod], tasks: int) -> None:
    rows = torch.rand(tasks, 50, generator=torch.Generator().manual_seed(tasks)) + 0.1
    total = weighed(kind, tuple(map(tuple, rows.tolist())))
    assert torch.equal(total, combined(list(rows), [1.0] * tasks))


def network(tasks: int) -> tuple[Backbone, MixedBatch]:
    """Two linear blocks and a head of two outputs for each task, in double precision."""
    torch.manual_seed(0)
    blocks = {"one": nn.Linear(5, 4), "two": nn.Sequential(nn.Tanh(), nn.Linear(4, 3))}
    model = Backbone(blocks, 3, 2 * tasks).double()
    labels = [torch.randint(0, 2, (6,)) for _ in range(tasks)]
    rows = [slice(6 * place, 6 * place + 6) for place in range(tasks)]
    images = torch.randn(6 * tasks, 5, dtype=torch.float64)
    return model, MixedBatch(images, rows, [slice(2 * place, 2 * place + 2) for place in range(tasks)], labels)


def learnt(kind: type[MultiTaskMethod], tasks: int, compared: bool) -> tuple[Backbone, MixedBatch, Weighting]:
    model, batch = network(tasks)
    balance = kind.from_values({}).balance(tasks, 0)
    learn(model, Shared(model), balance, batch, compared)
    return model, batch, balance


@pytest.mark.parametrize("kind", [PCGrad, UPGrad])
def test_only_what_is_shared_is_weighed(kind: type[MultiTaskMethod]) -> None:
    """A head has the gradient of its own task, whatever the others say."""
    model, batch, balance = learnt(kind, 3, compared=True)
    assert set(balance.weights().tolist()) != {1.0}, "these tasks agree, which tests nothing"
    losses = losses_of(model, batch)
    own = torch.autograd.grad(losses.sum(), list(model.head.parameters()), retain_graph=True)
    assert all(torch.equal(one, parameter.grad) for one, parameter in zip(own, model.head.parameters(), strict=True))
    first = next(model.block("one").parameters())
    each = [torch.autograd.grad(loss, first, retain_graph=True)[0] for loss in losses]
    assert torch.allclose(first.grad, combined(each, balance.weights().tolist()))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_comparing_the_gradients_changes_none(kind: type[MultiTaskMethod]) -> None:
    one, other = (learnt(kind, 2, compared=compared)[0] for compared in (False, True))
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(left.grad, right.grad)


@pytest.mark.parametrize("kind", [Equal, FixedWeights, UncertaintyWeights])
def test_the_gradient_is_that_of_the_total(kind: type[MultiTaskMethod]) -> None:
    model, batch = network(2)
    balance = kind.from_values({}).balance(2, 0)
    head = next(iter(model.head.parameters()))

    def total(weight: Tensor) -> Tensor:
        said = torch.func.functional_call(model, {"head.weight": weight}, (batch.images,))
        each = zip(batch.rows, batch.outputs, batch.labels, strict=True)
        losses = [nn.functional.cross_entropy(said[rows, outputs], labels) for rows, outputs, labels in each]
        return balance.total(torch.stack(losses))

    assert torch.autograd.gradcheck(total, head)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_balance_comes_back_as_it_was(kind: type[MultiTaskMethod]) -> None:
    method = kind.from_values({})
    one, other = method.balance(2, 0), method.balance(2, 0)
    model, batch = network(2)
    for _ in range(3):
        learn(model, Shared(model), one, batch, compared=False)
        one.epoch_over()
    other.load_state(one.state())
    assert torch.equal(one.weights(), other.weights())
    for each in (one, other):
        model.zero_grad()
        learn(model, Shared(model), each, batch, compared=False)
    assert torch.equal(one.weights(), other.weights())


def test_a_conflict_is_the_cosine_of_each_block() -> None:
    gradients = [[torch.tensor([1.0, 0.0]), torch.tensor([[3.0]])], [torch.tensor([-1.0, 1.0]), torch.tensor([[2.0]])]]
    found = cosines(by_block(gradients, {"a": [0], "b": [1], "none": []}), ("x", "y"))
    assert {name: round(float(value), 6) for name, value in found.items()} == {"a": round(-(0.5**0.5), 6), "b": 1.0}
    assert torch.equal(products(gradients), torch.tensor([[10.0, 5.0], [5.0, 6.0]]))
    three = cosines({"a": torch.eye(3)}, ("x", "y", "z"))
    assert list(three) == [f"a: {one}, {other}" for one, other in itertools.combinations("xyz", 2)]
    assert float(cosines({"a": torch.zeros(2, 2)}, ("x", "y"))["a"]) == 0


@pytest.mark.parametrize("kind", [PCGrad, UPGrad])
def test_gradients_that_are_no_numbers_are_the_runs_to_tell(kind: type[MultiTaskMethod]) -> None:
    balance = kind.from_values({}).balance(2, 0)
    assert isinstance(balance, OfGradients)
    for value in (float("nan"), -float("inf")):
        assert balance.weigh(torch.tensor([[1.0, value], [value, 1.0]])).tolist() == [1.0, 1.0]


def test_weights_stay_numbers_where_nothing_is_left_to_learn() -> None:
    balance = GradNorm(2, alpha=1.5, rate=0.1)
    assert balance.moved(torch.zeros(2), torch.zeros(2)).tolist() == [1.0, 1.0]
