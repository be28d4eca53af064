"""Studies of tasks that ask for numbers, where the smaller figure is the better one, against values worked by hand."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest

from engine.studies.cells import cell_name, cells
from engine.studies.crossings import crossings, sentence
from engine.studies.study import Study, parse_study
from engine.studies.table import CellOutcome, StudyTable, answers, study_table

T2 = 4.302652729749462  # 97.5 % quantile of Student's t with 2 degrees of freedom, from the tables

ERROR = "test/error"


def study(**changes: Any) -> Study:
    network = {"name": "sine_mlp", "weights": "random"}
    arms = [
        {"title": title, "backbone": network, "method": {"name": name}}
        for title, name in (("MAML", "maml"), ("Pretrained", "joint"))
    ]
    return parse_study({"title": "t", "dataset": {"name": "sinusoid"}, "arms": arms, "seeds": [0, 1, 2], **changes})


def table(asked: Study, values: dict[tuple[int, int | None], tuple[float, ...]]) -> StudyTable:
    """values: (arm, shots) -> error by seed."""
    found = {cell.key: CellOutcome({ERROR: values[cell.arm or 0, cell.labels][cell.seed]}) for cell in cells(asked)}
    return study_table(asked, found)


def test_the_smaller_error_is_the_best() -> None:
    found = table(study(), {(0, None): (0.30, 0.32, 0.34), (1, None): (2.10, 2.14, 2.12)})
    (first,), (second,) = found.entries
    half = T2 * 0.02 / sqrt(3)  # the deviation of 0.30, 0.32, 0.34 is 0.02
    assert (first.interval.value, first.interval.half) == pytest.approx((0.32, half))
    assert (first.best, second.best) == (True, False)
    assert found.columns[0].title == "test error"
    # paired: 1.80, 1.82, 1.78 have mean 1.80 and deviation 0.02: ± 0.04968
    assert answers(found) == [
        "Test error: MAML is best, 1.800 below Pretrained (95 % interval 1.750 to 1.850 over seeds alone, 3 seeds)."
    ]


def test_a_difference_within_the_seeds_is_told_in_the_unit_of_the_error() -> None:
    found = table(study(), {(0, None): (0.3, 0.5, 0.4), (1, None): (0.4, 0.4, 0.5)})
    assert not any(entry.best for row in found.entries for entry in row)
    assert answers(found)[0].startswith("Test error: too close to call between MAML and Pretrained, 0.033 apart")


def test_who_has_the_smaller_error_overtakes() -> None:
    # MAML - Pretrained is +0.1 with 2 points and -0.1 with 8: zero halfway on the logarithm, at 4.
    values = {(0, 2): (0.5, 0.51, 0.49), (1, 2): (0.4,) * 3, (0, 8): (0.1, 0.09, 0.11), (1, 8): (0.2,) * 3}
    found = table(study(labels=[2, 8]), values)
    (crossing,) = crossings(found)
    assert (crossing.before, crossing.after, crossing.clear) == (1, 0, True)
    said = "MAML overtakes Pretrained at 4.0 points per task (the same for 3 seeds)."
    assert sentence(found, crossing) == said
    assert [column.title for column in found.columns] == ["2 points per task", "8 points per task"]


def test_the_rate_with_the_smaller_validation_loss_counts() -> None:
    asked = study(learning_rates=[0.01, 0.001], seeds=[0], arms=study().model_dump(mode="json")["arms"][:1])
    found = {
        cell.key: CellOutcome(
            {ERROR: 0.9 if cell.rate == 0.01 else 0.5}, best=0.8 if cell.rate == 0.01 else 0.6, watched="val/loss"
        )
        for cell in cells(asked)
    }
    ((entry,),) = study_table(asked, found).entries
    assert (entry.scores, entry.rates) == ({0: 0.5}, {0.001: 1})


def test_the_label_counts_are_the_points_of_the_tasks() -> None:
    asked = study(labels=[5, 10], seeds=[0])
    assert [cell.experiment.method.hyperparameters["shot"] for cell in cells(asked)] == [5, 5, 10, 10]
    assert cell_name(asked, cells(asked)[0]) == "MAML, 5 points per task, seed 0"
