"""Arms that start from what is trained first for them: once per split, shared where it is the same, on its own data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidExperiment
from engine.events import RunFinished
from engine.execute import execute
from engine.studies.cells import cell_name, cells, count_runs, from_source
from engine.studies.checks import faults
from engine.studies.study import completed, parse_study, study_preset

ROTATION = {"name": "rotation", "hyperparameters": {"epochs": 1}}
FIRST = {"backbone": {"name": "conv4"}, "method": ROTATION}
PROBE = {"name": "linear_probe", "hyperparameters": {"epochs": 1}}


def arm(title: str, weights: str = "source", **more: Any) -> dict[str, Any]:
    return {"title": title, "backbone": {"name": "conv4", "weights": weights}, "method": PROBE, **more}


def study(*arms: dict[str, Any], **more: Any) -> Any:
    data = {"name": "digits", "classes": 3}
    return parse_study({"title": "First", "dataset": data, "arms": arms, "labels": [2], "seeds": [0, 1], **more})


def test_the_same_is_trained_once_for_all_arms_that_start_from_it() -> None:
    other = {**FIRST, "dataset": {"name": "glyphs", "classes": 5}}
    asked = study(arm("a", first=FIRST), arm("b", first=FIRST), arm("c", first=other), arm("d", "random"))
    every = cells(asked)
    first = [one for one in every if one.arm is None]
    assert [one.experiment.dataset.name for one in first] == ["digits", "glyphs"]
    assert count_runs(asked) == len(every) == 2 + 4 * 2
    assert {one.source for one in every if one.arm in (0, 1)} == {first[0].key}
    assert {one.source for one in every if one.arm == 2} == {first[1].key}
    assert {one.source for one in every if one.arm == 3} == {""}
    assert cell_name(asked, first[0]) == "Rotation on Handwritten digits, seed 0"


def test_it_learns_from_the_target_s_own_training_images_and_from_all_of_them() -> None:
    (first, *rest) = cells(study(arm("a", first=FIRST), splits_follow_seed=False))
    assert first.experiment.dataset.labels_per_class is None
    assert {one.experiment.dataset.part for one in (first, *rest)} == {None}
    assert {one.experiment.dataset.split_seed for one in (first, *rest)} == {0}
    follows = cells(study(arm("a", first=FIRST), splits_follow_seed=True))
    assert [one.experiment.dataset.split_seed for one in follows if one.arm is None] == [0, 1]


@pytest.mark.parametrize(
    ("arms", "sentence"),
    [
        ([arm("a", "random", first=FIRST)], "does not start from it"),
        ([arm("a")], "the study has none"),
        ([arm("a", first=FIRST)], "no arm starts from it"),
    ],
)
def test_what_does_not_fit_is_a_sentence(arms: list[dict[str, Any]], sentence: str) -> None:
    more = {"source": {"backbone": {"name": "conv4"}}} if "no arm" in sentence else {}
    with pytest.raises(InvalidExperiment, match=sentence):
        study(*arms, **more)


def test_another_network_than_the_arm_s_is_told() -> None:
    found = faults(study(arm("a", first={**FIRST, "backbone": {"name": "resnet_small"}})))
    assert "another backbone than the source" in next(found).message


def test_a_study_without_it_is_written_as_before_and_one_with_it_comes_back() -> None:
    plain = study(arm("a", "random"))
    assert "first" not in plain.canonical()
    asked = completed(study(arm("a", first={**FIRST, "dataset": {"name": "glyphs", "classes": 5}})))
    assert parse_study(asked.model_dump(mode="json")) == asked
    assert asked.arms[0].first.method.hyperparameters["batch_size"] == 128


def test_do_you_need_labels_asks_for_two_trainings_without_labels() -> None:
    asked = study_preset("do-you-need-labels")
    assert list(faults(asked)) == []
    first = [one.experiment for one in cells(asked) if one.arm is None]
    assert [(one.dataset.name, one.method.name) for one in first] == [("digits", "simclr"), ("glyphs", "simclr")]


def test_an_arm_runs_from_what_was_trained_first(tmp_path: Path) -> None:
    (first, arms, *_) = cells(study(arm("a", first=FIRST)))
    assert isinstance(list(execute(first.experiment, tmp_path / "r1"))[-1], RunFinished)
    begun = from_source(arms, "r1")
    assert begun.backbone.weights == "run:r1"
    assert isinstance(list(execute(begun, tmp_path / "r2"))[-1], RunFinished)


def test_a_study_s_own_source_stays_its_own_beside_an_arm_that_is_trained_first_alike() -> None:
    source = {"backbone": {"name": "conv4"}, "method": {"name": "scratch", "hyperparameters": {"epochs": 1}}}
    alone = cells(study(arm("a"), source=source))
    both = cells(study(arm("a"), arm("b", first=source), source=source))
    assert [one.experiment.dataset.part for one in both if one.arm is None] == ["source half", "target half"]
    assert {one.key for one in alone if one.arm in (None, 0)} <= {one.key for one in both}
    of_a, of_b = ({one.source for one in both if one.arm == place} for place in (0, 1))
    assert not of_a & of_b
