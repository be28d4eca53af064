"""The ensemble is several ANILs on one trunk: its gradient, its mean probability, its entropy and its deviation."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from engine.adaptation.particles import apart, together
from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.meta.task import Task
from engine.meta.tasks.gallery import answers
from engine.methods.meta.ensemble_anil import Ensemble, EnsembleANIL
from tests.engine.meta.by_hand import (
    HEAD,
    as_task,
    assert_equal,
    image_task,
    linear_tasks,
    plain_meta_gradient,
    softmax,
    softmax_gradient,
)
from tests.engine.meta.ways import meta_gradient

PARTICLES, ALPHA, STEPS = 3, 0.3, 2
VALUES = {"particles": PARTICLES, "inner_rate": ALPHA, "inner_steps": STEPS, "gradient_clip": 1e9}


def prepared(model: Backbone, outputs: int, **values: object) -> EnsembleANIL:
    method = EnsembleANIL.from_values(VALUES | values)
    method.prepare(model, outputs)
    model.double()
    return method


def test_the_gradient_is_the_mean_of_the_particles_own() -> None:
    torch.manual_seed(1)
    model = Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, None)
    method = prepared(model, 3)
    tasks = [image_task() for _ in range(2)]
    body, heads = [p for name, p in model.named_parameters() if name != "meta.values"], model.meta.values
    each = [
        plain_meta_gradient([*body, head[:, :-1], head[:, -1]], tasks, STEPS, HEAD, ALPHA) for head in heads.detach()
    ]
    meta_gradient(method, model, tasks)
    assert_equal([p.grad for p in body], [torch.stack(g).mean(0) for g in zip(*(g[:8] for g in each), strict=True)])
    of_heads = torch.stack([torch.cat([g[8], g[9][:, None]], 1) for g in each]) / PARTICLES
    assert_equal([heads.grad], [of_heads])


def adapted_by_hand(heads: Tensor, xs: np.ndarray, ys: np.ndarray) -> list[np.ndarray]:
    found = [head.numpy() for head in heads]
    for _ in range(STEPS):
        found = [w - ALPHA * softmax_gradient(w, xs, ys) for w in found]
    return found


def test_a_new_task_gets_the_mean_probability_and_its_entropy() -> None:
    torch.manual_seed(2)
    xs, ys, xq, yq = linear_tasks(np.random.default_rng(0))[0]
    model, task = Backbone({"flat": nn.Flatten()}, 5, None), as_task(xs, ys, xq, yq)
    method = prepared(model, 3, test_steps=STEPS)
    *_, classify = method.classifiers(model, task.support_inputs, task.support_targets, 3, STEPS)
    each = [softmax(xq @ w.T) for w in adapted_by_hand(model.meta.values.detach(), xs, ys)]
    mean = np.mean(each, axis=0)
    assert np.allclose(classify(task.query_inputs).exp().numpy(), mean, rtol=1e-10)
    assert isinstance(classify, Ensemble)
    assert np.allclose(classify.deviation(task.query_inputs).numpy(), np.std(each, axis=0), rtol=1e-8)
    _, sure, entropy = answers(classify(task.query_inputs), 3)
    assert np.allclose(np.ravel(sure), mean.max(1), atol=1e-4)
    assert np.allclose(np.ravel(entropy), -(mean * np.log(mean)).sum(1), atol=1e-4)


def test_particles_that_disagree_are_less_sure_than_each_of_them() -> None:
    outputs = torch.tensor([[[5.0, 0.0]], [[0.0, 5.0]]])
    assert torch.allclose(together(outputs, False).exp(), torch.tensor([[0.5, 0.5]]))


def test_curves_get_the_mean_and_its_deviation() -> None:
    torch.manual_seed(3)
    x = torch.linspace(-1, 1, 7, dtype=torch.float64)[:, None]
    task = Task(x[:4], x[:4].sin(), x, x.sin(), 1)
    model = Backbone({"flat": nn.Flatten()}, 1, None)
    method = prepared(model, 1, inner_rate=0.1)
    path = list(method.classifiers(model, task.support_inputs, task.support_targets, 1, STEPS))
    assert len(path) == STEPS + 1
    heads = model.meta.values.detach().numpy()[:, 0]  # [particles, (slope, offset)]
    for _ in range(STEPS):
        residual = heads @ np.c_[x[:4], np.ones(4)].T - x[:4].sin().numpy().T
        heads = heads - 0.1 * 2 * residual @ np.c_[x[:4], np.ones(4)] / 4
    lines = heads @ np.c_[x, np.ones(7)].T
    assert np.allclose(path[-1](x)[:, 0].numpy(), lines.mean(0), rtol=1e-10)
    assert np.allclose(path[-1].deviation(x)[:, 0].numpy(), lines.std(0), rtol=1e-10)
    assert set(meta_gradient(method, model, [task])) == {"loss"}


def test_repulsion_by_its_formula_keeps_the_particles_further_apart() -> None:
    heads = torch.tensor([[[0.0, 0.0]], [[1.0, 0.0]], [[0.0, 3.0]]], dtype=torch.float64)
    width = 9 / math.log(4)  # squared distances 1, 9 and 10, each twice
    k = [math.exp(-d / width) for d in (1, 9, 10)]
    first = [-2 / width * k[0] / (1 + k[0] + k[1]), -2 / width * 3 * k[1] / (1 + k[0] + k[1])]
    assert np.allclose(apart(heads)[0, 0].numpy(), first)

    spread = {}
    for repulsion in (0.0, 1.0):
        torch.manual_seed(4)
        xs, ys, xq, yq = linear_tasks(np.random.default_rng(0))[0]
        model, task = Backbone({"flat": nn.Flatten()}, 5, None), as_task(xs, ys, xq, yq)
        method = prepared(model, 3, repulsion=repulsion)
        *_, classify = method.classifiers(model, task.support_inputs, task.support_targets, 3, 10)
        spread[repulsion] = float(classify.deviation(task.query_inputs).mean())
    assert spread[1.0] > spread[0.0] > 0
