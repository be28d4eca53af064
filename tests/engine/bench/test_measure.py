"""Which images are labelled, how they are held out, and which head is chosen."""

from __future__ import annotations

import numpy as np
import pytest

from engine.bench.draws import LabelCount, draw, plan
from engine.bench.measure import Benched, FeaturePart, HeadCell, best, folds_of, measuring
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice
from engine.heads.nearest_mean import NearestMean, NearestMeanCosine

NAMES = ("a", "b")


def count(labels: int | None, position: int = 0) -> LabelCount:
    return LabelCount(labels, position or labels or 0, labels is None)


def test_counts_that_a_class_cannot_fill_are_left_out_and_named() -> None:
    counts, left = plan((1, 2, 5, None), np.array([0] * 3 + [1] * 8), NAMES)
    assert [(c.labels, c.position, c.same) for c in counts] == [(1, 1, False), (2, 2, False), (None, 6, True)]
    assert left == ["5 labels per class are left out: “a” has 3 training examples."]


def test_as_many_labels_as_there_are_is_said_once() -> None:
    counts, _ = plan((1, 5, None), np.repeat([0, 1], 5), NAMES)
    assert [c.words for c in counts] == ["1 label", "all labels"]
    counts, _ = plan((1, 5), np.repeat([0, 1], 5), NAMES)
    assert [(c.words, c.same) for c in counts] == [("1 label", False), ("5 labels", True)]


def test_no_count_that_can_be_filled_is_a_sentence() -> None:
    with pytest.raises(InvalidExperiment, match=r"“a” has 1 training example. Choose at most 1 labels"):
        plan((2, 5), np.array([0, 1, 1]), NAMES)


def test_the_first_draw_is_the_one_that_other_methods_get() -> None:
    choice = DatasetChoice(name="glyphs", classes=7)
    data = load(choice)
    pool = split_images(data, choice, 4).train
    others = split_images(data, choice.model_copy(update={"labels_per_class": 3}), 4).train
    mine = pool[draw(pool, data.labels[pool], count(3), 4, 0)]
    assert sorted(mine) == sorted(others)
    again = pool[draw(pool, data.labels[pool], count(3), 4, 1)]
    assert sorted(again) != sorted(others)
    assert np.bincount(data.labels[again]).max() == 3
    assert set(draw(pool, data.labels[pool], count(2), 4, 1)) < set(draw(pool, data.labels[pool], count(3), 4, 1))


def test_few_labels_are_held_out_one_image_of_every_class_at_a_time() -> None:
    labels = np.array([0, 1, 0, 1, 0, 1])
    parts, words = folds_of(labels, 2, 0)
    assert sorted(np.concatenate(parts)) == list(range(6))
    assert [sorted(labels[part]) for part in parts] == [[0, 1]] * 3
    assert words == "leave-one-out, one of every class at a time"


def test_many_labels_are_held_out_in_five_stratified_folds() -> None:
    labels = np.repeat([0, 1], [20, 11])
    parts, words = folds_of(labels, 2, 0)
    assert sorted(np.concatenate(parts)) == list(range(31))
    assert [int((labels[part] == 0).sum()) for part in parts] == [4] * 5
    assert words == "5 stratified folds"
    assert folds_of(np.array([0, 1, 1]), 2, 0) == ([], "")


def bench() -> Benched:
    """One feature that tells two classes apart, but for one test image of four."""
    train = FeaturePart(np.array([[0.0], [0.2], [4.0], [4.4]], np.float32), np.array([0, 0, 1, 1]), np.arange(4))
    test = FeaturePart(np.array([[0.1], [1.0], [4.1], [0.5]], np.float32), np.array([0, 0, 1, 1]), np.arange(4, 8))
    return Benched(train, test, NAMES, train.labels)


@pytest.mark.anchors("head_bench")
def test_a_cell_has_one_accuracy_per_draw_and_the_predictions_of_the_first() -> None:
    cell = HeadCell(NearestMean(), count(1))
    assert list(measuring(cell, bench(), 0, 3))
    assert cell.accuracies == [0.75] * 3
    assert list(cell.predicted if cell.predicted is not None else ()) == [0, 0, 1, 0]
    assert not cell.fold_accuracies
    all_labels = HeadCell(NearestMean(), count(None, 2))
    list(measuring(all_labels, bench(), 0, 3))
    assert (all_labels.accuracies, all_labels.fold_accuracies) == ([0.75], [1.0])


def test_cross_validation_chooses_and_the_test_does_not() -> None:
    simple, other = HeadCell(NearestMean(), count(5)), HeadCell(NearestMeanCosine(), count(5))
    few = HeadCell(NearestMeanCosine(), count(1))
    simple.accuracies, other.accuracies, few.accuracies = [0.9], [0.5], [0.99]
    simple.fold_accuracies, other.fold_accuracies, few.fold_accuracies = [0.6], [0.7], [0.95]
    assert best([few, simple, other]) is other
    other.fold_accuracies = [0.6]
    assert best([few, simple, other]) is simple  # of equals the simpler one
    simple.fold_accuracies, other.fold_accuracies, other.accuracies = [], [], [1.0]
    assert best([simple, other]) is simple


class Watching(NearestMean):
    """Remembers which images it was tuned on, by their first feature."""

    def __init__(self, seen: list[set[float]]) -> None:
        self.seen = seen

    def tuned(self, features: np.ndarray, labels: np.ndarray, classes: int, seed: int) -> Watching:
        self.seen.append(set(features[:, 0].tolist()))
        return self


@pytest.mark.parametrize("labels", [3, 8])
def test_settings_are_chosen_anew_in_each_fold_without_the_images_that_judge_them(labels: int) -> None:
    """Every image is its own number: one tuning on all of them, then one for each fold on what it learns from."""
    y = np.repeat([0, 1], labels)
    train = FeaturePart(np.arange(2.0 * labels)[:, None].astype(np.float32), y, np.arange(2 * labels))
    on = Benched(train, train, NAMES, y)
    seen: list[set[float]] = []
    watching = Watching(seen)
    watching.standardised = False  # type: ignore[misc]
    list(measuring(HeadCell(watching, LabelCount(None, labels, True)), on, 0, 1))
    everything = set(train.features[:, 0].tolist())
    assert seen[0] == everything
    held_out = [set(train.features[places, 0].tolist()) for places in folds_of(y, 2, 0)[0]]
    assert [everything - found for found in seen[1:]] == held_out
