"""Tables and crossings of studies against values worked out by hand."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

import pytest

from engine.studies.cells import cells, task_titles
from engine.studies.columns import task_figure, without_task
from engine.studies.crossings import crossings, sentence, sign_changes
from engine.studies.study import Study, parse_study
from engine.studies.table import CellOutcome, StudyTable, answers, study_table, told_marks

T2 = 4.302652729749462  # 97.5 % quantile of Student's t with 2 degrees of freedom, from the tables

TEST = "test/accuracy"


def study(**changes: Any) -> Study:
    arms = [{"title": title, "method": {"name": name}} for title, name in (("A", "lp_ft"), ("B", "scratch"))]
    return parse_study({"title": "t", "dataset": {"name": "digits"}, "arms": arms, "seeds": [0, 1, 2], **changes})


def table(asked: Study, values: dict[tuple, float], **outcome: float) -> StudyTable:
    """values: (arm, labels, seed) -> accuracy."""
    found = {}
    for cell in cells(asked):
        if (key := (cell.arm, cell.labels, cell.seed)) in values:
            found[cell.key] = CellOutcome({TEST: values[key]}, **outcome)
    return study_table(asked, found)


def by_seed(arm: int, labels: int | None, *values: float) -> dict[tuple, float]:
    return {(arm, labels, seed): value for seed, value in enumerate(values)}


def test_mean_and_interval_over_seeds_and_the_sure_best() -> None:
    found = table(study(), by_seed(0, None, 0.80, 0.82, 0.84) | by_seed(1, None, 0.70, 0.73, 0.73))
    (first,), (second,) = found.entries
    assert first.interval.value == pytest.approx(0.82)
    half = T2 * 0.02 / sqrt(3)  # the deviation of 0.80, 0.82, 0.84 is 0.02
    assert (first.interval.low, first.interval.high) == pytest.approx((0.82 - half, 0.82 + half))
    # paired: 0.10, 0.09, 0.11 have mean 0.10 and deviation 0.01
    gap = found.leads[0].difference
    half = T2 * 0.01 / sqrt(3)
    assert (gap.difference, gap.low, gap.high) == pytest.approx((0.10, 0.10 - half, 0.10 + half))
    assert (first.best, second.best) == (True, False)
    basis = "95 % interval 7.5 to 12.5 over seeds alone, 3 seeds"
    assert answers(found) == [f"Test accuracy: A is best, 10.0 points above B ({basis})."]
    assert (found.done, found.total) == (6, 6)


def test_an_arm_that_saw_the_test_images_is_marked_in_every_sentence_that_names_it() -> None:
    asked, said = study(), "transductive: batch norm took its statistics from the test images"
    values = by_seed(0, None, 0.80, 0.82, 0.84) | by_seed(1, None, 0.70, 0.73, 0.73)
    marked = {
        one.key: CellOutcome({TEST: values[one.arm, one.labels, one.seed]}, caveats=(said,) if one.arm else ())
        for one in cells(asked)
    }
    found = study_table(asked, marked)
    assert answers(found)[0].startswith("Test accuracy: A is best, 10.0 points above B ⚠ (")
    assert told_marks(found) == [f"⚠ B: {said}"]
    assert told_marks(table(asked, by_seed(0, None, 0.8) | by_seed(1, None, 0.7))) == []


def test_a_lead_that_changes_with_the_seed_is_not_bold() -> None:
    found = table(study(), by_seed(0, None, 0.80, 0.60, 0.80) | by_seed(1, None, 0.70, 0.70, 0.70))
    assert not any(entry.best for row in found.entries for entry in row)
    assert answers(found)[0].startswith("Test accuracy: too close to call between A and B, 3.3 points apart")


def test_pairs_are_of_the_seeds_that_both_have() -> None:
    found = table(study(), by_seed(0, None, 0.8, 0.9) | {(1, None, 1): 0.7, (1, None, 2): 0.1})
    gap = found.leads[0].difference
    assert (gap.difference, gap.pairs, gap.kind) == (pytest.approx(0.2), 1, "one seed")
    assert not found.entries[0][0].best


def test_each_seed_counts_with_its_best_rate_on_the_validation_images() -> None:
    asked = study(learning_rates=[0.1, 0.01], arms=[{"title": "A", "method": {"name": "lp_ft"}}], seeds=[0, 1])
    values = {(0.1, 0): (0.5, 0.9), (0.01, 0): (0.7, 0.6), (0.1, 1): (0.8, 0.2), (0.01, 1): (0.6, 0.3)}
    found = {
        cell.key: CellOutcome({TEST: values[cell.rate, cell.seed][1]}, best=values[cell.rate, cell.seed][0])
        for cell in cells(asked)
    }
    ((entry,),) = study_table(asked, found).entries
    assert (entry.scores, entry.rates) == ({0: 0.6, 1: 0.2}, {0.01: 1, 0.1: 1})


def test_a_seed_counts_only_once_every_rate_was_tried_or_failed() -> None:
    asked = study(learning_rates=[0.1, 0.01], arms=[{"title": "A", "method": {"name": "lp_ft"}}], seeds=[0])
    first, second = cells(asked)
    known = {first.key: CellOutcome({TEST: 0.9}, best=0.9)}
    assert study_table(asked, known).entries[0][0].scores == {}
    assert study_table(asked, known, failed={second.key}).entries[0][0].scores == {0: 0.9}


def test_the_last_epoch_is_judged_where_it_is_what_is_tested() -> None:
    method = {"name": "lp_ft", "hyperparameters": {"tested": "last epoch"}}
    asked = study(learning_rates=[0.1, 0.01], arms=[{"title": "A", "method": method}], seeds=[0])
    first, second = cells(asked)
    found = {first.key: CellOutcome({TEST: 0.4}, 0.9, 0.1), second.key: CellOutcome({TEST: 0.6}, 0.5, 0.5)}
    assert study_table(asked, found).entries[0][0].scores == {0: 0.6}


def test_the_last_epoch_of_several_tasks_is_judged_for_no_other_is_tested() -> None:
    asked = study(learning_rates=[0.1, 0.01], arms=[{"title": "A", "method": {"name": "equal"}}], seeds=[0])
    first, second = cells(asked)
    name = task_figure(TEST, "First half")
    found = {
        first.key: CellOutcome({TEST: 0.4, name: 0.4}, 0.9, 0.1),
        second.key: CellOutcome({TEST: 0.6, name: 0.6}, 0.5, 0.5),
    }
    assert study_table(asked, found).entries[0][0].scores == {0: 0.6}


def test_further_test_sets_and_their_mean_are_columns() -> None:
    shifts = [{"kind": "noise", "severity": 3}, {"kind": "blur", "severity": 5}]
    asked = study(dataset={"name": "digits", "tested_on": shifts}, seeds=[0])
    tests = {TEST: 0.9, f"{TEST}, not seen before": 0.1, f"{TEST}, noise 3": 0.5, f"{TEST}, blur 5": 0.7}
    found = study_table(asked, {cell.key: CellOutcome(tests) for cell in cells(asked)})
    assert [column.title for column in found.columns] == [
        "in distribution", "mean out of distribution", "noise 3", "blur 5",
    ]  # fmt: skip
    assert [entry.interval.value for entry in found.entries[0]] == pytest.approx([0.9, 0.6, 0.5, 0.7])
    assert found.columns[1].name == f"{TEST}, mean over shifts"


def test_what_is_trained_first_does_not_say_what_the_study_is_about() -> None:
    """SimCLR is known by its neighbours, the arms that start from it by their right answers."""
    first = {"backbone": {"name": "conv4"}, "method": {"name": "simclr"}}
    from_it = {"name": "conv4", "weights": "source"}
    asked = study(arms=[{"title": "A", "method": {"name": "lora"}, "backbone": from_it, "first": first}], seeds=[0])
    source, one = cells(asked)
    known = {source.key: CellOutcome({"test/neighbours": 0.9})}
    assert study_table(asked, known).metric == TEST
    found = study_table(asked, known | {one.key: CellOutcome({TEST: 0.6})})
    assert found.metric == TEST
    assert found.entries[0][0].scores == {0: 0.6}


def test_what_arms_still_know_of_their_source_are_columns() -> None:
    kept = {"name": "conv4", "weights": "source", "what_it_keeps": "each epoch"}
    arms = [{"title": "A", "method": {"name": "lora"}, "backbone": kept}]
    source = {"backbone": {"name": "conv4"}, "method": {"name": "scratch"}}
    asked = study(arms=arms, source=source, seeds=[0])
    tests = {TEST: 0.9, "source/old head": 0.4, "source/fresh probe": 0.8, "forgotten/old head": 0.5}
    found = study_table(asked, {cell.key: CellOutcome(tests) for cell in cells(asked) if cell.arm is not None})
    assert [column.title for column in found.columns] == [
        "new classes", "old classes by the old head", "old classes by a fresh probe",
    ]  # fmt: skip
    assert [entry.interval.value for entry in found.entries[0]] == pytest.approx([0.9, 0.4, 0.8])


def test_curves_cross_on_the_logarithm() -> None:
    # A - B is -0.1 at 2 and +0.1 at 8 labels: zero halfway on the logarithm, at 4.
    values = by_seed(0, 2, 0.4, 0.41, 0.39) | by_seed(1, 2, 0.5, 0.5, 0.5)
    values |= by_seed(0, 8, 0.7, 0.69, 0.71) | by_seed(1, 8, 0.6, 0.6, 0.6)
    found = table(study(labels=[2, 8]), values)
    (crossing,) = crossings(found)
    assert (crossing.before, crossing.after, crossing.clear) == (1, 0, True)
    assert crossing.labels.value == pytest.approx(4)
    said = "A overtakes B at 4.0 labels per class (the same for 3 seeds)."  # no spread is no certainty
    assert (crossing.labels.known, sentence(found, crossing)) == (False, said)


def test_each_test_set_has_crossings_of_its_own() -> None:
    """Under noise B is ahead with 2 labels and A with 8; A is ahead everywhere else, and in the mean of both shifts."""
    shifts = [{"kind": "noise", "severity": 3}, {"kind": "blur", "severity": 5}]
    asked = study(dataset={"name": "digits", "tested_on": shifts}, labels=[2, 8])
    noise, blur = f"{TEST}, noise 3", f"{TEST}, blur 5"
    ahead = {2: {TEST: 0.2, noise: -0.1, blur: 0.3}, 8: {TEST: 0.2, noise: 0.1, blur: 0.3}}
    found = {}
    for cell in cells(asked):
        more = ahead[cell.labels or 0] if cell.arm == 0 else {}
        found[cell.key] = CellOutcome({name: 0.5 + more.get(name, 0.0) for name in (TEST, noise, blur)})
    (crossing,) = crossings(study_table(asked, found))
    assert (crossing.name, crossing.before, crossing.after) == (noise, 1, 0)
    assert crossing.labels.value == pytest.approx(4)


def test_the_interval_of_a_crossing_is_over_seeds() -> None:
    # Per seed the zero lies at 2^(1/2), 2, 2^(3/2): their logarithms are log(2) times 0.5, 1, 1.5.
    gaps = {0: (-0.1, 0.3), 1: (-0.2, 0.2), 2: (-0.3, 0.1)}
    values = {}
    for seed, (at_1, at_4) in gaps.items():
        values |= {(0, 1, seed): 0.5 + at_1, (1, 1, seed): 0.5, (0, 4, seed): 0.5 + at_4, (1, 4, seed): 0.5}
    (crossing,) = crossings(table(study(labels=[1, 4]), values))
    assert crossing.labels.value == pytest.approx(2)
    half = T2 * 0.5 * log(2) / sqrt(3)
    assert (crossing.labels.low, crossing.labels.high) == pytest.approx((2 * exp(-half), 2 * exp(half)))
    assert not crossing.clear  # at neither end do three seeds show a difference


def test_a_crossing_that_a_seed_does_not_make_has_no_interval() -> None:
    values = by_seed(0, 1, 0.4, 0.6, 0.3) | by_seed(1, 1, 0.5, 0.5, 0.5)
    values |= by_seed(0, 4, 0.7, 0.7, 0.7) | by_seed(1, 4, 0.5, 0.5, 0.5)
    found = table(study(labels=[1, 4]), values)
    (crossing,) = crossings(found)
    assert not crossing.labels.known
    # mean differences: -0.0666… and 0.2, so a quarter of the way on the logarithm of 4
    assert crossing.labels.value == pytest.approx(4**0.25)
    assert "single seeds do not each cross once" in sentence(found, crossing)
    assert "cannot be told apart" in sentence(found, crossing)


def test_sign_changes() -> None:
    assert sign_changes([(1, 1.0), (2, 2.0)]) == []
    assert sign_changes([(1, 0.0), (2, 2.0)]) == []
    assert sign_changes([(1, 1.0), (2, 0.0), (4, 1.0)]) == []
    assert sign_changes([(1, 1.0), (2, 0.0), (4, -1.0)]) == [(pytest.approx(2.0), True)]
    assert sign_changes([(1, -1.0), (100, 1.0), (10000, -1.0)]) == [
        (pytest.approx(10), False), (pytest.approx(1000), True),
    ]  # fmt: skip


@pytest.mark.parametrize(("tasks", "plain"), [(["classes", "which half"], 0.7), (["first half", "second half"], None)])
def test_a_plain_arm_stands_in_the_column_of_the_task_that_asks_what_it_was_asked(
    tasks: list[str], plain: float | None
) -> None:
    arms = [{"title": title, "method": {"name": name}} for title, name in (("Both", "equal"), ("Plain", "scratch"))]
    asked = study(arms=arms, seeds=[0], tasks=[{"labels": one} for one in tasks])
    named = [task_figure(TEST, title) for title in task_titles(asked)]
    got = {0: {TEST: 0.55, named[0]: 0.6, named[1]: 0.5}, 1: {TEST: 0.7}}
    found = study_table(asked, {one.key: CellOutcome(got[one.arm]) for one in cells(asked) if one.arm is not None})
    first, second = found.entries[1]
    assert (first.interval.value if first.interval else None) == plain
    assert (first.unasked, second.unasked) == (plain is None, True)
    assert [one.unasked for one in found.entries[0]] == [False, False]
    said = ["Plain learns none of these tasks: Compare shows its own figures."]
    assert without_task(asked) == ([] if plain else said)
    assert [one.unasked for one in study_table(asked, {}).entries[1]] == [False, False]
