"""The gauges of collapse against values computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from engine.pretraining.gauges import alignment, effective_rank, spread, uniformity


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
