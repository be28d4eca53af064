"""A quicker way computes what the method says or is not taken: tasks at once against one by one, in training and at
test, for every registered meta-learner and for methods made of them that say something else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from engine.adaptation.inner_loop import InnerLoop, Parameters
from engine.adaptation.objective import score
from engine.backbones.backbone import Backbone
from engine.backbones.nets import bands_cnn, sine_mlp
from engine.backbones.networks import conv_block
from engine.data.episodes import EpisodeSampler, evaluation_episodes
from engine.meta.batch import stacked
from engine.meta.batch.formulation import Total
from engine.meta.learner import MetaLearner, Outcome, TaskGradient
from engine.meta.roles import MetaRun
from engine.meta.task import ImageTasks, Task, TaskImages
from engine.meta.tasks.curves import CurveTasks
from engine.methods.meta.anil import ANIL
from engine.methods.meta.baseline import Baseline
from engine.methods.meta.cnp import CNP
from engine.methods.meta.gradient_based import GradientBased
from engine.methods.meta.maml import MAML
from engine.methods.meta.protonet import ProtoNet
from engine.methods.meta.reptile import Reptile
from engine.preparation.inputs import Normaliser
from engine.registry import methods
from tests.engine.meta.ways import ended, means, meta_gradient, size_together, stacks_at_test, task_scores
from tests.sinusoids import sinusoid_tasks

WAY = 3
QUICK = {
    "way": WAY, "shot": 2, "training_way": WAY, "inner_rate": 0.05, "inner_steps": 2, "test_steps": 2,
    "test_iterations": 5, "inner_batch": 4,
}  # fmt: skip
REGISTERED = [m for m in methods() if issubclass(m, MetaLearner)]


class Pull(GradientBased):
    def inner_loop(self, model: Backbone, steps: int, second_order: bool) -> InnerLoop:
        return replace(super().inner_loop(model, steps, second_order), pull=3.0)


class Steps(GradientBased):
    """Other head biases in each step."""

    def inner_loop(self, model: Backbone, steps: int, second_order: bool) -> InnerLoop:
        return replace(super().inner_loop(model, steps, second_order), at_step=shifted)


def shifted(parameters: Parameters, step: int) -> Parameters:
    return parameters | {"head.bias": parameters["head.bias"] + step * torch.arange(len(parameters["head.bias"]))}


class Normed(InnerLoop):
    """Each gradient brought to a length below 1, which depends on all of its values."""

    def stepped(self, here: Any, start: Any, gradients: Any, step: int) -> Parameters:
        return super().stepped(here, start, {name: g / (g.norm() + 1e-3) for name, g in gradients.items()}, step)


class Norms(GradientBased):
    def inner_loop(self, model: Backbone, steps: int, second_order: bool) -> InnerLoop:
        return Normed(**vars(super().inner_loop(model, steps, second_order)))


class Pulled(Pull, MAML): ...


class PulledHead(Pull, ANIL): ...


class Stepwise(Steps, MAML): ...


class StepwiseHead(Steps, ANIL): ...


class ByNorm(Norms, MAML): ...


class ByNormHead(Norms, ANIL): ...


class ByName(ANIL):
    """The bias ten times as fast."""

    def rate(self, model: Backbone) -> Callable[[str, int], float]:
        return lambda name, step: 0.5 if name == "head.bias" else 0.05 / (step + 1)


class BiasesAlone(MAML):
    def adapts(self, model: nn.Module) -> Callable[[str], bool]:
        below = super().adapts(model)
        return lambda name: below(name) and name.endswith("bias")


class WeightsAlone(Reptile):
    def adapts(self, model: nn.Module) -> Callable[[str], bool]:
        return lambda name: name.endswith("weight")


class Double(GradientBased):
    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        found = super().query_loss(model, task, run)
        return Outcome(2 * found.loss, found.outputs)


class Doubled(Double, MAML): ...


class DoubledHead(Double, ANIL): ...


class Halved(Reptile):
    def task_gradient(self, model: Backbone, task: Task, run: MetaRun) -> TaskGradient:
        found = super().task_gradient(model, task, run)
        return TaskGradient([None if g is None else g / 2 for g in found.gradients], found.figures)


class Opposite(MAML):
    def classifier(self, model: Backbone, adapted: Parameters) -> Callable[[Tensor], Tensor]:
        below = super().classifier(model, adapted)
        return lambda queries: -below(queries)


class OppositeSteps(ANIL):
    def classifiers(self, *given: Any) -> Iterator[Callable[[Tensor], Tensor]]:
        for classify in super().classifiers(*given):
            yield lambda queries, classify=classify: -classify(queries)


class Elsewhere(GradientBased):
    """Every task begins with other head biases than those that are learnt."""

    def start(self, model: Backbone, detached: bool = False) -> Parameters:
        return shifted(super().start(model, detached), 1)


class ElsewhereMAML(Elsewhere, MAML): ...


class ElsewhereHead(Elsewhere, ANIL): ...


class Biased(MAML):
    """At test one is added to every output."""

    def batch_statistics(self, model: Backbone) -> AbstractContextManager[None]:
        return biased(model)


@contextmanager
def biased(model: Backbone) -> Iterator[None]:
    hook = model.register_forward_hook(lambda _, inputs, outputs: outputs + 1.0)
    yield
    hook.remove()


class Farthest(ProtoNet):
    def adapt(self, *given: Any) -> Callable[[Tensor], Tensor]:
        below = super().adapt(*given)
        return lambda queries: -below(queries)


class FarthestFeature(Baseline):
    def classify_features(self, *given: Any) -> Callable[[Tensor], Tensor]:
        below = super().classify_features(*given)
        return lambda queries: -below(queries)


class SquaredCurve(CNP):
    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        found = super().query_loss(model, task, run)
        return Outcome(found.loss.square(), found.outputs)


ODD = [
    Pulled, PulledHead, Stepwise, StepwiseHead, ByNorm, ByNormHead, ByName, BiasesAlone, WeightsAlone, Doubled,
    DoubledHead, Halved, ElsewhereMAML, ElsewhereHead,
    Opposite, OppositeSteps, Biased, Farthest, FarthestFeature, SquaredCurve,
]  # fmt: skip
ALL = [*REGISTERED, *ODD]


@pytest.fixture(autouse=True)
def _float64_on_one_core(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(stacked, "sharing_threads", lambda: 1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def built(kind: type[MetaLearner], network: str, **values: object) -> tuple[Any, Backbone]:
    torch.manual_seed(0)
    found = kind.from_values({name: value for name, value in (QUICK | values).items() if takes(kind, name, value)})
    outputs = 1 if network == "curves" else WAY
    blocks, features = {
        "norms": ({"one": conv_block(2, 4), "two": conv_block(4, 5).append(nn.AdaptiveAvgPool2d(1))}, 5),
        "bands": (bands_cnn.build(2), 64),
        "curves": (sine_mlp.build(), 40),
    }[network]
    model = Backbone(blocks, features, outputs if found.meets.head else None)
    found.prepare(model, outputs)
    for layer in model.modules():
        if isinstance(layer, nn.modules.dropout._DropoutNd):
            layer.p = 0.0  # what is drawn would differ from one time to the next
    return found, model


def takes(kind: type[MetaLearner], name: str, value: object) -> bool:
    try:
        kind.from_values({name: value})
    except ValidationError:
        return False
    return True


def drawn(found: Any, network: str) -> list[Task]:
    """Three tasks, whose support sets come in an order of their own."""
    rng = np.random.default_rng(1)
    if network == "curves":
        tasks = sinusoid_tasks(5, 4).draw_tasks(rng, 3)
        return [Task(*(part.double() for part in task.parts), 1) for task in tasks]
    slots = torch.arange(WAY).repeat_interleave(2)
    images = [torch.tensor(rng.normal(size=(2, len(slots), 2, 9, 8))) for _ in range(3)]
    tasks = [Task(support, slots, query, slots, WAY) for support, query in images]
    if found.trains.share:
        return [replace(task, support_inputs=task.support_inputs[:0], support_targets=slots[:0]) for task in tasks]
    return [task.mixed(rng) for task in tasks]


@pytest.mark.parametrize("network", ["norms", "bands", "curves"])
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_meta_batch_leaves_the_gradient_of_its_tasks_one_by_one(kind: type[MetaLearner], network: str) -> None:
    found, model = built(kind, network)
    if ("regression" if network == "curves" else "classification") not in found.suits:
        return
    tasks = drawn(found, network)
    once = copy.deepcopy(model).train()
    figures = meta_gradient(found, model.train(), tasks)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in model.parameters()]
    total = Total(once, len(tasks))
    for task in tasks:
        total.add(found.task_gradient(once, task, MetaRun()))
    alone = means(total.leave())
    found.clip(once)
    told = -figures["likelihood"] if "likelihood" in figures else figures["loss"]
    assert told == pytest.approx(alone["loss"], rel=1e-9)
    largest = max(float(p.grad.abs().max()) for p in once.parameters() if p.grad is not None)
    # Adam divides even the rounding error that is the gradient of a bias before batch norm by its size.
    allowed = 1e-8 if isinstance(found, Reptile) else 1e-9 * largest
    for own, p in zip(gradients, once.parameters(), strict=True):
        assert p.grad is None or float((own - p.grad).abs().max()) <= allowed
    if found.trains.keeps_statistics:
        for (name, own), kept in zip(model.named_buffers(), once.buffers(), strict=True):
            assert torch.allclose(own, kept, rtol=1e-9, atol=1e-12), name


@pytest.mark.parametrize("kind", [k for k in ALL if "regression" in k.suits], ids=lambda kind: kind.__name__)
def test_curves_met_together_have_the_errors_they_have_alone(kind: type[MetaLearner]) -> None:
    found, model = built(kind, "curves")
    rng = np.random.default_rng(2)
    items = [sinusoid_tasks(5, 4).draw(rng) for _ in range(4)]
    tasks = Doubles(items)
    scores = ended(task_scores(found, model, tasks, items, "", lambda: False))
    assert np.allclose(scores, alone(found, model, [tasks.task(item) for item in items]), rtol=1e-9, atol=0)


class Doubles(CurveTasks):
    def __init__(self, items: Any) -> None:
        super().__init__(**vars(sinusoid_tasks(validation=items, test=items)))

    def task(self, item: Any) -> Task:
        return Task(*(part.double() for part in super().task(item).parts), 1)


@pytest.mark.parametrize("kind", [k for k in ALL if "classification" in k.suits], ids=lambda kind: kind.__name__)
def test_episodes_met_together_have_the_accuracies_they_have_alone(kind: type[MetaLearner]) -> None:
    torch.set_default_dtype(torch.float32)
    found, model = built(kind, "norms", rate="0")
    found = found.supposed()
    labels = np.repeat(np.arange(6), 6)
    pixels = torch.randint(0, 256, (len(labels), 2, 9, 8), generator=torch.Generator().manual_seed(3)).byte()
    sampler = EpisodeSampler(labels, np.arange(6), WAY, 2, 3)
    items = evaluation_episodes(sampler, 6, 0)
    tasks = ImageTasks(TaskImages(pixels, torch.arange(len(labels)), Normaliser(9, 1)), sampler, items, items, WAY)
    scores = ended(task_scores(found, model, tasks, items, "", lambda: False))
    expected = alone(found, model, [tasks.task(item) for item in items])
    assert np.allclose(scores, expected)
    assert 0 < expected.mean() < 1


def alone(found: MetaLearner, model: Backbone, tasks: list[Task]) -> np.ndarray:
    rows = []
    for task in tasks:
        path = found.classifiers(model, task.support_inputs, task.support_targets, task.way, found.test_steps)
        rows.append([float(score(classify(task.query_inputs), task.query_targets)) for classify in path])
    return np.array(rows)


def test_what_can_be_stacked_is_and_what_cannot_is_not() -> None:
    """The quick way is really taken by the methods it was made for, and by those that only say other values."""
    stack = {kind.__name__ for kind in ALL if _sizes(kind)[0] > 1}
    assert stack == {
        "MAML", "FOMAML", "ANIL", "BOIL", "MetaSGD", "Reptile",
        "Pulled", "PulledHead", "ByName", "BiasesAlone", "WeightsAlone", "Opposite", "OppositeSteps", "Biased",
        # And those that embed all images of a task first.
        "BDCSPN", "Baseline", "BaselinePlusPlus", "FEAT", "Matching", "MetaBaseline", "MetaOptNet", "MetaRidge", "PMF",
        "ProtoNet", "SNAIL", "Siamese", "SimpleShot", "Farthest", "FarthestFeature",
    }  # fmt: skip
    meets = {kind.__name__ for kind in ALL if "regression" in kind.suits and _sizes(kind)[1]}
    assert meets == {
        "MAML", "FOMAML", "ANIL", "BOIL", "MetaSGD", "Reptile", "ImplicitMAML", "Joint",
        "Pulled", "PulledHead", "ByName", "BiasesAlone", "WeightsAlone", "Doubled", "DoubledHead", "Halved",
    }  # fmt: skip


def _sizes(kind: type[MetaLearner]) -> tuple[int, bool]:
    found, model = built(kind, "bands")
    return size_together(found, model, drawn(found, "bands")), stacks_at_test(found, model)


def test_a_network_with_a_layer_of_its_own_is_not_stacked() -> None:
    """A subclass of a known layer within a known block, another pooling, a network that is more than its blocks."""

    class Leaky(nn.ReLU):
        def forward(self, input: Tensor) -> Tensor:
            return nn.functional.leaky_relu(input)

    class Scaled(Backbone):
        def forward(self, images: Tensor, start: int = 0) -> Tensor:
            return 2 * super().forward(images, start)

    found, model = built(MAML, "norms")
    assert size_together(found, model, drawn(found, "norms")) > 1
    model.blocks["one"][2] = Leaky()
    assert size_together(found, model, drawn(found, "norms")) == 1
    _, model = built(MAML, "norms")
    model.blocks["one"][3] = nn.MaxPool2d(2, ceil_mode=True)
    assert size_together(found, model, drawn(found, "norms")) == 1
    _, model = built(MAML, "norms")
    other = Scaled(dict(model.blocks.items()), 5, WAY)
    assert size_together(found, other, drawn(found, "norms")) == 1
