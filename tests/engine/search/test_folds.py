"""Folds: every training image is held out exactly once, classes stay balanced, what is too small is said by name."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import InvalidExperiment
from engine.search.folds import divide, for_labels

NAMES = ("cup", "plate", "mug")


def labels(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts).astype(np.int64)


def test_stratified_folds_cover_every_image_once() -> None:
    given = labels(12, 10, 11)
    found = divide(given, NAMES, 5, seed=0)
    assert found.description == "5 stratified folds of the training examples"
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


@pytest.mark.parametrize("count", [2, 3, 4, 5])
@pytest.mark.parametrize("classes", [2, 3, 40])
def test_up_to_five_labels_one_image_of_every_class_is_left_out_at_a_time(count: int, classes: int) -> None:
    given = labels(*[count] * classes)
    found = divide(given, [f"class {i}" for i in range(classes)], 3, seed=0)
    assert found.description == "leave-one-out, one example of every class at a time"
    assert len(found) == count
    held = np.concatenate([fold.held_out for fold in found.parts])
    assert sorted(held.tolist()) == list(range(count * classes))
    for fold in found.parts:
        assert np.bincount(given[fold.held_out]).tolist() == [1] * classes
        assert np.bincount(given[fold.train]).tolist() == [count - 1] * classes


def test_few_uneven_labels_have_as_many_folds_as_the_smallest_class() -> None:
    assert len(found := divide(labels(5, 4, 2), NAMES, 3, seed=0)) == 2
    assert found.description == "2 stratified folds of the training examples"
    assert len(divide(labels(6, 6, 6), NAMES, 3, seed=0)) == 3


def test_what_a_form_says_before_the_data_are_read_is_what_the_run_does() -> None:
    for count in (2, 5, 6, 20):
        found = divide(labels(count, count, count), NAMES, 5, seed=0)
        assert for_labels(count, 5) == (len(found), found.description)
    assert for_labels(None, 7) == (7, "7 stratified folds of the training examples")
    with pytest.raises(InvalidExperiment, match="“Each class” has 1 training example"):
        for_labels(1, 5)


def test_a_class_with_one_image_is_named() -> None:
    with pytest.raises(InvalidExperiment, match="“plate” has 1 training example; cross-validation needs two") as caught:
        divide(labels(20, 1, 20), NAMES, 5, seed=0)
    assert caught.value.field == "search"


def test_a_fold_without_a_class_is_named() -> None:
    with pytest.raises(InvalidExperiment, match=r"“mug” has 4 training examples.*5 folds would be without") as caught:
        divide(labels(20, 30, 4), NAMES, 5, seed=0)
    assert "at most 4 folds" in caught.value.advice
