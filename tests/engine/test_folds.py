"""Folds: every training image is held out exactly once, classes stay balanced, what is too small is said by name."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InvalidExperiment
from engine.folds import divide

NAMES = ("cup", "plate", "mug")


def labels(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts).astype(np.int64)


def test_stratified_folds_cover_every_image_once() -> None:
    given = labels(12, 10, 11)
    found = divide(given, NAMES, 5, seed=0)
    assert found.description == "5 stratified folds of the training images"
    held = np.concatenate([fold.held_out for fold in found.parts])
    assert sorted(held.tolist()) == list(range(33))
    for fold in found.parts:
        assert set(fold.train.tolist()) | set(fold.held_out.tolist()) == set(range(33))
        assert not set(fold.train.tolist()) & set(fold.held_out.tolist())
        counts = np.bincount(given[fold.held_out], minlength=3)
        assert ((counts >= 2) & (counts <= 3)).all(), counts


def test_the_seed_draws_the_folds() -> None:
    given = labels(12, 12, 12)
    first, again, other = (divide(given, NAMES, 3, seed).parts[0].held_out.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_up_to_five_labels_one_image_is_left_out_at_a_time() -> None:
    found = divide(labels(5, 5, 5), NAMES, 3, seed=0)
    assert found.description == "leave-one-out over 15 training images"
    assert [fold.held_out.tolist() for fold in found.parts] == [[place] for place in range(15)]
    assert found.parts[4].train.tolist() == [0, 1, 2, 3, *range(5, 15)]
    assert len(divide(labels(5, 4, 2), NAMES, 3, seed=0)) == 11
    assert len(divide(labels(6, 6, 6), NAMES, 3, seed=0)) == 3


def test_many_classes_leave_one_image_of_each_out() -> None:
    given = labels(*[2] * 40)
    found = divide(given, [f"class {i}" for i in range(40)], 5, seed=0)
    assert len(found) == 2
    assert "80 fits per setting" in found.description
    assert "2 folds, each leaving one image per class out" in found.description
    for fold in found.parts:
        assert np.bincount(given[fold.held_out]).tolist() == [1] * 40


def test_a_class_with_one_image_is_named() -> None:
    with pytest.raises(InvalidExperiment, match="“plate” has 1 training image; cross-validation needs two") as caught:
        divide(labels(20, 1, 20), NAMES, 5, seed=0)
    assert caught.value.field == "search"


def test_a_fold_without_a_class_is_named() -> None:
    with pytest.raises(InvalidExperiment, match=r"“mug” has 4 training images.*5 folds would be without") as caught:
        divide(labels(20, 30, 4), NAMES, 5, seed=0)
    assert "at most 4 folds" in caught.value.advice
