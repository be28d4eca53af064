"""SNAIL's blocks against NumPy, and the orders in which it reads its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.adaptation.temporal import CausalAttention, CausalConvolution, Reader
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.data.target import CLASSES
from engine.machine.limits import Limits
from engine.meta.task import Task, Tasks
from engine.meta.training import MetaTraining
from engine.methods.meta.snail import SNAIL
from tests.sinusoids import sinusoid_tasks

WAY, FEATURES = 3, 8


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def weights(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()  # type: ignore[operator, union-attr]


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_a_convolution_gates_this_moment_and_the_one_so_far_before_it(dilation: int) -> None:
    torch.manual_seed(0)
    block, x = CausalConvolution(3, dilation, 2).double(), numbers(5, 3)
    found = block(torch.tensor(x)[None])[0].detach().numpy()
    assert np.array_equal(found[:, :3], x)
    (value, a), (gate, b) = weights(block.value), weights(block.gate)
    for t in range(5):
        past = x[t - dilation] if t >= dilation else np.zeros(3)
        raw, opened = (w[:, :, 0] @ past + w[:, :, 1] @ x[t] + bias for w, bias in ((value, a), (gate, b)))
        assert np.allclose(found[t, 3:], np.tanh(raw) / (1 + np.exp(-opened)), rtol=1e-12)


def test_a_moment_attends_to_itself_and_the_past_by_closeness_over_the_root_of_its_size() -> None:
    torch.manual_seed(0)
    block, x = CausalAttention(3, 4, 2).double(), numbers(5, 3, seed=1)
    found = block(torch.tensor(x)[None])[0].detach().numpy()
    assert np.array_equal(found[:, :3], x)
    queries, keys, values = (x @ w.T + b for w, b in map(weights, (block.query, block.key, block.value)))
    for t in range(5):
        powers = np.exp(keys[: t + 1] @ queries[t] / 2)  # √4
        assert np.allclose(found[t, 3:], powers @ values[: t + 1] / powers.sum(), rtol=1e-12)


def test_dilations_double_until_they_reach_over_the_whole_sequence() -> None:
    """26 moments of 5-way 5-shot: 1 + 2 + 4 + 8 + 16 moments back. Widths: 3 + 2, then 4 for each of 13 parts."""
    body = Reader(3, 2, 26, 4).body
    dilations = [part.dilation for part in body if isinstance(part, CausalConvolution)]
    assert dilations == 2 * [1, 2, 4, 8, 16]
    assert [number for number, part in enumerate(body) if isinstance(part, CausalAttention)] == [0, 6, 12]
    assert body[12].query.in_features == 3 + 2 + 12 * 4


class Points(Tasks):
    """Tasks whose classes are random directions, each with one support and four query images close to it."""

    target, outputs, examples = CLASSES, WAY, 5 * WAY
    validation: Sequence[Any] = tuple(range(2_000, 2_020))
    test: Sequence[Any] = ()
    facts: Mapping[str, Any] = {}
    conditions: Mapping[str, str] = {}

    def draw(self, rng: np.random.Generator) -> int:
        return int(rng.integers(1_000))

    def task(self, item: int) -> Task:
        rng, slots = np.random.default_rng(item), torch.arange(WAY)
        centres = rng.normal(size=(WAY, FEATURES))
        near = torch.tensor(centres + 0.2 * rng.normal(size=(5, WAY, FEATURES))).float()
        return Task(near[0], slots, near[1:].flatten(0, 1), slots.repeat(4), WAY)


def seen(tasks: Any, seed: int, folder: Path) -> list[Task]:
    method = SNAIL.from_values({"way": WAY, "meta_batch": 20})
    training = MetaTraining(
        Backbone({"one": nn.Linear(1, 1)}, 1, None), method, tasks, Checkpoints(folder), Limits(), seed=seed
    )
    return training._meta_batch(20)


def test_each_training_task_has_an_order_of_its_own_and_its_pairs_stay_together(tmp_path: Path) -> None:
    tasks = Points()
    found, rng = seen(tasks, 3, tmp_path), np.random.default_rng(3)
    orders = [tuple(task.support_targets.tolist()) for task in found]
    assert len(set(orders)) >= 5  # of 6
    for task in found:
        plain = tasks.task(tasks.draw(rng))  # what is drawn does not depend on the orders
        assert torch.equal(task.support_inputs, plain.support_inputs[task.support_targets])
        assert torch.equal(task.query_inputs, plain.query_inputs)
    assert orders == [tuple(task.support_targets.tolist()) for task in seen(tasks, 3, tmp_path)]
    assert orders != [tuple(task.support_targets.tolist()) for task in seen(tasks, 4, tmp_path)]


def test_the_points_of_a_curve_come_in_an_order_of_their_own_too(tmp_path: Path) -> None:
    found = seen(sinusoid_tasks(5, 4), 0, tmp_path)
    plain = sinusoid_tasks(5, 4).draw_tasks(np.random.default_rng(0), 20)

    def points(task: Task) -> Tensor:
        return torch.cat([task.support_inputs, task.support_targets], 1)

    moved = 0
    for own, other in zip(found, plain, strict=True):
        moved += not torch.equal(points(own), points(other))
        assert sorted(points(own).tolist()) == sorted(points(other).tolist())
    assert moved >= 18
