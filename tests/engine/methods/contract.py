"""What every meta-learner promises, as checks that take any: a new one is held to them without a line of its own.

A check is given a `Case`: a method as it is or with another value of one of its own choices, and a kind of task. What
it promises follows from what it says of itself (`meets`, `batch_norm_mode`, …) and from the shapes of what it
learns, never from its name. All is small and in float64, so that "the same" means up to rounding.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.meta.batch.formulation import MetaGradient
from engine.meta.learner import EpisodeHyperparameters, MetaLearner
from engine.meta.roles import MetaRun
from engine.meta.run import facts, protocol
from engine.meta.task import Task
from engine.registry import fields
from tests.engine.meta.ways import meta_gradient, one_by_one, shared
from tests.engine.methods.fitting import fitting

WAY, SHOT, FEATURES = 3, 2, 16
CLASSES_IN_ALL = WAY + 2  # of a method that learns from minibatches
ROUNDING = 1e-9
SMALL = {
    "way": WAY, "shot": SHOT, "training_way": WAY, "training_shot": SHOT, "inner_steps": 2, "test_steps": 2,
    "test_iterations": 5, "copies": 2, "cg_steps": 2, "reads": 2, "context": 4, "filters": 4, "width": 8,
    "dropout": 0.0, "attention_dropout": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """suits: "classification" or "regression". values: what is not as usual."""

    kind: type[MetaLearner]
    suits: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        numbers = ["numbers"] if self.suits == "regression" else []
        return "-".join([self.kind.name, *numbers, *(f"{name}_{value}" for name, value in self.values.items())])

    def method(self, **more: Any) -> Any:
        """An instance whose numbers are as small as it allows."""
        return self.kind.from_values(fitting(self.kind, SMALL | more) | self.values).supposed()

    @property
    def outputs(self) -> int:
        return WAY if self.suits == "classification" else 1


def cases_of(kind: type[MetaLearner]) -> list[Case]:
    """On each kind of task that it suits: as it is, and with each other value of a choice or switch of its own."""
    own = [row for row in fields(kind) if row.name not in EpisodeHyperparameters.model_fields]
    others = [
        {row.name: value}
        for row in own
        for value in (row.choices or ((True, False) if row.kind == "bool" else ()))
        if value != row.default
    ]
    return [Case(kind, suits, values) for suits in sorted(kind.suits) for values in ({}, *others)]


# Tasks and networks


def trunk(suits: str) -> dict[str, nn.Module]:
    """Images of 8 x 8 through two blocks with batch norm, or numbers through two layers."""
    if suits == "classification":
        return {"one": conv_block(1, 4), "two": conv_block(4, FEATURES).append(nn.AdaptiveAvgPool2d(1))}
    return {"one": nn.Sequential(nn.Linear(1, 8), nn.ReLU()), "two": nn.Sequential(nn.Linear(8, FEATURES), nn.ReLU())}


def network(case: Case, method: MetaLearner, outputs: int = 0) -> Backbone:
    """Prepared, with running statistics that are not those it starts with."""
    torch.manual_seed(0)
    outputs = outputs or case.outputs
    model = Backbone(trunk(case.suits), FEATURES, outputs if method.meets.head else None)
    method.prepare(model, CLASSES_IN_ALL if method.trains.share else outputs)
    model.double().train()
    with torch.no_grad():
        model.embed(2 * inputs_of(case, 20, torch.Generator().manual_seed(3)) + 0.5)
    return model


def inputs_of(case: Case, count: int, draw: torch.Generator) -> Tensor:
    shape = (1, 8, 8) if case.suits == "classification" else (1,)
    return torch.randn(count, *shape, generator=draw, dtype=torch.float64)


def task_of(case: Case, seed: int = 1) -> Task:
    draw = torch.Generator().manual_seed(seed)
    support, query = (inputs_of(case, count, draw) for count in (WAY * SHOT, WAY * 2))
    if case.suits == "regression":
        return Task(support, support.sin(), query, query.sin(), 1)
    return Task(support, torch.arange(WAY).repeat_interleave(SHOT), query, torch.arange(WAY).repeat_interleave(2), WAY)


def training_task(case: Case, method: MetaLearner, seed: int) -> Task:
    """What this method learns from: a task, or a minibatch of all training classes."""
    found = task_of(case, seed)
    if not method.trains.share:
        return found
    labels = torch.arange(len(found.query_targets)) % CLASSES_IN_ALL
    return Task(found.support_inputs[:0], found.support_targets[:0], found.query_inputs, labels, CLASSES_IN_ALL)


def answers(method: MetaLearner, model: Backbone, task: Task) -> list[Tensor]:
    """Of the query inputs, after every inner step."""
    path = method.classifiers(model, task.support_inputs, task.support_targets, task.way, method.test_steps)
    return [classify(task.query_inputs).detach() for classify in path]


def apart(one: list[Tensor], other: list[Tensor]) -> float:
    """The largest difference, on the scale of the largest value."""
    assert len(one) == len(other) > 0
    largest = max(float(values.abs().max()) for values in one)
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True)) / largest


def reordered(task: Task, seed: int = 4) -> Task:
    """The same support set, given in another order."""
    order = torch.randperm(len(task.support_targets), generator=torch.Generator().manual_seed(seed))
    return replace(task, support_inputs=task.support_inputs[order], support_targets=task.support_targets[order])


# Checks


def the_order_of_the_support_set_matters_only_where_the_figure_says_so(case: Case) -> None:
    method = case.method()
    model, task = network(case, method), task_of(case)
    difference = apart(answers(method, model, task), answers(method, model, reordered(task)))
    assert (difference > ROUNDING) == method.meets.in_order == ("read in order" in said(case, method))


def nor_does_it_matter_in_training(case: Case) -> None:
    method = case.method()
    model, task = network(case, method), training_task(case, method, 1)
    again = torch.randperm(len(task.query_targets), generator=torch.Generator().manual_seed(5))
    other = replace(task, query_inputs=task.query_inputs[again], query_targets=task.query_targets[again])
    found = []
    for given in (task, other if method.meets.in_order else reordered(other)):
        found.append((one_by_one(method, model.train(), [given])["loss"], gradients(model)))
    (loss, expected), (other_loss, got) = found
    assert abs(loss - other_loss) < ROUNDING * abs(loss)
    assert apart(expected, got) < 1e-6  # Reptile's Adam enlarges rounding


def gradients(model: Backbone) -> list[Tensor]:
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


def slots(case: Case, model: Backbone) -> dict[str, list[tuple[int, int]]]:
    """Parameter -> (axis, first place) of what it has one of for each class: what differs where there is a class less.
    Labels that are read come after the features."""
    fewer = dict(network(case, case.method(way=WAY - 1), WAY - 1).named_parameters())
    return {
        name: [
            (axis, 0 if size == WAY else FEATURES)
            for axis, size in enumerate(value.shape)
            if size != fewer[name].shape[axis]
        ]
        for name, value in model.named_parameters()
    }


def the_names_of_the_classes_do_not_matter(case: Case) -> None:
    """Called otherwise, the classes get the same answers, where each keeps the weights that are learnt for its slot."""
    if case.suits == "regression":
        return
    method, called = case.method(), torch.tensor([2, 0, 1])
    model, task = network(case, method), task_of(case)
    before, other = answers(method, model, task), copy.deepcopy(model)
    with torch.no_grad():
        for name, axes in slots(case, model).items():
            value = other.get_parameter(name)
            for axis, first in axes:
                places = torch.arange(value.shape[axis])
                places[first + called] = torch.arange(first, first + WAY)
                value.copy_(value.index_select(axis, places))
    after = answers(method, other, replace(task, support_targets=called[task.support_targets]))
    assert apart(before, [found[:, called] for found in after]) < ROUNDING


def an_answer_depends_on_other_queries_only_where_the_figure_says_so(case: Case) -> None:
    method = case.method()
    model, task = network(case, method), task_of(case)
    difference = apart(answers(method, model, task), each_alone(method, model, task))
    if "transductive" in said(case, method) and case.suits == "classification":
        assert difference > 1e-3
    else:
        assert difference < ROUNDING


def each_alone(method: MetaLearner, model: Backbone, task: Task) -> list[Tensor]:
    """`answers` where every query input comes by itself."""
    one_by_one = [answers(method, model, replace(task, query_inputs=query[None])) for query in task.query_inputs]
    return [torch.cat(parts) for parts in zip(*one_by_one, strict=True)]


def what_needs_the_other_queries_has_a_twin_that_does_not(case: Case) -> None:
    method = case.method()
    assert (method.twin is not None) == method.meets.together
    if method.twin is None:
        return
    model, task = network(case, method), task_of(case)
    assert apart(answers(method.twin, model, task), each_alone(method.twin, model, task)) < ROUNDING
    assert "transductive" in said(case, method)
    assert "transductive" not in said(case, method.twin)


def said(case: Case, method: MetaLearner) -> str:
    """What stands beside the figure."""
    data = "glyphs" if case.suits == "classification" else "sinusoid"
    experiment = Experiment(dataset=DatasetChoice(name=data), method=MethodChoice(name=case.kind.name))
    conditions, notes = protocol(experiment, method, Said(), "")
    return " ".join(map(str, (*conditions.values(), *notes.values())))


class Said:
    """Tasks of which only what is shown beside a run is asked."""

    facts: Mapping[str, Any] = {}
    conditions: Mapping[str, str] = {}
    findings = ()


def meeting_a_task_leaves_the_network_as_it_was(case: Case) -> None:
    method = case.method()
    model, task = network(case, method), task_of(case)
    before = copy.deepcopy(model.state_dict())
    steps = 2 if method.meets.each else 0
    path = list(method.classifiers(model, task.support_inputs, task.support_targets, task.way, steps))
    assert len(path) == steps + 1
    assert all(classify(task.query_inputs).shape == (len(task.query_inputs), task.way) for classify in path)
    after = model.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items() if "num_batches" not in key)
    assert method.brings_more == bool(list(model.meta.parameters()))


def what_learns_is_what_is_told(case: Case) -> None:
    """The optimiser has as many parameters as are told, once each, and what it has not stays to the last bit."""
    method = case.method()
    model = network(case, method)
    before, optimiser = {name: p.detach().clone() for name, p in model.named_parameters()}, method.optimiser(model)
    for seed in range(3):
        optimiser.zero_grad(set_to_none=True)
        meta_gradient(method, model, [training_task(case, method, seed)])
        optimiser.step()
    given = [id(p) for group in optimiser.param_groups for p in group["params"]]
    changed = [id(p) for name, p in model.named_parameters() if not torch.equal(p, before[name])]
    assert len(given) == len(set(given))
    assert set(changed) <= set(given)
    told = facts(model, Said())["trainable parameters"]
    assert sum(p.numel() for p in model.parameters() if id(p) in given) == told
    assert sum(p.numel() for p in model.parameters() if id(p) in changed) > told / 2


def a_run_leaves_the_method_as_it_was(case: Case) -> None:
    """It says what is to be done; what a run knows is the run's."""
    method = case.method()
    model, before = network(case, method), dict(vars(method))
    gradient = MetaGradient(method, model)
    for step in range(3):
        run = MetaRun(step, step / 3)
        method.rate_factor(run)
        gradient([training_task(case, method, step)], run)
    answers(method, model, task_of(case))
    assert vars(method) == before


def threads_leave_the_same_bits(case: Case) -> None:
    method = case.method()
    first = network(case, method).train()
    tasks = [training_task(case, method, seed) for seed in range(3)]
    found = []
    for threads in (1, 3):
        model = copy.deepcopy(first)
        figures = shared(threads)(method, model, tasks)
        found.append((figures, [*gradients(model), *model.buffers()]))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(one, other) for one, other in zip(found[0][1], found[1][1], strict=True))


CHECKS: tuple[Callable[[Case], None], ...] = (
    the_order_of_the_support_set_matters_only_where_the_figure_says_so, nor_does_it_matter_in_training,
    the_names_of_the_classes_do_not_matter, an_answer_depends_on_other_queries_only_where_the_figure_says_so,
    what_needs_the_other_queries_has_a_twin_that_does_not,
    meeting_a_task_leaves_the_network_as_it_was, what_learns_is_what_is_told,
    a_run_leaves_the_method_as_it_was, threads_leave_the_same_bits,
)  # fmt: skip
