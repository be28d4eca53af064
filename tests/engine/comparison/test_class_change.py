"""Classes set against each other on the same images, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.class_change import FoundShares, class_changes, sign_test

NAMES = ("ash", "birch", "cedar", "none")


def test_a_coin_decides_how_unusual_a_split_is() -> None:
    """10 to 0: 2 of 1,024. 8 to 2: 2 (1 + 10 + 45) of 1,024. 3 to 3 is what coins give."""
    assert sign_test(10, 0) == sign_test(0, 10) == 2 / 1024
    assert sign_test(8, 2) == 112 / 1024
    assert sign_test(3, 3) == 1.0
    assert sign_test(0, 0) == 1.0
    assert 0 < sign_test(900, 700) < 1e-6


def test_each_class_is_counted_image_by_image() -> None:
    ids = np.arange(9)
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
    first = FoundShares.of(ids, truth, np.array([0, 1, 1, 2, 1, 1, 0, 2, 2]))
    order = np.argsort(-ids)
    second = FoundShares.of(ids[order], truth[order], np.array([0, 0, 0, 1, 1, 0, 0, 2, 2])[order])
    ash, birch, cedar = class_changes(first, second, NAMES)
    assert (ash.n, ash.before, ash.after, ash.better, ash.worse) == (4, 0.25, 0.75, 2, 0)
    assert (birch.n, birch.better, birch.worse) == (3, 0, 1)
    assert birch.change == pytest.approx(-1 / 3)
    assert (cedar.change, cedar.better, cedar.worse, cedar.p) == (0.0, 0, 0, 1.0)
    assert ash.p == 1.0  # half by a coin, times three classes
    assert not ash.sure


def test_seeds_are_averaged_and_images_that_one_side_lacks_are_left_out() -> None:
    """Image 0: found by 1 of 2 seeds before, by 2 of 2 after. Image 5 was tested by the first side alone."""
    first = FoundShares.of(np.array([0, 1, 0, 1, 5]), np.array([0, 0, 0, 0, 1]), np.array([0, 1, 1, 1, 1]))
    second = FoundShares.of(np.array([0, 1, 0, 1]), np.zeros(4, np.int64), np.array([0, 1, 0, 1]))
    (ash,) = class_changes(first, second, NAMES)
    assert (ash.n, ash.before, ash.after, ash.better, ash.worse) == (2, 0.25, 0.5, 1, 0)
    nothing = FoundShares.of(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert class_changes(first, nothing, NAMES) == []


def test_of_many_classes_that_differ_by_luck_hardly_one_is_called_sure() -> None:
    """With Holm's correction in at most 5 of 100 such comparisons; without it in nearly all."""
    rng, called, single = np.random.default_rng(0), 0, 0
    truth = np.repeat(np.arange(50), 40)
    names = [str(place) for place in range(50)]
    for _ in range(100):
        sides = [np.where(rng.random(2000) < 0.7, truth, (truth + 1) % 50) for _ in range(2)]
        found = class_changes(*(FoundShares.of(np.arange(2000), truth, one) for one in sides), names)
        called += any(one.sure for one in found)
        single += any(sign_test(one.better, one.worse) < 0.05 for one in found)
    assert called <= 10
    assert single >= 60
