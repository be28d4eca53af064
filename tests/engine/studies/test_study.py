"""The grid of a study: which runs, in which order, on which data."""

from __future__ import annotations

from typing import Any

import pytest

from engine.data.sources import known, place
from engine.errors import InvalidExperiment
from engine.experiment import Shift
from engine.studies.cells import cell_name, cells, count_runs, from_source, next_cell, study_as_json
from engine.studies.checks import check_study, faults
from engine.studies.study import Study, completed, parse_study, study_presets
from engine.texts import minilm

NOISE = {"kind": "noise", "severity": 5}
FROM_SOURCE = {"name": "conv4", "weights": "source", "head": "kept"}


def study(**changes: Any) -> Study:
    arms = [
        {"title": "Probe", "method": {"name": "linear_probe"}, "backbone": FROM_SOURCE},
        {"title": "All", "method": {"name": "full_ft"}, "backbone": FROM_SOURCE},
    ]
    source = {"backbone": {"name": "conv4"}, "method": {"name": "scratch", "hyperparameters": {"epochs": 3}}}
    base = {"title": "t", "dataset": {"name": "digits"}, "arms": arms, "source": source, "seeds": [0, 1]}
    return parse_study({**base, **changes})


def test_the_source_comes_first_and_then_seed_by_seed_every_arm() -> None:
    asked = study(labels=[1, 5], shifts=[None, NOISE])
    found = cells(asked)
    assert len(found) == count_runs(asked) == 1 + 2 * 2 * 2 * 2
    assert found[0].arm is None
    assert [(cell.seed, cell.labels, cell.condition and cell.condition.severity, cell.arm) for cell in found[1:9]] == [
        (0, labels, shift, arm) for labels in (1, 5) for shift in (None, 5) for arm in (0, 1)
    ]
    assert {cell.seed for cell in found[9:]} == {1}
    assert len({cell.key for cell in found}) == len(found)


def test_the_source_learns_unshifted_on_the_other_half() -> None:
    asked = study(labels=[5], shifts=[NOISE], dataset={"name": "digits", "validation_per_class": 10})
    source, first, *_ = cells(asked)
    assert (source.experiment.dataset.part, first.experiment.dataset.part) == ("source half", "target half")
    assert source.experiment.dataset.shift is source.experiment.dataset.labels_per_class is None
    assert source.experiment.dataset.validation_per_class is None
    assert first.experiment.dataset.shift == Shift(kind="noise", severity=5)
    assert first.source == source.key
    assert from_source(first, "abc").backbone.weights == "run:abc"
    assert source.experiment.method.hyperparameters["epochs"] == 3


def test_a_study_moved_to_another_device_has_the_same_cells() -> None:
    here, there = cells(study()), cells(study(device="cuda:1"))
    assert [cell.key for cell in here] == [cell.key for cell in there]
    assert {cell.experiment.device for cell in there} == {"cuda:1"}
    assert next_cell(there, {cell.key for cell in here[:2]}, ()) == there[2]
    assert not {cell.key for cell in here} & {cell.key for cell in cells(study(precision="bfloat16"))}


def test_splits_may_follow_the_seed() -> None:
    asked = study(splits_follow_seed=True, seeds=[3, 4])
    found = cells(asked)
    assert [cell.experiment.dataset.split_seed for cell in found] == [3, 4, 3, 3, 4, 4]
    assert [cell.source for cell in found[2:]] == [found[0].key] * 2 + [found[1].key] * 2
    assert count_runs(asked) == 6


def test_every_arm_is_tried_at_each_rate() -> None:
    asked = study(learning_rates=[0.1, 0.01], seeds=[0])
    rates = [
        (cell.arm, cell.rate, cell.experiment.method.hyperparameters["learning_rate"]) for cell in cells(asked)[1:]
    ]
    assert rates == [(0, 0.1, 0.1), (0, 0.01, 0.01), (1, 0.1, 0.1), (1, 0.01, 0.01)]


