"""Sinusoid tasks: fixed lists, one step against NumPy, many tasks at once, and what does not go together with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.artifacts.weights import build_backbone
from engine.data.curves import GivenCurve
from engine.data.sets.sinusoid import Sinusoids
from engine.errors import InvalidExperiment
from engine.events import CheckpointSaved, Evaluated, Metrics, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, parse_experiment
from engine.meta.batch.stacked import stacked_at_test
from engine.meta.learner import MetaLearner
from engine.meta.task import Task
from engine.meta.tasks.gallery import gallery
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.registry import method
from tests.engine.meta.ways import meta_gradient, task_scores
from tests.sinusoids import fixed_sinusoids, sinusoid_tasks

QUICK = {
    "shot": 5, "query": 4, "meta_batch": 3, "steps": 4, "validate_every": 2, "validation_episodes": 10,
    "test_episodes": 12,
}  # fmt: skip


def experiment(name: str, data: str = "sinusoid", backbone: str = "sine_mlp", **values: object) -> Experiment:
    usual = {key: value for key, value in QUICK.items() if key in method(name).Hyperparameters.model_fields}
    return Experiment(
        dataset=DatasetChoice(name=data),
        backbone=BackboneChoice(name=backbone),
        method=MethodChoice(name=name, hyperparameters=usual | values),
    )


def set_up(name: str, **values: object) -> tuple[MetaLearner, torch.nn.Module, list[Task]]:
    """The method, its network and three tasks, all in float64."""
    found = method(name).from_values(QUICK | values)
    model = build_backbone(BackboneChoice(name="sine_mlp"), 1 if found.meets.head else None, 0)
    found.prepare(model, 1)
    drawn = sinusoid_tasks(5, 4).draw_tasks(np.random.default_rng(1), 3)
    return found, model.double(), [Task(*(part.double() for part in parts_of(task)), 1) for task in drawn]


def parts_of(task: Task) -> tuple[torch.Tensor, ...]:
    return task.support_inputs, task.support_targets, task.query_inputs, task.query_targets


def test_a_curve_is_what_its_formula_says() -> None:
    curves = Sinusoids(np.array([2.0]), np.array([0.5]), np.array([1.5]), np.array([[1.0]]))
    curve = GivenCurve(curves, curves.x[0], np.array([]))
    assert curve.at(np.array([1.0, -2.0])) == pytest.approx([2 * np.sin(1.0), 2 * np.sin(-3.5)])


def test_the_lists_are_fixed_and_within_the_papers_ranges() -> None:
    one, again = fixed_sinusoids([0, 2], 40, 5), fixed_sinusoids([0, 2], 40, 5)
    drawn, other = [c.drawn for c in one], fixed_sinusoids([1, 2], 1, 5)[0].drawn
    assert all(np.array_equal(a.query, b.query) for a, b in zip(one, again, strict=True))
    assert [c.phase for c in drawn] == [c.drawn.phase for c in again]
    assert other.phase != drawn[0].phase
    assert all(0.1 <= c.amplitude <= 5 and 0 <= c.phase <= np.pi and c.frequency == 1 for c in drawn)
    assert all(len(c.support) == 5 and len(c.query) == 100 and np.abs(c.query).max() <= 5 for c in one)
    assert {c.drawn.frequency[0] for c in fixed_sinusoids([0, 2], 9, 5, True)} != {1.0}


def test_a_batch_is_what_single_draws_give() -> None:
    tasks = sinusoid_tasks(5, 4)
    rng = np.random.default_rng(3)
    single = [tasks.task(tasks.draw(rng)) for _ in range(4)]
    for a, b in zip(tasks.draw_tasks(np.random.default_rng(3), 4), single, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(parts_of(a), parts_of(b), strict=True))


def test_an_inner_step_is_gradient_descent_by_hand() -> None:
    """One step of MAML on the support set, written out in NumPy."""
    found, model, tasks = set_up("fomaml", inner_rate=0.05, inner_steps=1)
    weights = {name: value.detach().numpy() for name, value in model.named_parameters()}
    x, y = tasks[0].support_inputs.numpy(), tasks[0].support_targets.numpy()
    adapted = one_step(weights, x, y, 0.05)
    query, wanted = tasks[0].query_inputs.numpy(), tasks[0].query_targets.numpy()
    expected = float(np.mean((network(adapted, query)[-1] - wanted) ** 2))
    assert float(stacked_at_test(found, model, 1).scores(model, tasks[:1])[0, 1]) == pytest.approx(expected, rel=1e-12)


NAMES = ("blocks.layer1.0", "blocks.layer2.0", "head")


def network(weights: dict[str, np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """The input and what every layer gives."""
    values = [x]
    for name in NAMES:
        values.append(values[-1] @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])
        if name != "head":
            values[-1] = np.maximum(values[-1], 0)
    return values


def one_step(weights: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, rate: float) -> dict[str, np.ndarray]:
    values, moved = network(weights, x), dict(weights)
    upwards = 2 * (values[-1] - y) / y.size
    for place in (2, 1, 0):
        name = NAMES[place]
        moved[f"{name}.weight"] = weights[f"{name}.weight"] - rate * upwards.T @ values[place]
        moved[f"{name}.bias"] = weights[f"{name}.bias"] - rate * upwards.sum(0)
        upwards = (upwards @ weights[f"{name}.weight"]) * (values[place] > 0)
    return moved


@pytest.mark.parametrize("name", ["maml", "joint", "cnp", "snail"])
def test_a_run_on_curves_tells_its_story(name: str, tmp_path: Path) -> None:
    events = list(execute(experiment(name), tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    first = next(event for event in events if isinstance(event, Evaluated))
    assert first.metric == "test/error"
    assert first.value == pytest.approx(float(np.mean(np.minimum(first.scores, 25))))
    assert {"median", "diverged", "episodes", "interval"} <= set(first.protocol)
    watched = [
        event.values["val/loss"] for event in events if isinstance(event, Metrics) and "val/loss" in event.values
    ]
    best = next(event for event in events if isinstance(event, CheckpointSaved) and event.kind == "best")
    assert best.value in watched
    assert estimate(experiment(name)).steps == 4


def test_a_conditional_process_learns_how_sure_it_is() -> None:
    found, model, tasks = set_up("cnp", width=16)
    optimiser = found.optimiser(model)
    for group in optimiser.param_groups:
        group["lr"] = 0.01
    likelihoods = []
    for _ in range(30):
        likelihoods.append(meta_gradient(found, model, tasks)["likelihood"])
        optimiser.step()
    assert likelihoods[-1] > likelihoods[0]
    classify = found.adapt(model, tasks[0].support_inputs, tasks[0].support_targets, 1)
    assert (classify.deviation(tasks[0].query_inputs) >= 0.1).all()


def test_the_curves_to_look_at_have_the_truth_and_every_step() -> None:
    found, model, _ = set_up("maml", test_steps=3)
    model.float()
    tasks = sinusoid_tasks(validation=fixed_sinusoids([0, 1], 3, 5))
    drawn = (gallery(found, model, tasks, tasks.validation[:2]) or {})["tasks"]
    assert [one["steps"] for one in drawn[0]["predictions"]] == [0, 1, 2, 3]
    assert len(drawn) == 2
    assert len(drawn[0]["x"]) == len(drawn[0]["truth"]) == len(drawn[0]["predictions"][0]["y"])
    assert drawn[0]["truth"] == pytest.approx(tasks.validation[0].at(np.array(drawn[0]["x"])), abs=1e-4)


def test_tasks_that_are_stopped_are_not_counted() -> None:
    found, model, _ = set_up("maml", test_steps=2)
    tasks = sinusoid_tasks(test=fixed_sinusoids([0, 2], 12, 5))
    asked = task_scores(found, model.float(), tasks, tasks.test, "Testing", lambda: True)
    with pytest.raises(StopIteration) as ended:
        next(asked)
    assert len(ended.value.value) == 0


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (experiment("protonet"), "tells classes apart, and sinusoids ask for numbers"),
        (experiment("full_ft"), "tells classes apart"),
        (experiment("maml", backbone="conv4"), "Conv-4 reads images, and sinusoids are numbers. Choose Sine MLP"),
        (experiment("maml", data="glyphs"), "Sine MLP reads one number, and these are images."),
        (experiment("joint", data="glyphs", backbone="conv4"), "predicts numbers, and these data are in classes"),
    ],
)
def test_what_does_not_go_together_is_said(wanted: Experiment, words: str) -> None:
    assert any(words in str(fault) for fault in problems(wanted)), problems(wanted)


def test_settings_of_images_are_refused_for_curves() -> None:
    wanted = experiment("maml")
    classes = wanted.model_copy(update={"dataset": DatasetChoice(name="sinusoid", classes=5)})
    assert problems(wanted) == []
    assert "Sinusoids have no classes" in str(problems(classes)[0])
    with pytest.raises(InvalidExperiment, match="vary_frequency” is not a known setting"):
        parse_experiment({"dataset": {"name": "glyphs", "vary_frequency": True}})
