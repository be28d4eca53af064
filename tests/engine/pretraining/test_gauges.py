"""The gauges of collapse against values computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from engine.pretraining.gauges import alignment, effective_rank, spread, uniformity
from engine.pretraining.method import is_collapsing, told_below


def test_spread() -> None:
    two_ways = torch.eye(2).repeat(2, 1)
    assert spread(two_ways) == pytest.approx(0.816497, abs=1e-6)
    assert spread(torch.ones(5, 3)) == pytest.approx(0.0, abs=1e-6)
    everywhere = torch.randn(4000, 16, generator=torch.Generator().manual_seed(0))
    assert spread(everywhere) == pytest.approx(1.0, abs=0.02)
    assert math.isnan(spread(torch.ones(1, 3)))


def test_effective_rank() -> None:
    assert effective_rank(torch.eye(2)) == pytest.approx(2.0)
    assert effective_rank(torch.ones(4, 3)) == pytest.approx(1.0, abs=1e-6)
    assert effective_rank(torch.diag(torch.tensor([3.0, 1.0]))) == pytest.approx(math.exp(0.562335), abs=1e-5)
    assert effective_rank(torch.zeros(3, 2)) == 0.0


def test_alignment_and_uniformity() -> None:
    axes = torch.eye(2)
    assert alignment(axes, axes) == 0.0
    assert alignment(axes, axes.flip(0)) == pytest.approx(2.0)
    assert uniformity(axes) == pytest.approx(-4.0)  # one pair, at the squared distance 2


def test_a_collapse_is_told_by_half_of_what_the_first_look_found_where_that_was_low() -> None:
    """SqueezeNet has no norm layers: random weights begin with a spread of about 0.1."""
    assert not is_collapsing([0.11, 0.1, 0.12, 0.13])
    assert is_collapsing([0.11, 0.052, 0.053, 0.054])
    assert is_collapsing([0.08, 0.049])
    assert is_collapsing([0.9, 0.19, 0.18, 0.17])
    assert not is_collapsing([0.9, 0.19, 0.18])
    assert [told_below(first) for first in (0.9, 0.4, 0.12, 0.01)] == [0.2, 0.2, 0.06, 0.05]
