"""Studies over shots and distance: the cells, their words, the table's columns, and what is refused beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.data.target import CLASSES
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.problems import problems
from engine.studies.cells import cell_name, cells, count_runs, study_as_json
from engine.studies.checks import check_data, faults
from engine.studies.study import Study, parse_study
from engine.studies.table import CellOutcome, study_table

SHORT = {"way": 4, "query": 5}


def study(**changes: Any) -> Study:
    backbone = {"name": "bands_cnn"}
    arms = [
        {"title": "ProtoNet", "backbone": backbone,
         "method": {"name": "protonet", "hyperparameters": {**SHORT, "training_way": 4}}},
        {"title": "MAML", "backbone": backbone, "method": {"name": "maml", "hyperparameters": SHORT}},
    ]  # fmt: skip
    base = {"title": "t", "dataset": {"name": "regions"}, "arms": arms, "labels": [1, 5], "distances": [0, 2],
            "seeds": [0, 1], "splits_follow_seed": True}  # fmt: skip
    return parse_study({**base, **changes})


def test_shots_and_distances_are_a_grid() -> None:
    asked = study()
    found = cells(asked)
    assert len(found) == count_runs(asked) == 16
    assert len({cell.key for cell in found}) == 16
    first = found[:8]
    assert [(cell.labels, cell.condition, cell.arm) for cell in first] == [
        (shot, distance, arm) for shot in (1, 5) for distance in (0.0, 2.0) for arm in (0, 1)
    ]
    for cell in first:
        assert cell.experiment.method.hyperparameters["shot"] == cell.labels
        assert cell.experiment.dataset == DatasetChoice(name="regions", distance=cell.condition)
    assert {cell.experiment.dataset.split_seed for cell in found[8:]} == {1}
    assert cell_name(asked, first[3]) == "MAML, 1 label per class, distance 2, seed 0"
    assert list(faults(asked)) == []
    check_data(asked)
    assert parse_study(study_as_json(asked)) == asked


def test_each_distance_has_its_columns() -> None:
    asked = study(labels=[1])
    scores = {0.0: (0.9, 0.9), 2.0: (0.8, 0.7)}
    outcomes = {
        cell.key: CellOutcome({"test/accuracy": scores[cell.condition][cell.arm] + 0.01 * cell.seed})  # type: ignore[index]
        for cell in cells(asked)
    }
    table = study_table(asked, outcomes)
    assert [column.title for column in table.columns] == ["distance 0", "distance 2"]
    values = [[round(entry.interval.value, 3) for entry in row if entry.interval] for row in table.entries]
    assert values == [[0.905, 0.805], [0.905, 0.705]]
    assert not any(entry.best for row in table.entries for entry in row)  # two seeds are too few
    assert [found and found.difference.kind for found in table.leads] == ["too few", "too few"]


def test_shifts_and_distances_exclude_each_other() -> None:
    with pytest.raises(InvalidExperiment, match="both shifts and distances"):
        study(shifts=[{"kind": "noise", "severity": 2}])


def test_distances_are_of_the_regions_alone() -> None:
    own = study(dataset={"name": "glyphs"})
    assert "Distances are of the land cover regions" in str(next(faults(own)))


def test_a_way_that_no_region_has_is_told_before_anything_runs() -> None:
    wide = [{"title": "Wide", "backbone": {"name": "bands_cnn"},
             "method": {"name": "maml", "hyperparameters": {"way": 9, "query": 5}}}]  # fmt: skip
    with pytest.raises(InvalidExperiment, match=r"9-way training episodes .* Use at most 6-way"):
        check_data(study(arms=wide))


@pytest.mark.parametrize(
    ("data", "backbone", "method", "said"),
    [
        ("regions", "conv4", "full_ft", "The land cover regions are for meta-learning"),
        ("glyphs", "bands_cnn", "protonet", "Bands CNN reads patches of 4 bands"),
    ],
)
def test_what_does_not_go_together(data: str, backbone: str, method: str, said: str) -> None:
    asked = Experiment(
        dataset=DatasetChoice(name=data), backbone=BackboneChoice(name=backbone), method=MethodChoice(name=method)
    )
    assert [fault.message for fault in problems(asked) if fault.message.startswith(said)]


def test_regions_serve_with_bands_and_in_colour() -> None:
    for name in ("bands_cnn", "conv4"):
        asked = Experiment(
            dataset=DatasetChoice(name="regions"),
            backbone=BackboneChoice(name=name),
            method=MethodChoice(name="protonet", hyperparameters={**SHORT, "training_way": 4}),
        )
        assert problems(asked) == []


def test_runs_of_two_methods_on_one_list_may_be_compared() -> None:
    from engine.comparison.arms import arm, disagreements
    from engine.meta.results import figure

    data = {"split": "by region", "test list": "abc", "data": "def", "batch norm": "none in the network"}
    asked = Experiment(dataset=DatasetChoice(name="regions"))
    sides = [
        arm(title, [(asked, figure(np.array(scores), CLASSES).given(data, own))])
        for title, scores, own in (("MAML", [0.5, 0.6, 0.9], {"inner steps": 5}), ("ProtoNet", [0.7, 0.7, 0.8], {}))
    ]
    assert disagreements(*sides) == []
    other = arm("elsewhere", [(asked, figure(np.ones(3), CLASSES).given({**data, "test list": "xyz"}))])
    assert disagreements(sides[1], other) == ["their test tasks differ"]
