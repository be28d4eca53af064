"""A source half to pretrain on and a target half to transfer to; and fewer validation images."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine.data.images import ImageSet
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_classes, split_images
from engine.errors import DataError, InvalidExperiment
from engine.experiment import DatasetChoice
from tests.engine.data.conftest import images, tally

SOURCE, TARGET = "source half", "target half"


def split(data: ImageSet, seed: int = 0, **wanted: object) -> ImageSplit:
    return split_images(data, DatasetChoice.model_validate(wanted), seed)


def parts(found: ImageSplit) -> tuple[set[int], set[int], set[int]]:
    return set(found.train.tolist()), set(found.validation.tolist()), set(found.test.tolist())


def test_halves_share_no_image_and_leave_none_out() -> None:
    data = images([20, 31, 12])
    every = [part for half in (SOURCE, TARGET) for part in parts(split(data, part=half))]
    for one, other in combinations(every, 2):
        assert not one & other
    assert set().union(*every) == set(range(len(data)))


def test_counts_of_the_halves_by_hand() -> None:
    """20, 31 and 12 images: source 10, 16, 6, target 10, 15, 6; each 50/20/30 %, the rest to learn from."""
    data = images([20, 31, 12])
    source, target = split(data, part=SOURCE), split(data, part=TARGET)
    assert [tally(data, part) for part in (source.test, target.test)] == [[3, 5, 2], [3, 5, 2]]
    assert [tally(data, part) for part in (source.validation, target.validation)] == [[2, 3, 1], [2, 3, 1]]
    assert [tally(data, part) for part in (source.train, target.train)] == [[5, 8, 3], [5, 7, 3]]
    assert source.description == "stratified, 50/20/30 % of each class, of the source half"


def test_halves_follow_the_split_seed_alone() -> None:
    data = load(DatasetChoice(name="digits"))
    first, again = (parts(split(data, seed, name="digits", part=SOURCE)) for seed in (0, 7))
    assert first == again
    assert parts(split(data, name="digits", part=SOURCE, split_seed=1)) != first


def test_labels_are_drawn_within_the_half() -> None:
    data = load(DatasetChoice(name="digits"))
    whole = split(data, name="digits", part=TARGET)
    few = split(data, name="digits", part=TARGET, labels_per_class=5)
    assert set(few.train.tolist()) < set(whole.train.tolist())
    assert len(few.train) == 50
    assert few.test.tolist() == whole.test.tolist()


def test_given_parts_are_halved_one_by_one() -> None:
    data = images([15, 10], [0] * 8 + [1] * 4 + [2] * 3 + [0] * 4 + [1] * 2 + [2] * 4)
    source, target = split(data, part=SOURCE), split(data, part=TARGET)
    assert [tally(data, part) for part in (source.train, source.validation, source.test)] == [[4, 2], [2, 1], [2, 2]]
    assert [tally(data, part) for part in (target.train, target.validation, target.test)] == [[4, 2], [2, 1], [1, 2]]
    assert source.description == "as the folders say, of the source half"
    pooled = split(data, part=SOURCE, split="stratified")
    assert tally(data, np.concatenate([pooled.train, pooled.validation, pooled.test])) == [8, 5]


def test_without_a_half_nothing_changes() -> None:
    data = images([20, 31, 12])
    assert parts(split(data)) == parts(split(data, part=None))
    assert tally(data, split(data).test) == [6, 9, 4]


def test_a_class_too_small_to_halve_is_named() -> None:
    with pytest.raises(DataError) as caught:
        split(images([9, 5]), part=TARGET)
    assert str(caught.value) == (
        "The target half of the class “class 1” has 2 images; at least 3 are needed to train, validate and test. "
        "Add images to it, or use all images instead of a half."
    )
    with pytest.raises(DataError, match="The source half of the class “class 0” has 1 training image; at least 2"):
        split(images([6, 9], [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1]), part=SOURCE, split="given")


def test_more_labels_than_a_half_has_are_named() -> None:
    with pytest.raises(InvalidExperiment) as caught:
        split(images([40, 20]), part=TARGET, labels_per_class=6)
    assert str(caught.value) == (
        "6 labels per class are asked for, but the target half of “class 1” has 5 training images. "
        "Use at most 5 labels per class."
    )


def test_fewer_validation_images_touch_nothing_else() -> None:
    data = images([30, 60])
    every = split(data)
    few, fewer = split(data, validation_per_class=4), split(data, validation_per_class=1)
    assert tally(data, few.validation) == [4, 4]
    assert tally(data, fewer.validation) == [1, 1]
    assert parts(fewer)[1] < parts(few)[1] < parts(every)[1]
    for found in (few, fewer):
        assert found.train.tolist() == every.train.tolist()
        assert found.test.tolist() == every.test.tolist()
        assert found.pool == every.pool


def test_more_validation_images_than_there_are_means_all() -> None:
    data = images([10, 60])
    assert tally(data, split(data, validation_per_class=5).validation) == [2, 5]


def test_given_validation_images_can_be_fewer_too() -> None:
    data = images([10, 10], ([0] * 5 + [1] * 3 + [2] * 2) * 2)
    assert tally(data, split(data, validation_per_class=2).validation) == [2, 2]


def test_halves_are_not_for_meta_learning() -> None:
    with pytest.raises(InvalidExperiment, match="meta-learning divides whole classes"):
        split_classes(images([9] * 12), DatasetChoice(part=SOURCE))
