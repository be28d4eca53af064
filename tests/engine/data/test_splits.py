"""Who trains, who validates, who tests: counts by hand, nothing in two parts, and which seed decides what."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from engine.data.splits import ClassSplit, ImageSplit, split_classes, split_images
from engine.errors import DataError, InvalidExperiment
from engine.experiment import DatasetChoice
from tests.engine.data.conftest import images, tally


def assert_apart(*parts: np.ndarray) -> None:
    for one, other in combinations(parts, 2):
        assert not set(one.tolist()) & set(other.tolist())


def test_counts_of_a_stratified_split_by_hand() -> None:
    data = images([3, 4, 5, 10, 20, 30, 137])
    split = split_images(data, DatasetChoice(), seed=0)
    assert tally(data, split.test) == [1, 1, 2, 3, 6, 9, 41]
    assert tally(data, split.validation) == [1, 1, 1, 2, 4, 6, 27]
    assert tally(data, split.train) == [1, 2, 2, 5, 10, 15, 69]
    assert_apart(split.train, split.validation, split.test)
    assert len(split.train) + len(split.validation) + len(split.test) == len(data)
    assert split.classes.tolist() == list(range(7))


def test_the_run_seed_changes_labels_but_neither_validation_nor_test() -> None:
    data = images([30] * 5)
    choice = DatasetChoice(labels_per_class=4)
    one, two = split_images(data, choice, seed=0), split_images(data, choice, seed=1)
    assert tally(data, one.train) == tally(data, two.train) == [4] * 5
    assert one.train.tolist() != two.train.tolist()
    assert one.test.tolist() == two.test.tolist()
    assert one.validation.tolist() == two.validation.tolist()
    assert one.pool == 75


def test_the_split_seed_changes_the_test_images() -> None:
    data = images([30] * 5)
    one, two = (split_images(data, DatasetChoice(split_seed=seed), seed=0) for seed in (0, 1))
    assert one.test.tolist() != two.test.tolist()


def test_more_labels_keep_those_of_fewer_and_never_leak() -> None:
    data = images([30] * 5)
    parts = [split_images(data, DatasetChoice(labels_per_class=count), seed=3) for count in (1, 2, 5, 15)]
    for fewer, more in pairwise(parts):
        assert set(fewer.train.tolist()) < set(more.train.tolist())
        assert_apart(more.train, fewer.test, fewer.validation)


def test_equal_choices_give_equal_splits() -> None:
    data = images([9, 12, 20])
    first, second = (split_images(data, DatasetChoice(labels_per_class=2), seed=5) for _ in range(2))
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(first, part), getattr(second, part))


def test_fewer_classes_keep_their_images_where_they_were() -> None:
    data = images([12] * 10)
    every = split_images(data, DatasetChoice(), seed=0)
    few = split_images(data, DatasetChoice(classes=4), seed=0)
    some = split_images(data, DatasetChoice(classes=6), seed=0)
    assert len(few.classes) == 4
    assert set(few.classes.tolist()) < set(some.classes.tolist())
    assert set(few.test.tolist()) < set(every.test.tolist())
    assert set(data.labels[few.train].tolist()) == set(few.classes.tolist())


def test_too_many_labels_names_the_class_and_the_number() -> None:
    data = images([30, 8])
    with pytest.raises(InvalidExperiment) as caught:
        split_images(data, DatasetChoice(labels_per_class=10), seed=0)
    assert str(caught.value) == (
        "10 labels per class are asked for, but “class 1” has 4 training images. Use at most 4 labels per class."
    )
    assert caught.value.field == "dataset"


def test_too_many_classes() -> None:
    with pytest.raises(InvalidExperiment, match="5 classes are asked for, but Samples has 3"):
        split_images(images([9, 9, 9]), DatasetChoice(classes=5), seed=0)


@pytest.mark.parametrize(("count", "said"), [(1, "1 image"), (2, "2 images")])
def test_a_class_of_one_or_two_images_is_too_small(count: int, said: str) -> None:
    with pytest.raises(DataError, match=f"The class “class 1” has {said}; at least 3 are needed"):
        split_images(images([9, count]), DatasetChoice(), seed=0)


def test_given_parts_are_kept() -> None:
    given = [0] * 5 + [1] * 2 + [2] * 3 + [0] * 4 + [1] * 1 + [2] * 2
    data = images([10, 7], given)
    split = split_images(data, DatasetChoice(), seed=0)
    for part, number in ((split.train, 0), (split.validation, 1), (split.test, 2)):
        assert part.tolist() == np.flatnonzero(np.array(given) == number).tolist()
    assert split.description == "as the folders say"


def test_a_missing_validation_part_is_cut_from_training() -> None:
    given = [0] * 10 + [2] * 4 + [0] * 6 + [2] * 1
    data = images([14, 7], given)
    split = split_images(data, DatasetChoice(split="given"), seed=0)
    assert tally(data, split.validation) == [2, 1]
    assert tally(data, split.train) == [8, 5]
    assert split.test.tolist() == np.flatnonzero(np.array(given) == 2).tolist()
    assert_apart(split.train, split.validation, split.test)


def test_a_missing_test_part_is_cut_from_training() -> None:
    data = images([12, 12], ([0] * 10 + [1] * 2) * 2)
    split = split_images(data, DatasetChoice(), seed=0)
    assert tally(data, split.test) == [3, 3]
    assert tally(data, split.train) == [7, 7]
    assert tally(data, split.validation) == [2, 2]
    assert_apart(split.train, split.validation, split.test)


def test_given_parts_can_be_pooled_again() -> None:
    data = images([10, 10], ([0] * 9 + [2]) * 2)
    assert tally(data, split_images(data, DatasetChoice(split="stratified"), seed=0).test) == [3, 3]


def test_a_class_without_training_images() -> None:
    with pytest.raises(DataError, match="The class “class 1” has 0 training images"):
        split_images(images([4, 2], [0, 0, 1, 2, 2, 2]), DatasetChoice(), seed=0)


def test_given_split_where_there_is_none() -> None:
    with pytest.raises(InvalidExperiment, match="Samples has no folders for training and test"):
        split_images(images([9, 9]), DatasetChoice(split="given"), seed=0)


@pytest.mark.parametrize("split", ["random-classes", "by-alphabet", "in-each-group"])
def test_classes_are_not_divided_for_fine_tuning(split: str) -> None:
    with pytest.raises(InvalidExperiment, match="divides classes"):
        split_images(images([9, 9]), DatasetChoice(split=split), seed=0)


@pytest.mark.parametrize("split", ["stratified", "given"])
def test_images_are_not_divided_for_meta_learning(split: str) -> None:
    with pytest.raises(InvalidExperiment, match="divides examples"):
        split_classes(images([9] * 20), DatasetChoice(split=split))


def sizes(split: ClassSplit) -> tuple[int, int, int]:
    assert_apart(split.train, split.validation, split.test)
    return len(split.train), len(split.validation), len(split.test)


@pytest.mark.parametrize(
    ("count", "expected"), [(6, (2, 2, 2)), (20, (12, 3, 5)), (100, (60, 15, 25)), (240, (144, 36, 60))]
)
def test_random_classes_by_hand(count: int, expected: tuple[int, int, int]) -> None:
    split = split_classes(images([3] * count), DatasetChoice())
    assert sizes(split) == expected
    assert sum(expected) == count
    assert not split.rotations


def test_random_classes_follow_the_split_seed() -> None:
    data = images([3] * 40)
    one, again, two = (split_classes(data, DatasetChoice(split_seed=seed)) for seed in (0, 0, 1))
    assert one.test.tolist() == again.test.tolist() != two.test.tolist()


def test_too_few_classes_to_divide() -> None:
    with pytest.raises(InvalidExperiment, match="has 5 classes; meta-learning needs at least 6"):
        split_classes(images([9] * 5), DatasetChoice())


def test_the_papers_division_of_omniglot() -> None:
    alphabets = tuple(f"alphabet {place % 50}" for place in range(1623))
    data = images([1] * 1623, alphabets=alphabets, usual=(1100, 100))
    split = split_classes(data, DatasetChoice(name="omniglot", path="x"))
    assert sizes(split) == (1100, 100, 423)
    assert split.rotations


def test_by_alphabet_shares_no_alphabet() -> None:
    alphabets = tuple(f"alphabet {place % 20}" for place in range(100))
    held_out = frozenset(f"alphabet {place}" for place in range(12, 20))
    data = images([1] * 100, alphabets=alphabets, held_out=held_out)
    split = split_classes(data, DatasetChoice(split="by-alphabet"))
    groups = [{alphabets[place] for place in part} for part in (split.train, split.validation, split.test)]
    assert [len(group) for group in groups] == [7, 5, 8]
    assert groups[2] == held_out
    assert not groups[0] & groups[1]
    assert sizes(split) == (35, 25, 40)
    assert "by alphabet, 7/5/8 alphabets" in split.description


def test_by_alphabet_where_none_are_set_aside() -> None:
    alphabets = tuple(f"alphabet {place % 8}" for place in range(40))
    split = split_classes(images([1] * 40, alphabets=alphabets), DatasetChoice(split="by-alphabet"))
    assert sizes(split) == (25, 5, 10)


@pytest.mark.parametrize(
    ("count", "expected"), [(6, (2, 2, 2)), (15, (5, 5, 5)), (20, (10, 5, 5)), (40, (24, 6, 10)), (3, (1, 1, 1))]
)
def test_in_each_group_every_group_is_divided_alike(count: int, expected: tuple[int, int, int]) -> None:
    """So that 5-way tasks within one group can be drawn in every part where a group has 15 classes."""
    groups = 4
    alphabets = tuple(f"alphabet {place % groups}" for place in range(groups * count)) + ("large",) * 20
    split = split_classes(images([1] * len(alphabets), alphabets=alphabets), DatasetChoice(split="in-each-group"))
    assert sizes(split) == tuple(groups * own + large for own, large in zip(expected, (10, 5, 5), strict=True))
    for part, own in zip((split.train, split.validation, split.test), expected, strict=True):
        assert [[alphabets[place] for place in part].count(f"alphabet {one}") for one in range(groups)] == [own] * 4
    assert "classes of each alphabet" in split.description


def test_in_each_group_follows_the_split_seed_and_refuses_what_has_no_groups_to_divide() -> None:
    data = images([1] * 40, alphabets=tuple(f"alphabet {place % 4}" for place in range(40)))
    one, again, two = (split_classes(data, DatasetChoice(split="in-each-group", split_seed=seed)) for seed in (0, 0, 1))
    assert one.test.tolist() == again.test.tolist() != two.test.tolist()
    with pytest.raises(InvalidExperiment, match="has no groups whose classes could be divided"):
        split_classes(images([3] * 10), DatasetChoice(split="in-each-group"))
    small = images([1] * 10, alphabets=tuple(f"alphabet {place % 2}" for place in range(10)))
    with pytest.raises(InvalidExperiment, match="No alphabet of Samples has six classes"):
        split_classes(small, DatasetChoice(split="in-each-group"))


def test_by_alphabet_without_alphabets() -> None:
    with pytest.raises(InvalidExperiment, match="has no alphabets to split by"):
        split_classes(images([3] * 10), DatasetChoice(split="by-alphabet"))


def test_too_few_alphabets() -> None:
    data = images([1] * 4, alphabets=("a", "a", "b", "b"))
    with pytest.raises(InvalidExperiment, match="The 2 alphabets of Samples are too few"):
        split_classes(data, DatasetChoice(split="by-alphabet"))


def test_labels_are_positions_among_the_classes() -> None:
    data = images([12] * 10)
    split: ImageSplit = split_images(data, DatasetChoice(classes=3), seed=0)
    positions = np.searchsorted(split.classes, data.labels[split.train])
    assert sorted(set(positions.tolist())) == [0, 1, 2]
