"""Plans: what a file may say, how seeds multiply, and that every bundled preset is a real experiment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.plan import Plan, load_plan, parse_plan, plan_as_json, preset, presets
from engine.registry import complete


def test_a_bare_experiment_is_a_plan() -> None:
    plan = parse_plan({"seed": 3}, "mine")
    assert plan == Plan("mine", "mine", "", (Experiment(seed=3),))


def test_one_experiment_with_seeds() -> None:
    plan = parse_plan({"experiment": {"seed": 9}, "seeds": [0, 1]}, "mine")
    assert [experiment.seed for experiment in plan.experiments] == [0, 1]


def test_arms_come_seed_by_seed() -> None:
    arms = [{"method": {"name": "lp_ft"}}, {"method": {"name": "scratch"}}]
    plan = parse_plan({"name": "two", "experiments": arms, "seeds": [0, 1]}, "file")
    assert plan.name == "two"
    assert [(e.seed, e.method.name) for e in plan.experiments] == [
        (0, "lp_ft"), (0, "scratch"), (1, "lp_ft"), (1, "scratch"),
    ]  # fmt: skip


def test_what_is_written_can_be_read_back(tmp_path: Path) -> None:
    plan = preset("demo")
    path = tmp_path / "demo.json"
    path.write_text(json.dumps(plan_as_json(plan)))
    assert load_plan(path) == plan


def test_presets_are_complete_and_the_demo_comes_first() -> None:
    names = [plan.name for plan in presets()]
    assert names[0] == "demo"
    assert {"demo", "digits-enough-labels", "few-shot"} <= set(names)
    for plan in presets():
        assert plan.title
        assert plan.description.endswith(".")
        for experiment in plan.experiments:
            complete(experiment)


def test_the_demo_has_the_three_arms_of_the_readme() -> None:
    arms = preset("demo").experiments
    assert [arm.method.name for arm in arms[:3]] == ["lp_ft", "full_ft", "scratch"]
    for arm in arms:
        assert (arm.dataset.name, arm.dataset.classes, arm.dataset.labels_per_class) == ("glyphs", 40, 2)
        assert arm.backbone.name == "conv4"


@pytest.mark.parametrize("body", [3, [], {"experiments": []}, {"experiments": [{"sed": 1}]}, {"seeds": [0]}])
def test_what_is_not_a_plan_is_refused(body: object) -> None:
    with pytest.raises(InvalidExperiment) as refused:
        parse_plan(body, "mine")
    assert refused.value.message.endswith(".")
    assert refused.value.advice


def test_a_misspelt_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidExperiment, match="Did you mean “few-shot”"):
        preset("fewshot")
