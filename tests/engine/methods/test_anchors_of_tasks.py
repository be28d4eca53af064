"""Meta-learners on tasks so small that every number is worked out on paper; each docstring shows the way.

The task of all gradient methods: y = w x + b from w = 1, b = 0. Support x = 1, y = 0: loss (w + b)² = 1, gradient
(2, 2), Hessian [[2, 2], [2, 2]]. Query x = 2, y = 0: loss (2w + b)². One inner step at rate 0.1 leads to w = 0.8,
b = -0.2, where the query's loss is 1.4² = 1.96 and its gradient (5.6, 2.8).
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.adaptation.conditional import ConditionalNetworks, negative_likelihood
from engine.adaptation.temporal import CausalAttention, CausalConvolution, Reader
from engine.backbones.backbone import Backbone
from engine.meta.learner import MetaLearner
from engine.meta.task import Task
from engine.methods.meta.baseline import Baseline
from engine.methods.meta.baseline_pp import BaselinePlusPlus
from engine.methods.meta.cnp import CNP
from engine.methods.meta.matching import Matching
from engine.methods.meta.pmf import PMF
from engine.methods.meta.protonet import ProtoNet
from engine.methods.meta.relation import Relation
from engine.methods.meta.siamese import Siamese
from engine.registry import method
from tests.engine.meta.ways import meta_gradient

LINE = Task(*(torch.tensor([[value]]).double() for value in (1.0, 0.0, 2.0, 0.0)), 1)
STEP = {"inner_rate": 0.1, "inner_steps": 1, "test_steps": 1, "gradient_clip": 1e9, "every_step_until": 0.0}
FIRST = {"order": "first order"}


def filled(layer: nn.Linear, weight: float, bias: float) -> nn.Linear:
    layer.weight.data.fill_(weight)
    layer.bias.data.fill_(bias)
    return layer


def prepared(name: str, values: dict[str, Any], body: nn.Module | None = None) -> tuple[MetaLearner, Backbone]:
    """y = w x + b in the head, or with a body below it; the head's w = 1, b = 0."""
    kind = method(name)
    known = {key: value for key, value in STEP.items() if key in kind.Hyperparameters.model_fields}
    found = kind.from_values(known | values)
    model = Backbone({"one": body or nn.Identity()}, 1, 1 if found.meets.head else None)
    found.prepare(model, 1)
    if found.meets.head:
        filled(model.head, 1.0, 0.0)  # type: ignore[arg-type]
    return found, model.double()


def left(found: MetaLearner, model: Backbone) -> dict[str, list[float]]:
    meta_gradient(found, model, [LINE])
    return {name: p.grad.flatten().tolist() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.anchors("maml", "fomaml", "anil", "reptile", "imaml", "joint")
@pytest.mark.parametrize(
    "name,values,w,b",
    [
        ("maml", {}, 3.92, 1.12),  # g - 0.1 H g
        ("maml", FIRST, 5.6, 2.8),
        ("fomaml", {}, 5.6, 2.8),
        ("anil", {}, 3.92, 1.12),
        ("anil", FIRST, 5.6, 2.8),
        ("reptile", {"inner_optimiser": "SGD"}, 0.2, 0.2),  # θ - φ
        ("reptile", {}, 0.1, 0.1),  # Adam's first step is its rate
        # argmin (w + b)² + (w - 1)² + b² is w = 2/3, b = -1/3; the query's gradient there (4, 2); (I + H/2)⁻¹ of it.
        ("imaml", {"pull": 2.0, "inner_steps": 200, "cg_steps": 10}, 2.0, 0.0),
        ("joint", {"inner_steps": 0}, 5.0, 3.0),  # of (1² + 2²) / 2 without any step
    ],
)
def test_a_line(name: str, values: dict[str, Any], w: float, b: float) -> None:
    found, model = prepared(name, values)
    assert left(found, model) == {"head.weight": [pytest.approx(w)], "head.bias": [pytest.approx(b, abs=1e-9)]}


@pytest.mark.anchors("meta_sgd", "maml_pp")
@pytest.mark.parametrize("name", ["meta_sgd", "maml_pp"])
def test_a_line_with_learnt_rates(name: str) -> None:
    """dL/dα = -(inner gradient) · (query's gradient): -2 · 5.6 and -2 · 2.8."""
    found, model = prepared(name, {})
    for rates in model.meta.parameters():
        rates.data.fill_(0.1)
    given = left(found, model)
    assert given["head.weight"] + given["head.bias"] == pytest.approx([3.92, 1.12])
    assert sorted(v for key, (v,) in given.items() if key.startswith("meta.")) == pytest.approx([-11.2, -5.6])


@pytest.mark.anchors("ensemble_anil")
def test_a_line_of_two_particles() -> None:
    """Both begin at w = 1, b = 0: each has half of ANIL's gradient."""
    found, model = prepared("ensemble_anil", {"particles": 2})
    model.meta.values.data.copy_(torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]]))  # type: ignore[union-attr, operator]
    assert left(found, model)["meta.values"] == pytest.approx([1.96, 0.56, 1.96, 0.56])


