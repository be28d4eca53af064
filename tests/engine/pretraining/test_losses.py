"""The losses against values computed by hand, their gradients, and what must not change them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from engine.pretraining.losses import (
    away,
    barlow_twins,
    hidden_error,
    info_nce,
    nt_xent,
    self_distillation,
    standardised_patches,
    sup_con,
    vicreg,
)

AXES = torch.eye(2, dtype=torch.float64)
CORNERS = torch.tensor(list(product((-1.0, 1.0), repeat=2)), dtype=torch.float64)
DIAGONAL = torch.tensor([[1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)


def near(value: float, abs: float = 1e-6) -> object:
    return pytest.approx(value, abs=abs)


def test_sup_con() -> None:
    """Of two axes twice, all of one class: each anchor has one of its three at cosine 1, two at 0."""
    alike, apart = torch.zeros(2, dtype=torch.int64), torch.arange(2)
    assert float(sup_con(AXES, AXES, alike, 1.0)) == near(math.log(math.e + 2) - 1 / 3)
    assert float(sup_con(AXES, AXES, apart, 0.5)) == near(0.239545)  # as NT-Xent
    a, b = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    labels = torch.tensor([0, 1, 0, 2])
    assert torch.autograd.gradcheck(lambda x, y: sup_con(x, y, labels, 0.5), (a, b))
    a, b = a.detach(), b.detach()
    order = torch.tensor([2, 0, 3, 1])
    assert float(sup_con(a[order], b[order], labels[order], 0.5)) == near(float(sup_con(a, b, labels, 0.5)))
    assert float(sup_con(b, a, labels, 0.5)) == near(float(sup_con(a, b, labels, 0.5)))


def test_nt_xent() -> None:
    assert float(nt_xent(AXES, AXES, 1.0)) == near(math.log(1 + 2 * math.exp(-1)))
    assert float(nt_xent(AXES, AXES, 0.5)) == near(0.239545)
    for n in (2, 256):
        alike = torch.ones(n, 3, dtype=torch.float64)
        assert float(nt_xent(alike, alike, 0.2)) == near(math.log(2 * n - 1))


def test_info_nce_with_a_queue() -> None:
    one, queue = torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[0.0, 1.0], [-1.0, 0.0]]).double()
    assert float(info_nce(one, one, queue, 1.0)) == near(0.407606)
    assert float(info_nce(one, one, one.repeat(7, 1), 0.2)) == near(math.log(8))


def test_cosine_losses_learn_nothing_through_the_target() -> None:
    guess, target = torch.tensor([[1.0, 1.0]]).double(), torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    target.requires_grad_()
    assert float(away(guess, target)) == near(-0.707107)
    assert 2 + 2 * float(away(guess, target)) == near(0.585786)
    loss = away(guess.requires_grad_(), target)
    loss.backward()
    assert target.grad is None
    assert guess.grad is not None


def test_barlow_twins() -> None:
    assert float(barlow_twins(CORNERS, CORNERS, 5e-3)) == near(0.0)
    assert float(barlow_twins(DIAGONAL, DIAGONAL, 5e-3)) == near(0.01)
    assert float(barlow_twins(DIAGONAL, -DIAGONAL, 5e-3)) == near(8.01)


def test_vicreg() -> None:
    twice = torch.cat([DIAGONAL, DIAGONAL])
    assert float(vicreg(CORNERS, CORNERS)) == near(0.0)
    assert float(vicreg(twice, twice)) == near(2 * (4 / 3) ** 2)
    nothing = torch.zeros(4, 2, dtype=torch.float64)
    assert float(vicreg(nothing, nothing)) == near(24.75)


def test_self_distillation() -> None:
    level, teacher = torch.zeros(3, 2, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    assert float(self_distillation(level, teacher, torch.zeros(2), 0.1, 0.04)) == near(math.log(2))
    many = torch.zeros(2, 4096, dtype=torch.float64)
    assert float(self_distillation(many, many, torch.zeros(4096), 0.1, 0.04)) == near(8.317766)
    sure = self_distillation(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([1.0, 0.0]), 1.0, 1.0)
    assert float(sure) == near(math.log(1 + math.exp(-1)) + 0.5, 1e-5)  # the centre takes the teacher's lead away


def test_what_is_seen_does_not_count_in_the_hidden_error() -> None:
    truth, hidden = torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    hidden[..., :2] = True
    assert float(hidden_error(torch.zeros_like(truth), truth, hidden)) == 1.0
    truth[..., 2:] = 9.0
    assert float(hidden_error(torch.zeros_like(truth), truth, hidden)) == 1.0
    assert float(hidden_error(truth, truth, hidden & False)) == 0.0


def test_standardised_patches_have_the_unbiased_deviation() -> None:
    image = torch.tensor([[1.0, 3.0, 5.0, 5.0]], dtype=torch.float64).view(1, 1, 1, 4)
    cut = standardised_patches(image.expand(1, 1, 2, 4)[:, :, :1].repeat(1, 1, 2, 1), 2)
    assert cut.shape == (1, 2, 4)
    values = torch.tensor([1.0, 3.0]).double()
    by_hand = (values - 2) / math.sqrt(2 + 1e-6)
    assert float(by_hand.square().mean()) == near(0.5)
    one = standardised_patches(torch.tensor([[[[1.0, 3.0]] * 2]]).double(), 2)[0, 0]
    assert one.square().mean().item() == near(0.75)  # four values, variance 4/3


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "nt_xent": lambda a, b: nt_xent(a, b, 0.5),
    "barlow": lambda a, b: barlow_twins(a, b, 5e-3),
    "vicreg": vicreg,
    "byol": lambda a, b: 2 + away(a, b) + away(b, a),
}


@pytest.fixture
def views() -> tuple[Tensor, Tensor]:
    draws = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 4, 3, dtype=torch.float64, generator=draws)
    return a, b


@pytest.mark.parametrize("name", LOSSES)
def test_the_order_of_images_and_of_views_changes_nothing(name: str, views: tuple[Tensor, Tensor]) -> None:
    loss, (a, b) = LOSSES[name], views
    order = torch.tensor([2, 0, 3, 1])
    assert float(loss(a[order], b[order])) == near(float(loss(a, b)), 1e-10)
    assert float(loss(b, a)) == near(float(loss(a, b)), 1e-10)


FIXED = torch.arange(12, dtype=torch.float64).view(4, 3).sin()
GRADIENTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    **{name: one for name, one in LOSSES.items() if name != "byol"},
    "info_nce": lambda a, b: info_nce(a, b, torch.eye(3, dtype=torch.float64), 0.5),
    "byol": lambda a, b: away(a, FIXED) + away(b, FIXED),
    "dino": lambda a, b: self_distillation(a, FIXED, FIXED[0], 0.3, 0.2) + self_distillation(b, FIXED, FIXED[1], 1, 1),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_those_of_differences(name: str, views: tuple[Tensor, Tensor]) -> None:
    inputs = tuple(view.clone().requires_grad_() for view in views)
    assert torch.autograd.gradcheck(GRADIENTS[name], inputs)
