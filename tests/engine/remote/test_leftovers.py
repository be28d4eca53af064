"""What ended runs left on machines is told of together, and kept in mind until somebody hears it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.remote.cluster import ClusterAway
from engine.remote.leftovers import Leftovers


def test_many_are_told_of_at_once_and_once() -> None:
    told: list[Mapping[str, int]] = []

    def remove(known: Mapping[str, int]) -> bool:
        told.append(dict(known))
        return True

    leftovers = Leftovers(remove)
    leftovers.clear()
    for number in range(5):
        leftovers.add(f"run{number}", 1)
    leftovers.clear()
    leftovers.clear()
    assert told == [{f"run{number}": 1 for number in range(5)}]


def test_those_that_nobody_heard_of_are_told_again_and_so_is_what_comes_meanwhile() -> None:
    told: list[Mapping[str, int]] = []

    def remove(known: Mapping[str, int]) -> bool:
        told.append(dict(known))
        if len(told) == 1:
            leftovers.add("first", 3)  # its next attempt has ended while the one before was told of
            raise ClusterAway("It does not answer.", "It is tried again.")
        if len(told) == 2:
            leftovers.add("first", 4)
        return len(told) != 3  # one of them is asleep

    leftovers = Leftovers(remove)
    leftovers.add("first", 2)
    with pytest.raises(ClusterAway):
        leftovers.clear()
    assert "first" in leftovers
    leftovers.clear()
    leftovers.clear()
    assert "first" in leftovers
    leftovers.clear()
    leftovers.clear()
    assert told == [{"first": 2}, {"first": 3}, {"first": 4}, {"first": 4}]
    assert "first" not in leftovers