@pytest.mark.anchors("boil")
def test_a_line_whose_body_alone_adapts() -> None:
    """y = v (w x + b) + c from v = w = 1, b = c = 0. The body's gradients are those above. By v: directly
    2 · 1.4 · 1.4 = 3.92, and through w and b, which move by -0.1 · 2 (v + v) per v: -0.4 · (5.6 + 2.8). By c: 2.8 less
    0.2 · (5.6 + 2.8)."""
    found, model = prepared("boil", {}, filled(nn.Linear(1, 1), 1.0, 0.0))
    given = left(found, model)
    assert given["blocks.one.weight"] + given["blocks.one.bias"] == pytest.approx([3.92, 1.12])
    assert given["head.weight"] + given["head.bias"] == pytest.approx([0.56, 1.12])


@pytest.mark.anchors("cavia")
def test_a_line_whose_context_alone_adapts() -> None:
    """y = x (1 + γ) + β with γ = 2c, β = c: (3c + 1)² at x = 1, slope 6 at c = 0, so c = -0.6 after a step at 0.1.
    Then γ = -1.2, β = -0.6, and x = 2 gives -0.4 - 0.6 = -1."""
    found, model = prepared("cavia", {"context": 1}, filled(nn.Linear(1, 1), 1.0, 0.0))
    model.meta.weights.weight.data.copy_(torch.tensor([[2.0], [1.0]]))  # type: ignore[union-attr, operator]
    model.meta.weights.bias.data.zero_()  # type: ignore[union-attr, operator]
    before, after = found.classifiers(model, LINE.support_inputs, LINE.support_targets, 1, 1)
    assert before(LINE.query_inputs).item() == pytest.approx(2.0)
    assert after(LINE.query_inputs).item() == pytest.approx(-1.0)


# Classes: the support images (0, 0) and (2, 0) of class 0 and (0, 4) of class 1

POINTS, LABELS = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]]), torch.tensor([0, 0, 1])


def flat(found: MetaLearner) -> Backbone:
    model = Backbone({"flat": nn.Flatten()}, 2, None)
    found.prepare(model, 2)
    return model


def logits(found: MetaLearner, model: Backbone, *query: float, points: Tensor = POINTS) -> list[float]:
    return found.adapt(model, points, LABELS, 2)(torch.tensor([query]))[0].tolist()


@pytest.mark.anchors("protonet")
def test_squared_distances_to_means() -> None:
    """Means (1, 0) and (0, 4); from (1, 1): 0 + 1 and 1 + 9."""
    found = ProtoNet.from_values({})
    assert logits(found, flat(found), 1.0, 1.0) == pytest.approx([-1.0, -10.0])


