"""What every saved run promises: its folder alone gives the network back, and that says what the run said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from engine.artifacts.saved import SavedModel
from engine.backbones.plain import plain
from engine.data.episodes import Episode
from engine.data.sources import load
from engine.events import Evaluated, Event
from engine.experiment import Experiment
from engine.meta.run import read_tasks
from engine.meta.task import ImageTasks, Tasks
from engine.preparation.inputs import images, normaliser

ROUNDING = 1e-5  # of the largest output: matrix products and the library's kernels add up in another order


def ended(generator: object) -> object:
    while True:
        try:
            next(generator)  # type: ignore[call-overload]
        except StopIteration as end:
            return end.value


def figure(events: list[Event], name: str) -> Evaluated:
    return next(event for event in events if isinstance(event, Evaluated) and event.metric == name)


def answers_as_the_run_did(events: list[Event], directory: Path, given: Experiment) -> None:
    """The predicted class of each test image, bit for bit; the classes by name; and the same as a plain network."""
    saved, test = SavedModel.open(directory), figure(events, "test/accuracy")
    data = load(given.dataset)
    pixels = images(data, test.ids, normaliser(given.backbone), torch.device("cpu"))[:]
    found = saved.predict(pixels)
    assert found.argmax(1).tolist() == test.predicted.tolist()
    torch.testing.assert_close(found.sum(1), torch.ones(len(found)))
    assert saved.class_names == test.class_names
    assert torch.equal(saved.predict(data)[torch.from_numpy(test.ids)].argmax(1), found.argmax(1))
    is_plain(saved, saved.reader.prepared(pixels))


def learns_tasks_as_the_run_did(events: list[Event], directory: Path, given: Experiment) -> None:
    """The score of each test task, after its support set as it comes from the data."""
    saved = SavedModel.open(directory)
    tasks = ended(read_tasks(saved.experiment, saved.method, torch.device("cpu")))
    name = tasks.target.metric  # type: ignore[attr-defined]
    expected = figure(events, name).scores
    scores = torch.tensor([score(saved, *raw(tasks, item)) for item in tasks.test])  # type: ignore[attr-defined,arg-type]
    torch.testing.assert_close(scores.double(), torch.from_numpy(expected).double(), rtol=1e-4, atol=1e-6)
    assert saved.class_names == ()
    inputs = raw(tasks, tasks.test[0])[0]  # type: ignore[attr-defined,arg-type]
    is_plain(saved, saved.reader.prepared(inputs))


def raw(tasks: Tasks, item: object) -> Sequence[Tensor]:
    """Support and query inputs of a test task before they are prepared, and their targets."""
    task = tasks.task(item)
    support, query = task.support_inputs, task.query_inputs
    if isinstance(tasks, ImageTasks):
        assert isinstance(item, Episode)
        support, query = (
            tasks.images.pixels[tasks.images.rows[torch.from_numpy(part.ravel())]]
            for part in (item.support, item.query)
        )
    return support, task.support_targets, query, task.query_targets


def score(saved: SavedModel, support: Tensor, targets: Tensor, query: Tensor, truth: Tensor) -> float:
    found = saved.adapt(support, targets).predict(query)
    if truth.is_floating_point():
        return min(25.0, float((found - truth).square().mean()))
    torch.testing.assert_close(found.sum(1), torch.ones(len(found)))
    return float((found.argmax(1) == truth).double().mean())


def is_plain(saved: SavedModel, inputs: Tensor) -> None:
    """The same outputs but for rounding from torch's own modules; and the network itself is as it was."""
    before = {key: value.clone() for key, value in saved.network.state_dict().items()}
    other = plain(saved.network)
    assert {type(part).__module__.partition(".")[0] for part in other.modules()} <= {"torch", "torchvision"}
    assert not any(part._forward_hooks for part in other.modules())
    with torch.no_grad():
        expected, found = saved.network(inputs), other(inputs)
    torch.testing.assert_close(found, expected, rtol=0, atol=ROUNDING * float(expected.abs().max()))
    assert all(torch.equal(value, before[key]) for key, value in saved.network.state_dict().items())
