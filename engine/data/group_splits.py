"""Dividing classes by the groups they are parts of (alphabets, domains): whole groups, or the classes of each group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.labelled_set import LabelledSet
from engine.errors import InvalidExperiment

Indices = NDArray[np.int64]
HELD_BACK_ALPHABETS = 5
ENOUGH = 5  # classes of a group that validate, and that test, where it has three times as many


def divided_groups(data: LabelledSet, group: NDArray[np.str_], split_seed: int, kind: str) -> tuple[list[str], ...]:
    """Names of the groups to train, validate and test: 60/15/25 %, or as the source sets groups aside. group: of each
    class. Raises `InvalidExperiment` where they are too few."""
    names = [str(name) for name in np.random.default_rng([split_seed, 5]).permutation(sorted(set(group.tolist())))]
    test = [name for name in names if name in data.held_out] or names[: max(1, (25 * len(names) + 50) // 100)]
    others = [name for name in names if name not in test]
    back = HELD_BACK_ALPHABETS if data.held_out and len(others) > HELD_BACK_ALPHABETS else (15 * len(names) + 50) // 100
    validation, train = others[: max(1, back)], others[max(1, back) :]
    if not train or not test:
        raise InvalidExperiment(
            f"The {len(names)} {kind}s of {data.title} are too few to split by; at least 3 are needed.",
            "Choose the split “random-classes”.", "dataset",
        )  # fmt: skip
    return train, validation, test


def divided_within(
    data: LabelledSet, classes: Indices, group: NDArray[np.str_], split_seed: int
) -> tuple[Indices, Indices, Indices]:
    """Ids of the classes to train, validate and test: of each group 60/15/25 %, and of one with 15 classes and more at
    least 5 to validate and 5 to test; of a small one a third each. group: of each class. Raises `InvalidExperiment`
    where no group has six."""
    parts: tuple[list[Indices], ...] = [], [], []
    for name in sorted(set(group.tolist())):
        own = np.random.default_rng([split_seed, 11]).permutation(classes[group == name])
        third = len(own) // 3
        validation = max(min(ENOUGH, third), (15 * len(own) + 50) // 100)
        test = max(min(ENOUGH, third), (25 * len(own) + 50) // 100)
        for part, found in zip(parts, np.split(own, [len(own) - validation - test, len(own) - test]), strict=True):
            part.append(found)
    train, validate, tested = (np.concatenate(part) for part in parts)
    if max(len(found) for found in parts[1]) < 2:
        raise InvalidExperiment(
            f"No {data.group_word} of {data.title} has six classes, two each to train, validate and test.",
            "Choose the split “random-classes”.", "dataset",
        )  # fmt: skip
    return train, validate, tested
