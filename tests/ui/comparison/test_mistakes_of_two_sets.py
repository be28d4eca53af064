"""Images in which two sides differ, where their test images lie in two sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ui.comparison.confusion import Mistakes, as_numbered_by, only_first_right

NAMES, NONE = ("a", "b"), np.zeros((2, 2))
FIRST = Mistakes("First", NAMES, NONE, np.array([3, 5, 9]), np.array([0, 0, 1]), np.array([0, 0, 0]), 1, "set 1", "x")
SECOND = replace(
    FIRST, ids=np.array([12, 10, 11]), truth=np.array([1, 0, 0]), predicted=np.array([1, 0, 1]), data="set 2"
)


def test_the_same_images_are_found_in_the_other_set() -> None:
    """In order: 10 is 3, 11 is 5, 12 is 9; the first is wrong about 9, the second about 11."""
    shown = as_numbered_by(FIRST, SECOND)
    assert shown.ids.tolist() == [9, 3, 5]
    assert only_first_right(FIRST, shown).tolist() == [5]
    assert only_first_right(shown, FIRST).tolist() == [9]
    assert as_numbered_by(FIRST, replace(SECOND, data="set 1")).ids.tolist() == [12, 10, 11]


def test_of_other_images_none_are_shown_as_if_they_were_the_same() -> None:
    for tested in ("y", ""):
        shown = as_numbered_by(replace(FIRST, tested=tested), replace(SECOND, tested="" if not tested else "x"))
        assert len(shown.ids) == len(only_first_right(FIRST, shown)) == 0