@pytest.mark.anchors("matching")
def test_attention_of_two_directions() -> None:
    """Cosines of (3, 4) with (1, 0), (2, 0) and (0, 4): 0.6, 0.6, 0.8; with t = 5 the powers e³, e³ and e⁴, so that
    class 0 gets 2 / (2 + e) = 0.42388."""
    found = Matching.from_values({"temperature": "fixed", "sharpness": 5.0})
    points = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 4.0]])
    assert logits(found, flat(found), 3.0, 4.0, points=points) == pytest.approx([-0.85830, -0.55144], abs=1e-5)


@pytest.mark.anchors("siamese")
@pytest.mark.parametrize("decision,expected", [("nearest image", [4.0, 2.0]), ("mean over the class", [2.0, 2.0])])
def test_weighed_differences(decision: str, expected: list[float]) -> None:
    """Score 3 - 2 |Δx| + |Δy| of (2, 1): against (0, 0) 3 - 4 + 1, (2, 0) 3 - 0 + 1, (0, 4) 3 - 4 + 3."""
    found = Siamese.from_values({"decision": decision})
    model = flat(found)
    model.meta.weight.data.copy_(torch.tensor([[-2.0, 1.0]]))  # type: ignore[union-attr, operator]
    model.meta.bias.data.fill_(3.0)  # type: ignore[union-attr, operator]
    assert logits(found, model, 2.0, 1.0) == pytest.approx(expected)


@pytest.mark.anchors("pmf")
def test_scaled_cosines_with_means() -> None:
    """Of (3, 4) with (1, 0) and (0, 4): 0.6 and 0.8, times 10; nothing is tuned."""
    found = PMF.from_values({"rate": "0"})
    assert logits(found, flat(found), 3.0, 4.0) == pytest.approx([6.0, 8.0])


def only(*layers: nn.Module) -> None:
    """All weights and biases 0 but the first of each layer, the middle one of a convolution, which is 1."""
    for layer in layers:
        for value in layer.parameters():
            value.data.zero_()
        weight = layer.weight.data  # type: ignore[union-attr]
        weight[0, 0][(1, 1) if weight.dim() == 4 else ()] = 1.0  # type: ignore[index, operator]


@pytest.mark.anchors("relation")
def test_a_chain_of_relations() -> None:
    """Means (1, 0) and (0, 4) read by their first value, a query by twice its second: of (2, 1) 1 + 2 and 0 + 2, times
    3 and times 4, less 1. Batch norm of mean 0 and variance 1 leaves values alone."""
    found = Relation.from_values({})
    model = flat(found)
    relation = model.meta
    only(relation.of_support, relation.of_query, relation.second[0], relation.score[0], relation.score[2])
    relation.of_query.weight.data[0, :, 1, 1] = torch.tensor([0.0, 2.0])
    relation.second[0].weight.data *= 3
    relation.score[2].weight.data *= 4
    relation.score[2].bias.data.fill_(-1.0)
    assert logits(found, model, 2.0, 1.0) == pytest.approx([35.0, 23.0], rel=1e-4)


@pytest.mark.anchors("cnp")
def test_a_chain_of_summaries_and_how_sure_it_is() -> None:
    """h(x) = 2 relu(x₁): summaries 2 and 0; g = relu(r + 3 x₂) + 0.5 of (1, 1): 5.5 and 3.5. σ = 0.1 + 0.9 ln 2 where
    nothing is known; -log N(2; 1, 0.5²) = ln √(2π) - ln 2 + 2."""
    found = CNP.from_values({"width": 8})
    model = flat(found)
    only(*(layer for part in (model.meta.h, model.meta.g) for layer in part if isinstance(layer, nn.Linear)))
    model.meta.h[2].weight.data *= 2
    model.meta.g[0].weight.data[0, 8 + 1] = 3.0
    model.meta.g[-1].bias.data.fill_(0.5)
    assert logits(found, model, 1.0, 1.0) == pytest.approx([5.5, 3.5])
    curve = ConditionalNetworks(1, True, 8)
    only(*(layer for layer in curve.g if isinstance(layer, nn.Linear)))
    curve.g[0].weight.data.zero_()  # type: ignore[union-attr, operator]
    mean, deviation = curve.curve(*(torch.ones(1, 1) for _ in range(3)))
    assert (mean.item(), deviation.item()) == (0.0, pytest.approx(0.723832))
    told = negative_likelihood(torch.tensor([1.0]), torch.tensor([0.5]), torch.tensor([2.0]))
    assert told.item() == pytest.approx(2.225791)


