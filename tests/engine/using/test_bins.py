"""Bins of examples, and what a change of them did to the answers."""

from __future__ import annotations

import pytest

from engine.errors import DataError
from engine.using.bins import Bin, Bins
from engine.using.told import ChangedAnswers, RightAnswers, difference, score
from tests.engine.using.hands import asked, bins, image


def test_every_deed_gives_new_bins_and_leaves_the_old_ones() -> None:
    old = bins(2, 1)
    told = (old.names, old.count)
    new = old.with_images(1, [image(1, 7)]).with_bin("ring").with_bin().renamed(0, " plus ").without_image(0, 0)
    assert new.names == ("plus", "ring", "ring 2", "Class 4")
    assert [len(one.images) for one in new.bins] == [1, 2, 0, 0]
    assert new.images[0].key == old.images[1].key
    assert new.filled.names == ("plus", "ring")
    assert new.targets.tolist() == [0, 1, 1]
    assert new.without_bin(1).names == ("plus", "ring 2", "Class 4")
    assert (old.names, old.count) == told


def test_classes_come_to_the_bin_of_their_name_or_to_a_new_one() -> None:
    found = bins(1, 1).joined([Bin("ring", (image(1, 8),)), Bin("star", (image(2, 8),))])
    assert found.names == ("cross", "ring", "star")
    assert [len(one.images) for one in found.bins] == [1, 2, 1]


def test_two_classes_of_one_name_or_one_without_are_refused() -> None:
    for name, words in (("ring", "already"), ("  ", "has to have a name")):
        with pytest.raises(DataError, match=words):
            bins(1, 1).renamed(0, name)
    assert bins(1, 1).renamed(0, "cross").names == ("cross", "ring")


def test_no_bins_have_no_targets() -> None:
    assert Bins().targets.tolist() == []
    assert Bins().with_bin("a").targets.tolist() == []


def test_what_a_change_did_counts_what_was_answered_both_times() -> None:
    images = asked(1)
    cross, ring, bars = images
    unknown = image(0, 300)
    before = {cross.key: "ring", ring.key: "ring", unknown.key: "bars"}
    after = {cross.key: "cross", ring.key: "bars", bars.key: "bars", unknown.key: "ring"}
    assert difference(before, after, [*images, unknown]) == ChangedAnswers(changed=3, to_right=1, to_wrong=1)
    assert score(before, [*images, unknown]) == RightAnswers(1, 2)
    assert score(after, [*images, unknown]) == RightAnswers(2, 3)
    found = score(after, [*images, unknown]).interval
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (0.208, 0.939)  # Wilson's interval of 2 of 3
    assert score({}, images).interval is None