def test_what_comes_next_waits_for_its_source() -> None:
    found = cells(study(splits_follow_seed=True))
    assert next_cell(found, set(), set()) is found[0]
    assert next_cell(found, set(), {found[0].key}) is found[1]
    assert next_cell(found, set(), {found[0].key, found[1].key}) is None
    assert next_cell(found, {found[0].key}, {found[1].key}) is found[2]
    assert next_cell(found, {cell.key for cell in found}, set()) is None


def test_a_key_stays_when_arms_are_renamed_and_seeds_added() -> None:
    before = study()
    renamed = [arm.model_copy(update={"title": f"New {arm.title}"}) for arm in before.arms]
    after = before.model_copy(update={"arms": tuple(renamed), "seeds": (0, 1, 2)})
    assert {cell.key for cell in cells(before)} < {cell.key for cell in cells(after)}
    other_source = {"backbone": {"name": "conv4"}, "method": {"name": "scratch", "hyperparameters": {"epochs": 4}}}
    assert not {cell.key for cell in cells(before)} & {cell.key for cell in cells(study(source=other_source))}


def test_runs_are_named_by_what_the_study_varies() -> None:
    found = cells(study(shifts=[NOISE, None], seeds=[0]))
    asked = study(shifts=[NOISE, None], seeds=[0])
    assert [cell_name(asked, cell) for cell in found[:3]] == [
        "Source, split 0", "Probe, noise 5, seed 0", "All, noise 5, seed 0",
    ]  # fmt: skip


def test_json_both_ways() -> None:
    asked = completed(study(labels=[1, None], shifts=[None, NOISE], learning_rates=[0.1]))
    assert parse_study(study_as_json(asked)) == asked
    assert parse_study(asked.model_dump(mode="json")) == asked


def test_faults_name_the_arm() -> None:
    arms = [{"title": "Big", "backbone": {"name": "resnet_small", "weights": "source"}, "method": {"name": "full_ft"}}]
    assert "“Big” has another backbone than the source" in str(next(faults(study(arms=arms))))
    arms = [{"title": "Lost", "backbone": {"name": "conv4", "weights": "imagenet"}, "method": {"name": "full_ft"}}]
    with pytest.raises(InvalidExperiment, match="Lost: Conv-4 has no weights called “imagenet”"):
        check_study(study(arms=arms, source=None))
    with pytest.raises(InvalidExperiment, match="no arm starts from it"):
        study(arms=arms)
    broken = {"name": "full_ft", "hyperparameters": {"learning_rate": 7}}
    wrong = study(arms=[{"title": "Broken", "method": broken}], source=None)
    with pytest.raises(InvalidExperiment, match="Broken: “learning_rate” must be less than or equal to 1"):
        completed(wrong)


def test_label_counts_larger_than_a_class_are_told_before_anything_runs() -> None:
    with pytest.raises(InvalidExperiment, match="70 labels per class are asked for"):
        check_study(study(labels=[5, 70]))  # half of a class has about 45 training images
    check_study(study(labels=[5, 20]))


@pytest.mark.parametrize("preset", study_presets(), ids=lambda preset: preset.name)
def test_the_bundled_studies_can_be_run(preset: Study) -> None:
    source = known(preset.dataset.name)
    if source is not None and source.download and place(source.name) is None:
        with pytest.raises(InvalidExperiment, match="is not on this machine"):
            check_study(preset)
    elif not minilm.is_here() and any(arm.backbone.name == "minilm" for arm in preset.arms):
        with pytest.raises(InvalidExperiment, match="not installed"):
            check_study(preset)
    else:
        check_study(preset)
    assert preset.description.endswith((".", "?"))
    assert len(preset.seeds) >= 3


def test_a_grid_of_more_runs_than_can_be_done_is_refused_at_once() -> None:
    """Each list may be long, but not all of them together: nothing of the grid is built."""
    study = study_presets()[0]
    large = study.model_copy(update={"labels": tuple(range(1, 21)), "seeds": tuple(range(1000)), "source": None})
    with pytest.raises(InvalidExperiment, match=r"The study has [\d,]+ runs\."):
        cells(large)
