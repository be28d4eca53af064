"""Convolutional tasks at once: the same gradients as one after the other, in float64, and how many at once."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.meta.batch import stacked
from engine.meta.batch.formulation import Total
from engine.meta.batch.stacked_network import convolved, stacked_network
from engine.meta.learner import MetaLearner
from engine.meta.roles import MetaRun
from engine.meta.task import Task
from engine.registry import method
from tests.engine.meta.ways import means, one_by_one, shared, size_together, together

WAY = 3
VALUES: dict[str, dict[str, int]] = {"maml": {"inner_steps": 2}, "reptile": {"inner_steps": 3, "inner_batch": 2}}


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def conv_network() -> Backbone:
    """Odd sides, and a mean over what is left: [n, 2, 11, 9] -> [n, 5]."""
    torch.manual_seed(0)
    last = conv_block(4, 5).append(nn.AdaptiveAvgPool2d(1))
    return Backbone({"one": conv_block(2, 4), "two": last}, 5, WAY)


def drawn(count: int = 4) -> list[Task]:
    draw = torch.Generator().manual_seed(1)
    slots = torch.arange(WAY).repeat_interleave(2)
    images = [torch.randn(2, len(slots), 2, 11, 9, generator=draw) for _ in range(count)]
    return [Task(support, slots, query, slots, WAY) for support, query in images]


def set_up(name: str) -> tuple[MetaLearner, Backbone]:
    found, model = method(name).from_values({"inner_rate": 0.1, "way": WAY} | VALUES[name]), conv_network()
    found.prepare(model, WAY)
    return found, model.train()


def left(model: Backbone, found: MetaLearner, tasks: list[Task], at_once: bool) -> tuple[dict, list[Tensor]]:
    total = Total(model, len(tasks))
    if at_once:
        total.add(together(found, model).gradient(model, tasks))
    else:
        for task in tasks:
            total.add(found.task_gradient(model, task, MetaRun()))
    figures = means(total.leave())
    return figures, [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in model.parameters()]


def test_what_is_frozen_has_no_gradient() -> None:
    found, model = set_up("reptile")
    model.blocks["one"].requires_grad_(False)
    (alone, gradients), (together, others) = (left(model, found, drawn(), at_once) for at_once in (False, True))
    assert together == pytest.approx(alone, rel=1e-9)
    assert all(p.grad is None for p in model.blocks["one"].parameters())
    for one, other in zip(gradients, others, strict=True):
        assert float((one - other).abs().max()) <= 1e-8


def test_a_scale_that_is_not_positive_changes_nothing_but_the_way() -> None:
    found, model = set_up("maml")
    with torch.no_grad():
        model.blocks["one"][1].weight[1] = -0.5
        model.blocks["two"][1].weight[0] = 0.0
    (alone, gradients), (together, others) = (left(model, found, drawn(), at_once) for at_once in (False, True))
    assert together == pytest.approx(alone, rel=1e-9)
    for one, other in zip(gradients, others, strict=True):
        assert float((one - other).abs().max()) <= 1e-9


def test_a_convolution_of_each_task_is_torchs_own_and_differentiable_twice() -> None:
    draw = torch.Generator().manual_seed(2)
    values = torch.randn(2, 3, 5, 4, 2, generator=draw, requires_grad=True)
    weight = torch.randn(2, 3, 2, 3, 3, generator=draw, requires_grad=True)
    for task in range(2):
        expected = nn.functional.conv2d(values[task].permute(0, 3, 1, 2), weight[task], padding=1)
        assert torch.allclose(convolved(values, weight)[task].permute(0, 3, 1, 2), expected, rtol=1e-12)
    assert torch.autograd.gradcheck(convolved, (values, weight))
    assert torch.autograd.gradgradcheck(convolved, (values, weight))


def test_running_statistics_are_left_alone() -> None:
    found, model = set_up("maml")
    before = copy.deepcopy(dict(model.named_buffers()))
    together(found, model).gradient(model, drawn())
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


def test_several_at_a_time_come_out_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacked, "sharing_threads", lambda: 2)
    found, model = set_up("maml")
    tasks, before = drawn(7), torch.get_num_threads()
    torch.set_num_threads(1)
    assert size_together(found, model, tasks) == 4
    results = []
    for way in (one_by_one, shared(3)):
        figures = way(found, model, tasks)
        results.append((figures, [p.grad.clone() for p in model.parameters() if p.grad is not None]))
    torch.set_num_threads(before)
    assert results[0][0] == results[1][0]
    assert all(torch.equal(a, b) for a, b in zip(results[0][1], results[1][1], strict=True))


@pytest.mark.parametrize(
    ("count", "threads", "room", "expected"),
    [(32, 2, 1 << 30, 8), (8, 2, 1 << 30, 4), (8, 8, 1 << 30, 1), (8, 2, 0, 1)],
)
def test_as_many_at_once_as_there_is_room_and_work_for_every_core(
    count: int, threads: int, room: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacked, "sharing_threads", lambda: threads)
    monkeypatch.setattr(stacked, "MAPS_BYTES", {"cpu": room})
    found, model = set_up("maml")
    assert size_together(found, model, drawn(count)) == expected


@pytest.mark.parametrize(("device", "side", "expected"), [("cpu", 48, 4), ("cpu", 512, 1), ("cuda", 512, 2)])
def test_the_widest_maps_of_all_tasks_fit_into_2_mib_or_on_a_card_128(
    device: str, side: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second block is the widest: 6 images in each of 2 steps, of 8 channels with half the sides, 8 bytes
    each. That is 0.42 MiB for sides of 48 and 48 MiB for sides of 512: 4.7, 0.04, 2.7 tasks."""
    monkeypatch.setattr(stacked, "sharing_threads", lambda: 1)
    found, _ = set_up("maml")
    model = Backbone({"one": conv_block(1, 8), "two": conv_block(8, 5)}, 5, WAY)
    with FakeTensorMode():  # shapes on a device that need not be there
        images, slots = torch.empty(6, 1, side, side, device=device), torch.empty(6, device=device)
        assert size_together(found, model, [Task(images, slots, images, slots, WAY)] * 8) == expected


def test_what_is_not_known_is_computed_task_by_task() -> None:
    found, model = set_up("maml")
    other = Backbone({"one": nn.Sequential(nn.Conv2d(2, 4, 5), nn.Flatten())}, 4 * 7 * 5, WAY)
    assert stacked_network(other) is None
    assert size_together(found, other, drawn()) == 1
    model.blocks["one"][0].register_forward_hook(lambda *_: None)
    assert stacked_network(model) is None
    further = method("maml_pp").from_values({})
    assert size_together(further, conv_network(), drawn()) == 1
    one, two = drawn(2)
    uneven = [one, Task(two.support_inputs[:4], two.support_targets[:4], two.query_inputs, two.query_targets, WAY)]
    assert size_together(found, conv_network(), uneven) == 1
