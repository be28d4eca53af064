"""Tasks over several threads: the same sums to the last bit, in order, with the model left as it was."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.backbones.networks import conv_block
from engine.data.episodes import EpisodeSampler, evaluation_episodes
from engine.data.target import CLASSES
from engine.events import Preparing
from engine.machine.choices import Choices, Timing
from engine.machine.devices import sharing_threads
from engine.machine.limits import Limits, never
from engine.meta import training
from engine.meta.batch import formulation
from engine.meta.batch.formulation import MetaGradient, portions
from engine.meta.batch.sharing import Crew, replica, shares
from engine.meta.evaluation import Meeting
from engine.meta.roles import MetaRun
from engine.meta.task import ImageTasks, Task, TaskImages
from engine.methods.meta.anil import ANIL
from engine.methods.meta.gradient_based import GradientBased
from engine.methods.meta.maml import MAML
from engine.methods.meta.meta_sgd import MetaSGD
from engine.methods.meta.protonet import ProtoNet
from engine.preparation.inputs import Normaliser
from engine.registry import method
from tests.engine.meta.ways import ended, heard, one_by_one, shared

WAY = 3


@pytest.fixture
def model() -> Backbone:
    torch.manual_seed(0)
    return Backbone({"one": conv_block(1, 4), "two": conv_block(4, 4)}, 16, WAY)


@pytest.fixture
def tasks() -> list[Task]:
    draw = torch.Generator().manual_seed(1)
    slots = torch.arange(WAY).repeat_interleave(2)
    images = [torch.randn(2, len(slots), 1, 8, 8, generator=draw) for _ in range(5)]
    return [Task(support, slots, query, slots, WAY) for support, query in images]


@pytest.fixture(autouse=True)
def _one_torch_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One for each task, and two tasks at a time allowed (tests run with one thread in all)."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", [MAML, ANIL, MetaSGD])
def test_threads_leave_the_same_gradient_to_the_last_bit(
    kind: type[GradientBased], model: Backbone, tasks: list[Task]
) -> None:
    method = kind.from_values({"inner_steps": 2, "inner_rate": 0.1})
    method.prepare(model, WAY)
    found = []
    for way in (one_by_one, shared(3)):
        figures = way(method, model.train(), tasks)
        found.append((figures, [p.grad.numpy().copy() for p in model.parameters() if p.grad is not None]))
    assert found[0][0] == found[1][0]
    assert all(np.array_equal(a, b) for a, b in zip(found[0][1], found[1][1], strict=True))


@pytest.mark.parametrize("threads", [1, 3])
def test_running_statistics_are_added_up_in_the_order_of_the_tasks(
    threads: int, model: Backbone, tasks: list[Task]
) -> None:
    model.head, method = nn.Identity(), ProtoNet.from_values({})
    other = copy.deepcopy(model)
    one_by_one(method, other.train(), tasks)
    shared(threads)(method, model.train(), tasks)
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    for a, b in zip(model.buffers(), other.buffers(), strict=True):
        assert torch.allclose(a, b, rtol=1e-6, atol=1e-7)
    again = replica(other)
    assert int(again.blocks["one"][1].num_batches_tracked) == len(tasks)


def test_statistics_are_the_same_to_the_last_bit_on_any_number_of_threads(model: Backbone, tasks: list[Task]) -> None:
    model.head, method = nn.Identity(), ProtoNet.from_values({})
    models = [copy.deepcopy(model).train() for _ in range(2)]
    for threads, one in zip((1, 3), models, strict=True):
        shared(threads)(method, one, tasks)
    assert all(torch.equal(a, b) for a, b in zip(models[0].buffers(), models[1].buffers(), strict=True))


def test_results_come_in_the_order_of_the_items(model: Backbone) -> None:
    first_may_end = threading.Event()

    def work(own: Backbone, item: int) -> tuple[int, int]:
        if item == 0:
            assert first_may_end.wait(60)  # the others are done before the first
        if item == 3:
            first_may_end.set()
        return item, id(own)

    found = list(Crew(model, 2).in_order(work, range(4)))
    assert [item for item, _ in found] == [0, 1, 2, 3]
    assert len({own for _, own in found}) == 2


def test_no_more_is_computed_ahead_than_who_takes_it_keeps_up_with(model: Backbone) -> None:
    begun: list[int] = []
    results = Crew(model, 2).in_order(lambda own, item: begun.append(item), range(30))
    for taken, _ in enumerate(results, 1):
        assert len(begun) <= taken + 4  # two for each thread
    assert sorted(begun) == list(range(30))


def test_an_error_in_a_thread_is_raised(model: Backbone) -> None:
    def work(own: Backbone, item: int) -> int:
        return 1 // item

    with pytest.raises(ZeroDivisionError):
        list(Crew(model, 2).in_order(work, [1, 0, 1]))


def test_a_replica_shares_its_tensors_but_not_its_modes(model: Backbone) -> None:
    other = replica(model.train())
    assert all(a is b for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert other.blocks["one"][1].running_mean is model.blocks["one"][1].running_mean
    other.eval()
    assert model.blocks["one"].training


def test_what_depends_on_order_is_not_shared_out(model: Backbone) -> None:
    several = sharing_threads() > 1
    assert shares(MAML.from_values({}), model) is several
    dropping = Backbone({"one": nn.Sequential(nn.Flatten(), nn.Dropout(0.5))}, 64, WAY)
    assert not shares(MAML.from_values({}), dropping)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_quicker_way_is_chosen_and_said(
    threads: int, model: Backbone, tasks: list[Task], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if sharing_threads() == 1:
        pytest.skip("one core")
    clock = formulation._seconds
    monkeypatch.setattr(
        formulation, "_seconds", lambda way, given: clock(way, given) + 20 * (way.crew.threads != threads)
    )
    plain = MetaGradient(MAML.from_values({"inner_rate": 0.1}), model)
    events: list[Any] = []
    found, (notice,) = ended(heard(formulation.quicker(plain, tasks, Choices(cache=tmp_path / "kept.json")), events))
    assert [event.fraction for event in events] == sorted(event.fraction for event in events)
    assert all(event.text.startswith("Timing tasks ") for event in events)
    assert found.crew.threads == threads
    assert ("on one thread: " in notice.text) is (threads == 1)
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(("steps", "timed"), [(39, False), (40, True)])
def test_a_short_training_is_not_timed(
    steps: int, timed: bool, model: Backbone, tasks: list[Task], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[int] = []

    def noted(plain: MetaGradient, given: list[Task], ways: list[Any]) -> Timing:
        asked.append(len(given))
        yield Preparing("Timing")
        return [1.0] * len(ways)

    monkeypatch.setattr(formulation, "trial_of", noted)
    drawing = SimpleNamespace(target=CLASSES, draw=lambda rng: 0, task=lambda item: tasks[item])
    method, limits = MAML.from_values({"steps": steps, "meta_batch": 3}), Limits(stop=lambda: True)
    made = training.MetaTraining(model, method, drawing, Checkpoints(tmp_path), limits, seed=0)
    assert len(ended(made.choose_way())) == timed
    assert asked == ([3] if timed else [])


def test_a_network_without_batch_norm_is_not_timed(tasks: list[Task]) -> None:
    flat = Backbone({"one": nn.Sequential(nn.Linear(64, 8), nn.ReLU())}, 8, WAY)
    plain = MetaGradient(MAML.from_values({}), flat)
    assert ended(formulation.quicker(plain, tasks, Choices()))[1] == ()
    assert len(portions(tasks, plain.together(MetaRun()))) == 1


@pytest.mark.parametrize("name", ["protonet", "simple_shot", "ridge"])
def test_images_embedded_on_several_threads_are_scored_the_same(name: str, model: Backbone) -> None:
    found = method(name).from_values({"way": WAY, "shot": 1, "query": 2})
    found.prepare(model, WAY)
    labels = np.repeat(np.arange(30), 20)
    pixels = torch.randint(0, 256, (600, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    sampler = EpisodeSampler(labels, np.arange(30), WAY, 1, 2)
    items = evaluation_episodes(sampler, 90, 1)
    images = ImageTasks(TaskImages(pixels, torch.arange(600), Normaliser(8, 1)), sampler, items, items, WAY)
    alone, several = (ended(Meeting(found, model, images, threads).scores(items, "", never)) for threads in (1, 3))
    assert alone.shape == (90, 1)
    assert np.array_equal(alone, several)
