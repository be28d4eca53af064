"""Runs that learn a policy: better after a step towards unseen goals, the same after a break, refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.artifacts.saved import SavedModel
from engine.errors import WeightsError
from engine.events import Evaluated, Event, Metrics, ResumePoint, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.families import family
from engine.preflight.problems import problems
from engine.registry import methods, with_method

SHORT = {"meta_batch": 5, "tries": 5, "validation_goals": 10, "test_goals": 10, "steps": 4, "validate_every": 2}
KINDS = [kind.name for kind in methods() if kind.family == "act"]


def experiment(name: str, **values: Any) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="point_mass"), backbone=BackboneChoice(name="policy_mlp"),
        method=MethodChoice(name=name, hyperparameters=SHORT | values),
    )  # fmt: skip


def told(events: list[Event]) -> list[Any]:
    return [(event.name, event.value) for event in events if isinstance(event, Evaluated)] + [
        (event.step, dict(event.values)) for event in events if isinstance(event, Metrics)
    ]


@pytest.mark.parametrize("name", KINDS)
def test_a_run_tells_its_returns_after_each_step_and_keeps_its_paths(name: str, tmp_path: Path) -> None:
    events = list(execute(experiment(name), tmp_path))
    assert isinstance(events[-1], RunFinished), events[-1]
    found = {event.name: event for event in events if isinstance(event, Evaluated)}
    after = ["0 inner steps", "2 inner steps", "3 inner steps"]
    assert list(found) == ["test/return", *(f"test/return, {words}" for words in after)]
    own = found["test/return"]
    assert own.scores is not None
    assert own.value == pytest.approx(own.scores.mean())
    assert (own.n, own.unit, own.conditions["split seed"]) == (10, "episodes", "0")
    kept = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert (kept["kind"], kept["split"], len(kept["tasks"])) == ("paths", "test", 4)
    assert [one["steps"] for one in kept["tasks"][0]["paths"]] == [0, 1, 2, 3]
    assert all(len(one["x"]) == len(one["y"]) == 21 for one in kept["tasks"][0]["paths"])
    with pytest.raises(WeightsError):
        SavedModel.open(tmp_path)


def test_a_policy_that_learnt_nothing_is_tested_as_it_was_loaded(tmp_path: Path) -> None:
    for steps, weights in ((0, "as loaded"), (2, "best validation")):
        events = execute(experiment(KINDS[0], steps=steps), tmp_path / str(steps))
        figure = next(event for event in events if isinstance(event, Evaluated))
        assert figure.notes["weights"] == weights


@pytest.mark.parametrize("name", KINDS)
def test_a_run_that_was_cut_off_goes_on_to_the_last_bit(name: str, tmp_path: Path) -> None:
    whole = list(execute(experiment(name), tmp_path / "whole"))
    asked, first = iter([False] * 3), list[Event]()
    for event in execute(experiment(name), tmp_path / "cut", lambda: next(asked, True)):
        first.append(event)
        if isinstance(event, ResumePoint):
            event.write({})
    again = list(execute(experiment(name), tmp_path / "cut", resume=True))
    started = next(event for event in again if isinstance(event, RunStarted))
    steps = [item for item in told(first) if isinstance(item[0], int)][: started.step + 1]
    assert 0 < started.step < SHORT["steps"]
    assert told(again)[:4] == told(whole)[:4]
    assert [one for one in told(again) if isinstance(one[0], int)][-1] == told(whole)[-1]
    assert steps


def test_a_meta_learned_policy_is_better_after_a_step_towards_goals_it_never_met(tmp_path: Path) -> None:
    """After 30 short steps by more than 1, where one that stays at the start has about -3.3."""
    found = list(execute(experiment("policy_maml", steps=30, meta_batch=10, tries=20, test_goals=50), tmp_path))
    returns = {event.name: event.value for event in found if isinstance(event, Evaluated)}
    assert returns["test/return"] > returns["test/return, 0 inner steps"] + 1


def test_the_test_goals_are_the_same_for_all_methods_and_others_than_those_of_validation() -> None:
    import torch

    from engine.acting.goal_tasks import goal_tasks

    found = [with_method(experiment(name))[1] for name in KINDS]
    first, second = (goal_tasks(DatasetChoice(name="point_mass"), one, torch.device("cpu")) for one in found)  # type: ignore[arg-type]
    assert torch.equal(first.test, second.test)
    assert not np.isin(first.test.numpy(), first.validation.numpy()).any()
    assert first.conditions == second.conditions


@pytest.mark.parametrize(
    "changes,words",
    [
        ({"dataset": DatasetChoice(name="digits")}, "learns a policy, and these data are in classes"),
        ({"dataset": DatasetChoice(name="sinusoid")}, "learns a policy, and sinusoids ask for numbers"),
        ({"backbone": BackboneChoice(name="conv4")}, "Conv-4 reads images, and point-mass goals are places"),
        ({"backbone": BackboneChoice(name="sine_mlp")}, "Sine MLP reads one number"),
        ({"method": MethodChoice(name="maml")}, "MAML tells classes apart, and point-mass goals ask for moves"),
        ({"method": MethodChoice(name="lp_ft")}, "LP-FT tells classes apart, and point-mass goals ask for moves"),
        ({"precision": "bfloat16"}, "Policies are computed in float32 alone."),
        ({"dataset": DatasetChoice(name="point_mass", classes=3)}, "Point-mass goals have no classes"),
    ],
)
def test_what_does_not_fit_is_a_sentence(changes: dict[str, Any], words: str) -> None:
    found = [fault.message for fault in problems(experiment("policy_maml").model_copy(update=changes))]
    assert any(words in message for message in found), found


def test_a_policy_stands_among_the_meta_learners() -> None:
    assert family(experiment("policy_maml")).under == "meta"
