"""Several tasks at once against each alone: the mean of the relative gains, worked out by hand."""

from __future__ import annotations

import pytest

from engine.comparison.joint import gains

TASKS = ("a", "b")
ALONE = {"a alone": {"a": {0: 0.8, 1: 0.9, 2: 0.8}}, "b alone": {"b": {0: 0.5, 1: 0.5, 2: 0.4}}}


def test_the_gain_is_the_mean_of_the_relative_ones() -> None:
    both = {"a": {0: 0.88, 1: 0.9, 2: 0.8}, "b": {0: 0.5, 1: 0.4, 2: 0.42}}
    (found,) = gains({**ALONE, "both": both}, TASKS, "test/accuracy")
    each = [(0.1 + 0) / 2, (0 - 0.2) / 2, (0 + 0.05) / 2]  # seed by seed
    assert found.share.value == pytest.approx(sum(each) / 3)
    half = 4.302653 * (sum((one - sum(each) / 3) ** 2 for one in each) / 2) ** 0.5 / 3**0.5
    assert found.share.high - found.share.value == pytest.approx(half, rel=1e-5)
    assert found.sentence.startswith("both: 0.8 % worse than each task alone, on average over 2 tasks (95 % interval −")
    assert found.sentence.endswith(", which may be chance, 3 seeds; alone: a alone, b alone).")


def test_of_errors_less_is_better() -> None:
    alone = {"a alone": {"a": {0: 2.0}}, "b alone": {"b": {0: 4.0}}}
    (found,) = gains({**alone, "both": {"a": {0: 1.0}, "b": {0: 4.0}}}, TASKS, "test/error")
    assert found.share.value == pytest.approx(0.25)
    assert "25.0 % better than each task alone" in found.sentence
    assert "1 seed, too few for an interval" in found.sentence


def test_only_shared_seeds_count_and_nothing_is_said_without_each_task_alone() -> None:
    both = {"both": {"a": {0: 0.8, 7: 0.1}, "b": {0: 0.5, 7: 0.1}}}
    (found,) = gains({**ALONE, **both}, TASKS, "test/accuracy")
    assert (found.share.value, found.share.n) == (0.0, 1)
    assert "as good as each task alone" in found.sentence
    assert gains({"a alone": ALONE["a alone"], **both}, TASKS, "test/accuracy") == []
    assert gains({**ALONE, "both": {"a": {7: 0.8}, "b": {7: 0.5}}}, TASKS, "test/accuracy") == []
    assert gains({"a alone": {"a": {0: 0.0}}, "b alone": ALONE["b alone"], **both}, TASKS, "test/accuracy") == []


def test_the_better_of_two_that_learnt_a_task_alone_counts() -> None:
    more = {"a alone, worse": {"a": {0: 0.4}}, "both": {"a": {0: 0.8}, "b": {0: 0.5}}}
    (found,) = gains({**more, **ALONE}, TASKS, "test/accuracy")
    assert found.against == ("a alone", "b alone")


def test_what_is_sure_is_told_in_the_way_of_its_word() -> None:
    both = {"a": {0: 0.72, 1: 0.8, 2: 0.72}, "b": {0: 0.45, 1: 0.45, 2: 0.36}}
    (found,) = gains({**ALONE, "both": both}, TASKS, "test/accuracy")
    low, high = -found.share.high, -found.share.low
    assert 0 < low < high
    assert found.sentence.startswith("both: 10.2 % worse than each task alone")
    assert f"(95 % interval {100 * low:.1f} to {100 * high:.1f}, 3 seeds;" in found.sentence
