"""Inner rates that are too large: runs that really diverge end with the numbers and with a rate that fits."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.data.target import CLASSES
from engine.errors import Diverged
from engine.events import CheckpointSaved, Event, Notice, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.meta.divergence import DivergenceGuard, finite_gradient, fitting, learn
from engine.meta.task import Task
from engine.methods.meta.anil import ANIL
from engine.methods.meta.baseline import Baseline
from engine.methods.meta.maml import MAML
from engine.methods.meta.protonet import ProtoNet
from tests.engine.meta.by_hand import image_task, tiny_network
from tests.engine.meta.ways import meta_gradient

SHORT = {"steps": 4, "meta_batch": 2, "validate_every": 2, "validation_episodes": 10, "test_episodes": 10, "shot": 5}


def sinusoids(folder: Path, **values: object) -> list[Event]:
    method = MethodChoice(name="maml", hyperparameters=SHORT | {"query": 5} | values)
    data, network = DatasetChoice(name="sinusoid"), BackboneChoice(name="sine_mlp")
    return list(execute(Experiment(dataset=data, backbone=network, method=method), folder))


def test_a_diverging_run_names_the_step_and_both_rates_and_the_advice_holds(tmp_path: Path) -> None:
    last = sinusoids(tmp_path / "bad", inner_rate=10, inner_steps=20)[-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert last.message == "The loss is no longer a number at meta-step 1 with an inner rate of 10."
    rate = float(re.match(r"Try an inner rate of ([\d.]+), with which these tasks can be learnt", last.advice)[1])
    assert 0.001 <= rate <= 0.5
    assert "kept" not in last.advice  # nothing was validated before the first step
    assert not list((tmp_path / "bad").glob("*.safetensors"))
    good = sinusoids(tmp_path / "good", inner_rate=rate / 2, inner_steps=20)
    assert isinstance(good[-1], RunFinished)


def test_diverging_validation_tasks_are_counted_in_one_warning(tmp_path: Path) -> None:
    events = sinusoids(tmp_path, inner_rate=1, inner_steps=1, test_steps=10)
    said = [event.text for event in events if isinstance(event, Notice) and event.level == "warning"]
    assert len(said) == 1
    assert re.match(r"\d+ of 10 validation tasks diverged at meta-step 2 with an inner rate of 1\. Try an", said[0])


def test_weights_that_no_number_judges_are_never_the_best_and_the_run_says_so(tmp_path: Path) -> None:
    """One inner step is finite in training, sixty of them at test are not, on any validation task."""
    events = sinusoids(tmp_path, inner_rate=2, inner_steps=1, test_steps=60)
    assert isinstance(events[-1], RunFinished)
    said = [event.text for event in events if isinstance(event, Notice) and event.level == "warning"]
    assert said[0].startswith("10 of 10 validation tasks diverged at meta-step 2")
    kinds = {event.kind for event in events if isinstance(event, CheckpointSaved)}
    assert "last" in kinds
    assert "best" not in kinds


def test_a_rate_that_only_does_harm_is_told_beside_the_loss_of_guessing() -> None:
    torch.manual_seed(0)
    model, tasks = tiny_network().float(), [as_float(image_task()) for _ in range(2)]
    method = MAML.from_values({"inner_rate": 10.0, "inner_steps": 3})
    guard = DivergenceGuard(method, model, CLASSES)
    for _ in range(2):
        guard.begin(tasks)
        guard.check(meta_gradient(method, model, tasks), True, tasks, 1, False)
    (notice,) = guard.after_validation(np.full(4, 0.3), tasks, 2)
    assert notice.level == "warning"
    assert f"while guessing has {math.log(3):.3g}" in notice.text
    assert "with an inner rate of 10" in notice.text
    assert not list(guard.after_validation(np.full(4, 0.3), tasks, 2))  # once


def as_float(task: Task) -> Task:
    return Task(
        task.support_inputs.float(), task.support_targets, task.query_inputs.float(), task.query_targets, task.way
    )


def test_what_fits_was_tried() -> None:
    model, tasks = tiny_network().float(), [as_float(image_task()) for _ in range(2)]
    values = {"inner_rate": 10.0, "inner_steps": 3, "test_steps": 3}
    found = fitting(MAML.from_values(values), model, tasks)
    assert learn(MAML.from_values(values | {"inner_rate": found["inner_rate"]}), model, tasks)
    assert not learn(MAML.from_values(values), model, tasks)
    assert fitting(ANIL.from_values({"inner_rate": 0.01}), model, tasks) == {}  # nothing to mend


def test_a_gradient_that_is_not_a_number_never_reaches_the_weights() -> None:
    model = tiny_network()
    model.head.weight.grad = torch.full_like(model.head.weight, float("nan"))
    guard = DivergenceGuard(ProtoNet.from_values({"learning_rate": 0.02}), model, CLASSES)
    with pytest.raises(Diverged) as caught:
        guard.check({"loss": 1.0}, bool(finite_gradient(model)), [], 7, True)
    assert caught.value.message == "The gradient is no longer a number at meta-step 7."
    assert caught.value.advice == (
        "Try an outer learning rate of 0.002 in place of 0.02; the best weights so far are kept."
    )


def test_the_best_weights_survive_a_run_that_diverges_later(tmp_path: Path) -> None:
    """The outer rate breaks the weights after a validation that was still a number."""
    events = sinusoids(tmp_path, inner_rate=0.01, learning_rate=1.0, gradient_clip=1e30, steps=20, validate_every=1,
                       inner_steps=20)  # fmt: skip
    last = events[-1]
    assert isinstance(last, RunFailed)
    assert last.advice.startswith("Try an outer learning rate of 0.1 in place of 1")
    assert last.advice.endswith("the best weights so far are kept.")
    assert {event.path for event in events if isinstance(event, CheckpointSaved)} >= {"best.safetensors"}


def test_a_method_without_an_inner_rate_is_only_told_of_the_outer_one() -> None:
    """Baseline fits heads by steps, but learns from minibatches of all classes: its loss is not one of tasks."""
    model, tasks = tiny_network().float(), [as_float(image_task())]
    guard = DivergenceGuard(Baseline.from_values({"learning_rate": 0.01}), model, False)
    guard.check({"loss": 50.0}, True, tasks, 1, False)
    assert not list(guard.after_validation(np.full(4, 0.3), tasks, 1))
    with pytest.raises(Diverged, match=r"meta-step 2\. Try an outer learning rate of 0\.001 in place of 0\.01\."):
        guard.check({"loss": float("nan")}, True, tasks, 2, False)