@pytest.mark.anchors("snail")
def test_moments_in_time() -> None:
    """Moments 1, 2 through tanh(past + 2 now) · sigmoid(past + 2 now): of 2 and of 5. Attention of moments 1, 0.5 with
    four equal keys: 4 · x x' / √4, so the second sees e¹ : e^½ of 1 and 0.5."""
    convolution, attention = CausalConvolution(1, 1, 1), CausalAttention(1, 4, 1)
    for layer in (convolution.value, convolution.gate):
        layer.weight.data.copy_(torch.tensor([[[1.0, 2.0]]]))
        layer.bias.data.zero_()  # type: ignore[union-attr]
    for linear in (attention.query, attention.key, attention.value):
        filled(linear, 1.0, 0.0)
    found = convolution(torch.tensor([[[1.0], [2.0]]]))[0, :, 1].tolist()
    assert found == pytest.approx([0.849113, 0.993217], rel=1e-5)
    assert attention(torch.tensor([[[1.0], [0.5]]]))[0, :, 1].tolist() == pytest.approx([1.0, 0.811230], rel=1e-5)
    for found, reach in ((Reader(2, 3, 7, 4), [1, 2, 4]), (read_by("snail", way=7, shot=1), [1, 2, 4])):
        assert [part.dilation for part in found.body if isinstance(part, CausalConvolution)] == 2 * reach
    longer = read_by("snail", way=4, shot=2)  # eight images and the question are nine moments
    assert max(part.dilation for part in longer.body if isinstance(part, CausalConvolution)) == 8


def read_by(name: str, way: int, shot: int) -> Reader:
    model = Backbone({"flat": nn.Flatten()}, 2, None)
    method(name).from_values({"way": way, "shot": shot}).prepare(model, way)
    assert isinstance(model.meta, Reader)
    return model.meta


@pytest.mark.anchors("baseline")
def test_two_steps_of_a_new_head() -> None:
    """Features 3 and 5, centred ∓1: w = ∓0.5 after a step. Then p = σ(1) = 0.731059, gradient 0.268941 - 0.001 · 0.5,
    with momentum 0.9 · 0.5: w = -1.218441. The query 6 lies at 2."""
    found = Baseline.from_values({"test_iterations": 2})
    model = Backbone({"flat": nn.Flatten()}, 1, None)
    found.prepare(model, 2)
    classify = found.adapt(model, torch.tensor([[3.0], [5.0]]), torch.tensor([0, 1]), 2)
    assert classify(torch.tensor([[6.0]]))[0].tolist() == pytest.approx([-2.436883, 2.436883], rel=1e-5)


@pytest.mark.anchors("baseline_pp")
def test_a_step_along_the_circle() -> None:
    """Directions (1, 0) and (0, 1) of scale 1: the first moves by (1 - σ(1)) / 2 = 0.134471 away from the second, to
    (1, -0.134471) / 1.009001."""
    found = BaselinePlusPlus.from_values({"test_iterations": 1, "scale": 1.0})
    classify = found.adapt(flat(found), torch.eye(2), torch.tensor([0, 1]), 2)
    assert classify(torch.tensor([[3.0, 0.0]]))[0].tolist() == pytest.approx([0.991080, -0.133271], rel=1e-5)
