"""Places in the plane: neighbours stay neighbours, and two pictures of the same images lie on each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.maps.plane import (
    STEPS,
    Places,
    _drawn,
    _graph,
    _pushed,
    directions,
    layout,
    nearest,
    principal,
    turned,
)


def two_heaps(count: int = 60, apart: float = 8.0) -> tuple[Places, np.ndarray]:
    """Unit vectors of two heaps in 20 dimensions, and which heap each is of."""
    draws = np.random.default_rng(3)
    heap = np.arange(count) % 2
    values = draws.normal(size=(count, 20))
    values[:, 0] += apart * heap
    return directions(values), heap


def laid_out(points: Places, start: Places) -> Places:
    shares = []
    for share, places in layout(points, start):
        shares.append(share)
        last = places
    assert len(shares) == STEPS
    assert shares[-1] == 1.0
    return last


def own_heap_is_nearer(places: Places, heap: np.ndarray) -> bool:
    """Whether each image's nearest is of its own heap, by the distances in the plane."""
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(away, np.inf)
    return bool((heap[away.argmin(1)] == heap).all())


def test_two_heaps_stay_apart_in_both_pictures() -> None:
    points, heap = two_heaps()
    flat, explained = principal(points)
    assert 0.3 < explained < 1.0
    assert own_heap_is_nearer(flat, heap)
    near = laid_out(points, flat)
    centres = np.stack([near[heap == one].mean(0) for one in (0, 1)])
    spread = max(np.linalg.norm(near[heap == one] - centres[one], axis=1).mean() for one in (0, 1))
    assert np.linalg.norm(centres[0] - centres[1]) > 3 * spread
    assert np.array_equal(near, laid_out(points, flat))


@pytest.mark.parametrize("count", [4, 5, 6, 8, 10, 13, 16, 30])
def test_few_images_are_told_apart_too(count: int) -> None:
    """None flies off, and each is nearest to one of its own heap."""
    points, heap = two_heaps(count, apart=30.0)
    places = laid_out(points, principal(points)[0])
    assert np.abs(places).max() < 100
    assert own_heap_is_nearer(places, heap)


def test_the_share_of_the_variance_is_what_the_plane_holds() -> None:
    points = np.array([[3.0, 0, 0], [-3, 0, 0], [0, 2, 0], [0, -2, 0], [0, 0, 1], [0, 0, -1]], np.float32)
    places, explained = principal(points)  # variances 18, 8 and 2 of 28
    assert math.isclose(explained, 26 / 28, rel_tol=1e-6)
    assert np.allclose(np.abs(places[0]), [3, 0], atol=1e-6)


def test_images_that_a_network_cannot_tell_apart_have_one_place() -> None:
    places, explained = principal(directions(np.ones((4, 5))))
    assert not places.any()
    assert explained == 1.0
    assert np.isfinite(laid_out(directions(np.ones((4, 5))), places)).all()


def test_forces_are_the_slope_of_the_divergence_summed_by_hand() -> None:
    points, _ = two_heaps(20)
    rows, columns, weights = _graph(points)
    shared = np.zeros((20, 20))
    shared[rows.numpy(), columns.numpy()] = weights.numpy()
    assert math.isclose(shared.sum(), 1, rel_tol=1e-6)
    assert np.allclose(shared, shared.T)
    places = np.random.default_rng(0).normal(size=(20, 2))
    alike = [[0.0 if i == j else 1 / (1 + math.dist(places[i], places[j]) ** 2) for j in range(20)] for i in range(20)]
    total = sum(map(sum, alike))
    by_hand = [
        [sum((shared[i, j] - alike[i][j] / total) * alike[i][j] * (places[i, axis] - places[j, axis])
             for j in range(20)) for axis in (0, 1)]
        for i in range(20)
    ]  # fmt: skip
    as_tensor = torch.from_numpy(places).float()
    found = _drawn(as_tensor, rows, columns, weights) - _pushed(as_tensor)
    assert np.allclose(found.numpy(), by_hand, atol=1e-6)


def test_pairs_of_different_blocks_push_each_other(monkeypatch) -> None:
    places = torch.from_numpy(np.random.default_rng(0).normal(size=(20, 2))).float()
    whole = _pushed(places)
    monkeypatch.setattr("engine.maps.plane.BLOCK", 7)
    assert torch.allclose(_pushed(places), whole, atol=1e-7)


def test_the_nearest_are_those_of_every_pair_looked_at() -> None:
    points, _ = two_heaps(30)
    cosines = [sum(float(a) * float(b) for a, b in zip(points[7], other, strict=True)) for other in points]
    by_hand = sorted((1 - cosine, place) for place, cosine in enumerate(cosines) if place != 7)[:5]
    places, away = nearest(points, 7, 5)
    assert places.tolist() == [place for _, place in by_hand]
    assert np.allclose(away, [distance for distance, _ in by_hand], atol=1e-6)
    assert len(nearest(points, 7, 99)[0]) == 29


def test_a_picture_that_was_turned_and_mirrored_is_turned_back() -> None:
    first = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)
    first -= first.mean(0)
    mirrored = first[:, ::-1] * [1, -1] + 5
    assert np.allclose(turned(mirrored.astype(np.float32), first), first, atol=1e-5)


def test_what_stays_alike_stays_in_place_if_the_second_begins_with_the_first() -> None:
    points, heap = two_heaps(80)
    first = laid_out(points, principal(points)[0])
    closer = directions(points + np.random.default_rng(2).normal(scale=0.02, size=points.shape))
    second = turned(laid_out(closer, first), first)
    size = first.std()
    assert np.linalg.norm(second - first, axis=1).mean() < size / 2
    assert ((second[heap == 0].mean(0) - first[heap == 0].mean(0)) ** 2).sum() < (size / 4) ** 2
