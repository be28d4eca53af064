"""What a run makes of each class and of each image, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.answers import Answers
from engine.comparison.examined import ALL, ALWAYS, APART, AS_LISTED, GIVEN, LOSS, MISSED, RIGHT, SURE, UNSURE, Examined
from engine.comparison.per_class import confused_pairs, confusion, folded, groups, per_class

NAMES = ("ash", "birch", "cedar")
TRUTH = np.array([0, 0, 0, 0, 1, 1, 2])
GUESS = np.array([0, 0, 0, 1, 1, 0, 0])


def test_each_class_is_counted_and_has_wilson_s_intervals() -> None:
    """3 of 4: (0.75 + z²/8 ± z sqrt(0.75·0.25/4 + z²/64)) / (1 + z²/4), z = 1.96: 30.06 to 95.44 %. 3 of 5: 23.07 to
    88.24 %. 0 of 1: 0 to z²/(1 + z²) = 79.35 %."""
    ash, birch, cedar = per_class(confusion(TRUTH, GUESS, 3), NAMES)
    assert (ash.n, ash.missed, ash.wrongly_given) == (4, 1, 2)
    assert ash.recall is not None
    assert ash.precision is not None
    assert (ash.recall.low, ash.recall.high) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert (ash.precision.value, ash.precision.low, ash.precision.high) == pytest.approx(
        (0.6, 0.2307, 0.8824), abs=1e-4
    )
    assert (birch.n, birch.missed, birch.wrongly_given) == (2, 1, 1)
    assert (cedar.n, cedar.missed, cedar.given, cedar.precision) == (1, 1, 0, None)
    assert cedar.recall is not None
    assert cedar.recall.high == pytest.approx(0.7935, abs=1e-4)
    (empty,) = per_class(np.zeros((1, 1), np.int64), ["none"])
    assert empty.recall is None


def test_images_of_one_class_alone_tell_nothing_of_precision() -> None:
    """Nothing else could be taken for it: 100 % would be said of every network."""
    ash, birch, _ = per_class(confusion(np.zeros(5, np.int64), np.array([0, 0, 0, 1, 0]), 3), NAMES)
    assert ash.recall is not None
    assert ash.recall.value == 0.8
    assert (ash.precision, birch.precision) == (None, None)
    assert birch.wrongly_given == 1


def test_pairs_come_by_how_often_they_are_confused() -> None:
    counts = np.array([[5, 2, 0], [7, 5, 0], [1, 0, 0]])
    assert confused_pairs(counts, 2) == [(1, 0, 7), (0, 1, 2)]
    assert confused_pairs(counts, 9) == [(1, 0, 7), (0, 1, 2), (2, 0, 1)]
    assert confused_pairs(np.diag([3, 4]), 5) == []


@pytest.mark.parametrize("classes", [1, 2, 20, 21, 101])
def test_a_folded_matrix_holds_every_image_once(classes: int) -> None:
    draws = np.random.default_rng(classes)
    counts = confusion(draws.integers(0, classes, 500), draws.integers(0, classes, 500), classes)
    parts = groups(counts, 20)
    small = folded(counts, parts)
    assert small.sum() == 500
    assert len(parts) == (classes if classes <= 20 else 21)
    assert sorted(np.concatenate(parts)) == list(range(classes))
    assert small[0, 0] == counts[np.ix_(parts[0], parts[0])].sum()
    if classes > 20:
        mistaken = counts.sum(1) + counts.sum(0) - 2 * np.diag(counts)
        assert mistaken[np.concatenate(parts[:-1])].min() >= mistaken[parts[-1]].max()


def examined(seeds: int = 3) -> Examined:
    """The seven images; the second seed has the last two otherwise, the third is right about all but the fourth."""
    chances = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.95, 0.99])
    answers = Answers(
        np.arange(7), GUESS[:, None], chances[:, None], np.where(GUESS == TRUTH, chances, 1 - chances), np.zeros(0), 64
    )
    second, third = GUESS.copy(), TRUTH.copy()
    second[-1], third[3] = 1, 1
    return Examined(NAMES, np.arange(10, 17), TRUTH, GUESS, answers, np.array([second, third])[: seeds - 1])


def test_an_outcome_of_a_class_is_its_images_alone() -> None:
    of = examined()
    assert of.places(ALL).tolist() == list(range(7))
    assert of.places(RIGHT, [0]).tolist() == [0, 1, 2]
    assert of.places(MISSED, [0]).tolist() == [3]
    assert of.places(GIVEN, [0]).tolist() == [5, 6]
    assert of.places(ALL, [1, 2], [0]).tolist() == [5, 6]  # a cell, here of two classes together
    assert of.places(MISSED).tolist() == of.places(GIVEN).tolist() == [3, 5, 6]


def test_images_stand_in_the_order_that_was_asked_for() -> None:
    of, wrong = examined(), np.array([3, 5, 6])
    assert of.ordered(wrong, AS_LISTED).tolist() == [3, 5, 6]
    assert of.ordered(wrong, SURE).tolist() == of.ordered(wrong, LOSS).tolist() == [6, 5, 3]
    assert of.ordered(wrong, UNSURE).tolist() == [3, 5, 6]
    assert of.agreeing.tolist() == [3, 3, 3, 3, 3, 2, 1]  # 0 1 2 of the last image
    assert of.ordered(of.places(ALL), APART).tolist()[:2] == [6, 5]


def test_what_every_seed_gets_wrong_comes_by_agreement_then_by_confidence() -> None:
    of = examined()
    assert of.wrong_in.tolist() == [0, 0, 0, 3, 0, 2, 2]
    assert of.places(ALWAYS).tolist() == of.label_errors().tolist() == [3]
    two = examined(seeds=2)
    assert two.seeds == 2
    assert two.label_errors().tolist() == [5, 3, 6]  # of 6 the seeds say different things
    alone = Examined(NAMES, of.ids, TRUTH, GUESS)
    assert (alone.seeds, alone.label_errors().tolist()) == (1, [3, 5, 6])
    assert alone.ordered(np.array([3, 6]), LOSS).tolist() == [3, 6]  # not known: as it was
    assert alone.chances(0) == ()
    assert of.chances(0) == (("ash", 0.9),)
