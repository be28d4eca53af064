"""Sums of networks against sums worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.landscape.mixing import difference, dot, mixed


def state(weight: float, variance: float = 1.0, count: int = 3) -> dict[str, Tensor]:
    return {
        "weight": torch.tensor([weight, 0.1]),
        "norm.running_var": torch.tensor([variance]),
        "norm.num_batches_tracked": torch.tensor(count),
    }


@pytest.mark.parametrize("alpha,expected", [(-0.5, 0.0), (0.0, 1.0), (0.25, 1.5), (0.5, 2.0), (1.0, 3.0), (1.5, 4.0)])
def test_theta_of_alpha(alpha: float, expected: float) -> None:
    assert mixed([state(1.0), state(3.0)], [1 - alpha, alpha])["weight"][0] == expected


def test_the_mean_of_many_is_rounded_once() -> None:
    values = [0.1 * number for number in range(7)]
    found = mixed([state(value) for value in values], [1 / 7] * 7)["weight"]
    exact = sum(float(torch.tensor(value)) for value in values) / 7
    assert found[0] == torch.tensor(exact, dtype=torch.float32)
    assert found[1] == torch.tensor(0.1)


@pytest.mark.parametrize("shares", [[1.0, 0.0], [1.0]])
def test_a_share_of_one_is_that_state_itself(shares: list[float]) -> None:
    """A soup of one ingredient too; what is found is a copy."""
    one = state(0.3)
    found = mixed([one, state(9.0)][: len(shares)], shares)
    assert all(torch.equal(found[key], one[key]) for key in one)
    found["weight"][0] = 7
    assert one["weight"][0] != 7


def test_counters_and_variances_beyond_the_ends() -> None:
    found = mixed([state(1, variance=1.0, count=3), state(1, variance=4.0, count=5)], [1.5, -0.5])
    assert found["norm.running_var"] == 0
    assert found["norm.num_batches_tracked"] == 3


@pytest.mark.parametrize("shares", [[0.0, 0.0], [1.0]])
def test_shares_that_make_no_sum(shares: list[float]) -> None:
    with pytest.raises(ValueError):
        mixed([state(1), state(2)], shares)


def test_products_are_of_the_named_weights_alone() -> None:
    one, other = {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([5.0])}, {"a": torch.tensor([[3.0, 4.0]])}
    assert dot(one, other, ["a"]) == 11.0
    assert difference(one, other, ["a"])["a"].tolist() == [[-2.0, -2.0]]
