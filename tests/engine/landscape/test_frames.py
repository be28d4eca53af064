"""Planes in the space of weights: coordinates by hand on a small network, and on real runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.backbones.backbone import batch_norms, snapshot
from engine.backbones.networks import random_backbone
from engine.errors import InvalidExperiment
from engine.landscape.corners import begun
from engine.landscape.frames import AroundOne, ThroughThree, bounds, direction, filters
from engine.landscape.mixing import difference, dot, mixed
from tests.engine.landscape.conftest import corners

Run = Callable[..., Path]


def at(*values: float) -> Any:
    """A network of two weights and a bias, as far as a frame asks."""
    network = nn.Linear(2, 1)
    state = {"weight": torch.tensor([values[:2]], dtype=torch.float32), "bias": torch.tensor([float(values[2])])}
    return SimpleNamespace(model=SimpleNamespace(network=network), state=state)


def values_of(state: dict[str, Tensor]) -> list[float]:
    return [*state["weight"].flatten().tolist(), *state["bias"].tolist()]


def test_coordinates_by_hand() -> None:
    """Origin (1, 1, 1), the others 2 away along one axis and at (1, 3, 0) from it."""
    frame = ThroughThree([at(1, 1, 1), at(3, 1, 1), at(2, 4, 1)])
    assert frame.places == pytest.approx(np.array([[0, 0], [2, 0], [1, 3]]))
    assert values_of(frame.at(0.5, -1.5)) == pytest.approx([1.5, -0.5, 1])
    assert frame.seen(at(2, 2, 5).state) == pytest.approx((1, 1, 4))


def test_corners_lie_where_they_are(run: Run) -> None:
    """Of real runs: what the frame makes of its corners' places are the corners, and they are seen there."""
    ends = corners(run)
    frame = ThroughThree([begun(ends[0], "start"), *ends])
    for place, state in zip(frame.places, frame.states, strict=True):
        made = frame.at(*place)
        assert frame.seen(state)[:2] == pytest.approx(tuple(place), abs=1e-6)
        assert max(float((made[name] - state[name]).abs().max()) for name in frame.names) < 1e-6
    sides = difference(ends[0].state, frame.origin, frame.names)
    assert frame.places[1, 0] == pytest.approx(np.sqrt(dot(sides, sides, frame.names)))


@pytest.mark.parametrize(
    "third,words", [((1, 1, 1), "are the same"), ((5, 1, 1), "lie on one line"), ((3, 1, 1), "lie on one line")]
)
def test_what_spans_no_plane(third: tuple[float, ...], words: str) -> None:
    with pytest.raises(InvalidExperiment, match=words):
        ThroughThree([at(1, 1, 1), at(3, 1, 1), at(*third)])


@pytest.mark.parametrize("name", ["conv4", "resnet_small", "squeezenet1_0", "vit_b_16"])
def test_directions_are_as_long_as_each_filter(name: str) -> None:
    network = random_backbone(name, 5)
    state = snapshot(network)
    found = direction(network, state, torch.Generator().manual_seed(0))
    chosen = set(filters(network))
    for key in chosen:
        drawn, own = (one[key].flatten(1).norm(dim=1) for one in (found, state))
        torch.testing.assert_close(drawn, own, rtol=1e-4, atol=1e-5)
    norms = {id(one) for layer in network.modules() if isinstance(layer, nn.LayerNorm) for one in layer.parameters()}
    norms |= {id(one) for layer in batch_norms(network) for one in layer.parameters()}
    still = {key for key, one in network.named_parameters() if id(one) in norms or key.endswith("bias")}
    assert still
    assert not still & chosen
    assert all(not found[key].any() for key in set(state) - chosen)


def test_around_begins_at_the_network_itself(run: Run) -> None:
    one = corners(run)[0]
    frame = AroundOne(one, 0)
    middle, moved = frame.at(0, 0), frame.at(0.5, -1)
    assert all(torch.equal(middle[key], one.state[key]) for key in one.state)
    expected = mixed(frame.states, [1.0, 0.5, -1.0])
    assert all(torch.equal(moved[key], expected[key]) for key in one.state)
    assert all(
        torch.equal(a, b) for a, b in zip(frame.states[1].values(), AroundOne(one, 0).states[1].values(), strict=False)
    )
    assert not torch.equal(frame.states[1]["head.weight"], AroundOne(one, 1).states[1]["head.weight"])


def test_the_picture_is_square_and_holds_all() -> None:
    (left, right), (low, high) = bounds(np.array([[0, 0], [4, 0], [2, 1.0]]))
    assert (left, right, low, high) == pytest.approx((-1, 5, -2.5, 3.5))
