"""Policy gradients and MAML's gradient through one against a reference written out by hand on a tiny case."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.acting.gradient import Adapting, advantages, baseline, surrogate, to_come
from engine.acting.moving import MOVES, Tries, moved, policy_of, repeated, tried
from engine.adaptation.inner_loop import InnerLoop

NOISE, RATE = 0.5, 0.3


class Line(nn.Module):
    """A policy without a bias: wishes are W · place."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[0.2, -0.1], [0.3, 0.4]], dtype=torch.float64))

    def forward(self, places: Tensor) -> Tensor:
        return places @ self.weight.T


def given(seed: int, goals: int = 1) -> tuple[Tries, Tensor]:
    """Places, wishes and advantages of two tries of two moves for each goal, made up."""
    draws = torch.Generator().manual_seed(seed)
    places, wishes = (torch.randn(goals, 2, 2, 2, generator=draws, dtype=torch.float64) for _ in range(2))
    better = torch.randn(goals, 2, 2, generator=draws, dtype=torch.float64)
    return Tries(places, wishes, torch.zeros(goals, 2, 2, dtype=torch.float64)), better


def by_hand(weight: np.ndarray, tries: Tries, better: Tensor) -> np.ndarray:
    """-mean over moves of A (u - W x) xᵀ / σ², written out move by move."""
    found = np.zeros((2, 2))
    for try_, move in np.ndindex(2, 2):
        x, u = tries.places[0, try_, move].numpy(), tries.wishes[0, try_, move].numpy()
        found -= float(better[0, try_, move]) * np.outer(u - weight @ x, x) / NOISE**2 / 4
    return found


@pytest.mark.anchors("policy_pooled")
def test_the_gradient_is_that_of_the_log_likelihood_times_the_advantage() -> None:
    model, (tries, better) = Line(), given(0)
    loss = surrogate(policy_of(model), repeated(model, 1), tries, better, NOISE).sum()
    (found,) = torch.autograd.grad(loss, [model.weight])
    assert found.numpy() == pytest.approx(by_hand(model.weight.detach().numpy(), tries, better), abs=1e-12)


@pytest.mark.anchors("policy_maml")
@pytest.mark.parametrize("second_order", [True, False])
def test_the_outer_gradient_goes_through_the_inner_step(second_order: bool) -> None:
    """φ = W - α g(W), and g is linear in W with the rows' matrix H = mean A x xᵀ / σ²: the outer gradient of φ is
    multiplied by I - α H at second order, and is left alone at first."""
    model, (first, before), (second, after) = Line(), given(1), given(2)
    policy = policy_of(model)
    loop = InnerLoop(lambda name, step: RATE, 1, second_order)
    path = loop.descent(repeated(model, 1), lambda now: surrogate(policy, now, first, before, NOISE).sum())
    *_, adapted = path
    (found,) = torch.autograd.grad(surrogate(policy, adapted, second, after, NOISE).mean(), [model.weight])
    weight = model.weight.detach().numpy()
    outer = by_hand(weight - RATE * by_hand(weight, first, before), second, after)
    curvature = sum(
        float(before[0, i, j]) * np.outer(first.places[0, i, j], first.places[0, i, j]) / NOISE**2 / 4
        for i, j in np.ndindex(2, 2)
    )
    expected = outer @ (np.eye(2) - RATE * curvature) if second_order else outer
    assert found.numpy() == pytest.approx(expected, abs=1e-12)


def test_goals_do_not_mix() -> None:
    """The steps of many goals at once are those of each alone."""
    model, (tries, better) = Line(), given(3, goals=3)
    policy = policy_of(model)

    def stepped(places: slice) -> Tensor:
        some = Tries(tries.places[places], tries.wishes[places], tries.rewards[places])
        loop = InnerLoop(lambda name, step: RATE, 1, False)
        *_, last = loop.descent(
            repeated(model, len(some.places)), lambda now: surrogate(policy, now, some, better[places], NOISE).sum()
        )
        return last["weight"].detach()

    assert torch.allclose(stepped(slice(None)), torch.cat([stepped(slice(n, n + 1)) for n in range(3)]), atol=1e-12)


def test_rewards_to_come_and_what_is_expected_of_them() -> None:
    assert to_come(torch.tensor([1.0, 2.0, 4.0])).tolist() == [7.0, 6.0, 4.0]
    draws = torch.Generator().manual_seed(0)
    places = torch.randn(2, 30, 5, 2, generator=draws, dtype=torch.float64)
    time = torch.linspace(0, 1, 5, dtype=torch.float64)
    wanted = 3 + places[..., 0] - 2 * places[..., 1] ** 2 + time**3  # a linear function of the features
    assert torch.allclose(baseline(places, wanted), wanted, atol=1e-3)


@pytest.mark.parametrize("wish", [(1.0, 0.0), (1.0, 1.0), (-1.0, 1.0), (0.0, 0.0)])
def test_tries_that_all_went_one_way_are_expected_to_be_as_they_were(wish: tuple[float, float]) -> None:
    """Wishes beyond the largest move lead each try along one line, where place, its square and time say the same."""
    goals = torch.rand(50, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    always = torch.tensor(wish) * 9
    tries = tried(lambda parameters, places: always.expand_as(places), {}, goals, torch.zeros(MOVES, 50, 20, 2))
    wanted = to_come(tries.rewards)
    assert (baseline(tries.places, wanted) - wanted).abs().max() < 0.03 * wanted.abs().max()
    assert advantages(tries).isfinite().all()


def test_a_point_that_wishes_to_go_right_goes_there_and_no_faster_than_it_may() -> None:
    assert moved(torch.zeros(2), torch.tensor([3.0, -0.5])).tolist() == pytest.approx([0.1, -0.05])
    goals = torch.tensor([[0.1, 0.0]])
    found = tried(lambda parameters, places: torch.zeros_like(places), {}, goals, torch.zeros(MOVES, 1, 2, 2))
    assert found.returns.tolist() == pytest.approx([-MOVES * 0.01])
    assert found.places.shape == found.wishes.shape == (1, 2, MOVES, 2)


def test_advantages_have_mean_0_and_deviation_1_over_a_goal_or_over_all() -> None:
    draws = torch.Generator().manual_seed(0)
    tries = Tries(*(torch.randn(3, 8, 5, 2, generator=draws) for _ in range(2)), torch.randn(3, 8, 5, generator=draws))
    own = advantages(tries)
    assert own.mean((1, 2)).abs().max() < 1e-5
    assert own.std((1, 2), unbiased=False).tolist() == pytest.approx([1.0] * 3, abs=1e-4)
    assert float(advantages(tries, pooled=True).std(unbiased=False)) == pytest.approx(1.0, abs=1e-4)


def test_the_same_draws_make_the_same_tries() -> None:
    model, goals = Line(), torch.tensor([[0.3, 0.1], [0.0, -0.4]], dtype=torch.float64)
    first, second = (
        Adapting(policy_of(model), RATE, NOISE, 4, torch.Generator().manual_seed(5)).try_out(repeated(model, 2), goals)
        for _ in range(2)
    )
    assert torch.equal(first.rewards, second.rewards)
