"""Dividing images into training, validation and test, and classes into those of meta-training and meta-test.

`dataset.split_seed` decides every division and the choice of classes; the run's own seed decides only which training
images carry labels, so that all seeds of a run meet the same test images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.duplicates import without_copies
from engine.data.examples import members
from engine.data.group_splits import divided_groups, divided_within
from engine.data.labelled_set import LabelledSet
from engine.data.unlabelled import SOURCE, set_aside
from engine.errors import DataError, InvalidExperiment
from engine.experiment import DatasetChoice

Indices = NDArray[np.int64]
TRAIN, VALIDATION, TEST = 0, 1, 2
BY_CLASS = ("random-classes", "by-alphabet", "by-region", "in-each-group")  # splits that divide classes, not images


@dataclass(frozen=True, eq=False)
class ImageSplit:
    """Image indices, int64, ascending by class. classes: int64 ids of the chosen classes, ascending; the label of an
    image in the run is the position of its class there. pool: labelled training images there were to choose from.
    left_out: validation and test images that `leave_out` took away."""

    train: Indices
    validation: Indices
    test: Indices
    classes: Indices
    description: str
    pool: int
    left_out: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class ClassSplit:
    """Class ids, int64, ascending, no class in two of them. rotations: training classes also count turned by 90, 180
    and 270 degrees, as classes of their own; validation and test classes are never turned."""

    train: Indices
    validation: Indices
    test: Indices
    rotations: bool
    description: str


def choose_classes(data: LabelledSet, choice: DatasetChoice) -> Indices:
    """int64 ids of the classes in use, ascending. A larger `classes` keeps those of a smaller one."""
    available = len(data.class_names)
    if choice.classes is None:
        return np.arange(available, dtype=np.int64)
    if choice.classes > available:
        raise InvalidExperiment(
            f"{choice.classes} classes are asked for, but {data.title} has {available}.",
            f"Use at most {available} classes.", "dataset",
        )  # fmt: skip
    order = np.random.default_rng([choice.split_seed, 1]).permutation(available)
    return np.sort(order[: choice.classes]).astype(np.int64)


def split_images(data: LabelledSet, choice: DatasetChoice, seed: int) -> ImageSplit:
    """Training, validation and test images of the chosen classes, 50/20/30 % of each class or as the folders say.

    A missing validation or test part is cut from the training part. `part` first takes one half of each class (and of
    each part the folders give), the same halves for all runs on one split seed. `seed` draws the `labels_per_class`
    images that keep their label; more labels keep those of fewer. Validation images above `validation_per_class` are
    left out altogether, so that neither labels nor test images depend on it. `leave_out` takes away test images that
    are copies of images of any other part, and validation images that are of training images, labelled or not.
    Images without labels are all learnt from, but for a few to look at. Raises `InvalidExperiment`, `DataError`.
    """
    if not data.labelled:
        train, validation, words = set_aside(data, choice)
        return ImageSplit(train, validation, np.zeros(0, np.int64), np.zeros(1, np.int64), words, len(train))
    given = _uses_given(data, choice)
    classes = choose_classes(data, choice)
    present, of_each = _present(data), zip(classes.tolist(), members(data.labels, classes), strict=True)
    divided = [_divide_class(data, class_id, found, choice, given, present) for class_id, found in of_each]
    divided, left_out = without_copies(data, choice, divided)
    parts: tuple[list[Indices], list[Indices], list[Indices]] = ([], [], [])
    for class_id, (learning, validating, testing) in zip(classes.tolist(), divided, strict=True):
        labelled = _labelled(data, class_id, learning, choice, seed)
        for part, indices in zip(parts, (labelled, validating[: choice.validation_per_class], testing), strict=True):
            part.append(np.sort(indices))
    train, validation, test = (np.concatenate(part) for part in parts)
    words = data.given_words if given else "stratified, 50/20/30 % of each class"
    words += f", of the {choice.part}" if choice.part else ""
    words += f", without {choice.leave_out}" if choice.leave_out else ""
    pool = sum(len(learning) for learning, _, _ in divided)
    return ImageSplit(train, validation, test, classes, words, pool, left_out)


def _uses_given(data: LabelledSet, choice: DatasetChoice) -> bool:
    if choice.split in BY_CLASS:
        raise InvalidExperiment(
            f"The split “{choice.split}” divides classes, which only meta-learning does.",
            "Choose “stratified”, or leave the split empty.", "dataset",
        )  # fmt: skip
    if choice.split == "given" and data.given_split is None:
        raise InvalidExperiment(
            f"{data.title} has no folders for training and test.", "Choose the split “stratified”.", "dataset"
        )
    if data.given_classes is not None and choice.split != "stratified" and _parts_are_of_classes(data):
        sizes = np.bincount(data.given_classes, minlength=3)
        raise InvalidExperiment(
            f"The folders of {data.title} hold different classes to train ({sizes[TRAIN]}), validate "
            f"({sizes[VALIDATION]}) and test ({sizes[TEST]}), as few-shot data do, so none could be learnt and tested.",
            "Choose a meta-learner, or the split “stratified”, which divides the examples of each class.", "dataset",
        )  # fmt: skip
    return data.given_split is not None and choice.split != "stratified"


def _parts_are_of_classes(data: LabelledSet) -> bool:
    """Whether no class has images in two of the given parts, so that they divide nothing but classes."""
    if data.given_split is None or data.given_classes is None:
        return False
    return bool((data.given_split == data.given_classes[data.labels]).all())


def _present(data: LabelledSet) -> frozenset[int]:
    """The parts that the folders give at all."""
    return frozenset() if data.given_split is None else frozenset(np.unique(data.given_split).tolist())


def _divide_class(
    data: LabelledSet, class_id: int, found: Indices, choice: DatasetChoice, given: bool, present: frozenset[int]
) -> tuple[Indices, Indices, Indices]:
    """found: the images of the class; present: the parts that the folders give."""
    used = _used(data, class_id, found, choice, given)
    order = np.random.default_rng([choice.split_seed, 2, class_id]).permutation(used)
    if not given or data.given_split is None:
        if len(used) < 3:
            raise _too_few(data, class_id, choice, len(used), 3)
        return _cut(order, (3 * len(order) + 5) // 10, (2 * len(order) + 5) // 10)
    train, validation, test = (order[data.given_split[order] == part] for part in (TRAIN, VALIDATION, TEST))
    missing = [part for part in (VALIDATION, TEST) if part not in present]
    if len(train) < 1 + len(missing):
        raise _too_few(data, class_id, choice, len(train), 1 + len(missing), "training ")
    size = len(train)
    rest, cut_validation, cut_test = _cut(
        train, (3 * size + 5) // 10 if TEST in missing else 0, (2 * size + 5) // 10 if VALIDATION in missing else 0,
        tuple(part in missing for part in (VALIDATION, TEST)),
    )  # fmt: skip
    return (rest, cut_validation if VALIDATION in missing else validation, cut_test if TEST in missing else test)


def _used(data: LabelledSet, class_id: int, found: Indices, choice: DatasetChoice, given: bool) -> Indices:
    """The images of a class, or of its chosen half: half of each given part, the odd one in the source half."""
    if choice.part is None:
        return found
    order = np.random.default_rng([choice.split_seed, 9, class_id]).permutation(found)
    parts = data.given_split[order] if given and data.given_split is not None else np.zeros(len(order), np.int8)
    halves = [np.array_split(order[parts == part], 2) for part in (TRAIN, VALIDATION, TEST)]
    chosen = [half[0 if choice.part == SOURCE else 1] for half in halves]
    return np.sort(np.concatenate(chosen))


def _cut(
    order: Indices, test: int, validation: int, needed: tuple[bool, ...] = (True, True)
) -> tuple[Indices, Indices, Indices]:
    """`order` cut into the rest, `validation` and `test` images, at least one of each that is `needed`."""
    validation, test = max(validation, int(needed[0])), max(test, int(needed[1]))
    return order[test + validation :], order[test : test + validation], order[:test]


def _too_few(
    data: LabelledSet, class_id: int, choice: DatasetChoice, have: int, need: int, kind: str = ""
) -> DataError:
    where = f"The {choice.part} of the class" if choice.part else "The class"
    return DataError(
        f"{where} “{data.class_names[class_id]}” has {data.said(have, kind)}; "
        f"at least {need} are needed to train, validate and test.",
        f"Add {data.what} to it, or use all {data.what} instead of a half."
        if choice.part
        else f"Add {data.what} to it, or remove the class.",
    )


def _labelled(data: LabelledSet, class_id: int, pool: Indices, choice: DatasetChoice, seed: int) -> Indices:
    count = choice.labels_per_class
    if count is None:
        return pool
    if count > len(pool):
        where = f"the {choice.part} of " if choice.part else ""
        raise InvalidExperiment(
            f"{count} labels per class are asked for, but {where}“{data.class_names[class_id]}” has "
            f"{data.said(len(pool), 'training ')}.",
            f"Use at most {len(pool)} labels per class.", "dataset",
        )  # fmt: skip
    return np.random.default_rng([seed, 3, class_id]).permutation(np.sort(pool))[:count]


def split_classes(data: LabelledSet, choice: DatasetChoice) -> ClassSplit:
    """Classes of meta-training, meta-validation and meta-test; raises `InvalidExperiment` when there are too few.

    "given" (the default where train, val and test folders hold different classes): as the folders say.
    "random-classes" (the default elsewhere): 60/15/25 %, on complete Omniglot the papers' 1100/100/423. "by-alphabet":
    whole groups; where the source sets alphabets aside those are the test classes and 5 of the others validate.
    "by-region" (the default where classes are covers of regions): whole regions, or as the source gives them.
    "in-each-group": the classes of every group, so that episodes within one group can be drawn in all three parts.
    """
    if choice.split == "stratified" or (choice.split == "given" and data.given_classes is None):
        raise InvalidExperiment(
            f"The split “{choice.split}” divides examples, but meta-learning needs classes it has never seen.",
            "Choose “random-classes”, or leave the split empty.", "dataset",
        )  # fmt: skip
    if choice.part is not None:
        raise InvalidExperiment(
            "Half of each class is for fine-tuning; meta-learning divides whole classes.",
            "Use all of them.", "dataset",
        )  # fmt: skip
    classes = choose_classes(data, choice)
    usual = choice.split in (None, "given")
    if choice.split in ("by-alphabet", "by-region") or (usual and data.kinds is not None):
        return _by_group(data, classes, choice)
    if choice.split == "in-each-group":
        return _in_each_group(data, classes, choice.split_seed)
    if usual and data.given_classes is not None:
        return _as_given(data, classes, data.given_classes[classes], choice.split_seed)
    return _random_classes(data, classes, choice.split_seed)


def _random_classes(data: LabelledSet, classes: Indices, split_seed: int) -> ClassSplit:
    count = len(classes)
    if count < 6:
        raise InvalidExperiment(
            f"{data.title} has {count} classes; meta-learning needs at least 6, two each to train, validate and test.",
            "Choose a data set with more classes, or a fine-tuning method.", "dataset",
        )  # fmt: skip
    order = np.random.default_rng([split_seed, 4]).permutation(classes)
    if data.usual_parts is not None and count == len(data.class_names):
        train, validation = data.usual_parts
    else:
        validation = max(2, (15 * count + 50) // 100)
        train = count - validation - max(2, (25 * count + 50) // 100)
    words = f"random classes, {train}/{validation}/{count - train - validation}, none shared"
    return _class_split(data, order[:train], order[train : train + validation], order[train + validation :], words)


def _as_given(data: LabelledSet, classes: Indices, given: NDArray[np.int8], split_seed: int) -> ClassSplit:
    """As the folders say; a validation or test part that they lack is cut from the training classes."""
    train, validation, test = (classes[given == part] for part in (TRAIN, VALIDATION, TEST))
    order, count = np.random.default_rng([split_seed, 4]).permutation(train), len(train)
    if not len(test):
        test, order = np.split(order, [max(2, (25 * count + 50) // 100)])
    if not len(validation):
        validation, order = np.split(order, [max(2, (15 * count + 50) // 100)])
    if not len(order):
        raise InvalidExperiment(
            f"The training folder of {data.title} has {count} of the classes, too few to learn from.",
            "Use more classes, or the split “random-classes”.", "dataset",
        )  # fmt: skip
    words = f"classes {data.given_words}, {len(order)}/{len(validation)}/{len(test)}, none shared"
    return _class_split(data, order, validation, test, words)


def _in_each_group(data: LabelledSet, classes: Indices, split_seed: int) -> ClassSplit:
    if data.alphabets is None:
        raise InvalidExperiment(
            f"{data.title} has no groups whose classes could be divided.", "Choose the split “random-classes”.",
            "dataset",
        )  # fmt: skip
    group = np.array([data.alphabets[class_id] for class_id in classes])
    train, validation, test = divided_within(data, classes, group, split_seed)
    parts = f"{len(train)}/{len(validation)}/{len(test)}"
    return _class_split(data, train, validation, test, f"classes of each {data.group_word}, {parts}, none shared")


def _by_group(data: LabelledSet, classes: Indices, choice: DatasetChoice) -> ClassSplit:
    kind = "region" if data.kinds is not None or choice.split == "by-region" else data.group_word
    if data.alphabets is None:
        raise InvalidExperiment(
            f"{data.title} has no {kind}s to split by.", "Choose the split “random-classes”.", "dataset"
        )
    group = np.array([data.alphabets[class_id] for class_id in classes])
    if data.given_classes is not None:
        given = data.given_classes[classes]
        parts = [classes[given == part] for part in (TRAIN, VALIDATION, TEST)]
        sizes = [len(set(group[given == part])) for part in (TRAIN, VALIDATION, TEST)]
        words = f"by {kind}, {sizes[0]}/{sizes[1]}/{sizes[2]} {kind}s, none shared"
        return _class_split(data, parts[TRAIN], parts[VALIDATION], parts[TEST], words)
    train, validation, test = divided_groups(data, group, choice.split_seed, kind)
    words = f"by {kind}, {len(train)}/{len(validation)}/{len(test)} {kind}s, none shared"
    by_name = [classes[np.isin(group, part)] for part in (train, validation, test)]
    return _class_split(data, by_name[TRAIN], by_name[VALIDATION], by_name[TEST], words)


def _class_split(data: LabelledSet, train: Indices, validation: Indices, test: Indices, words: str) -> ClassSplit:
    turned = ", training classes also turned by quarter turns" if data.characters else ""
    return ClassSplit(np.sort(train), np.sort(validation), np.sort(test), data.characters, words + turned)
