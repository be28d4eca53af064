"""The arms of the meta-learning speed benchmark: plain loops written by hand, and Warmstart's own; see
`benchmarks.meta_speed`. Each arm lives in a process of its own and takes steps when it is told to.

The plain loops are what learn2learn and easyfsl do: contiguous images, autograd through functional parameters one task
after the other, or one episode at a time, with torch as it is. They load nothing of Warmstart.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.events import Notice, Preparing
    from engine.meta.batch.formulation import MetaGradient
    from engine.meta.learner import MetaLearner

Step = Callable[[], None]
CLASSES, PER_CLASS, SIDE, WIDTH = 200, 20, 28, 64
INNER_RATE, OUTER_RATE = 0.01, 1e-3


@dataclass(frozen=True)
class Row:
    """kind: "maml", "anil", "protonet" or "evaluation". query: images per class. tasks: in one measured
    step; batch: in one update, 0 for all of them. device: where the images lie and all is computed."""

    kind: str
    way: int
    shot: int
    query: int
    steps: int = 0
    tasks: int = 1
    batch: int = 0
    device: str = "cpu"


def images() -> Tensor:
    """uint8 [images, 1, 28, 28], PER_CLASS of each class in turn, the same in every arm."""
    draw = torch.Generator().manual_seed(0)
    coarse = torch.rand(CLASSES * PER_CLASS, 1, 7, 7, generator=draw)
    return (F.interpolate(coarse, SIDE, mode="bilinear") > 0.6).mul(255).to(torch.uint8)


# The plain loops.


def plain_network(way: int | None) -> nn.Sequential:
    def block(inputs: int) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, WIDTH, 3, padding=1)
        return nn.Sequential(convolution, nn.BatchNorm2d(WIDTH), nn.ReLU(), nn.MaxPool2d(2))

    torch.manual_seed(0)
    trunk = nn.Sequential(*(block(1 if number == 0 else WIDTH) for number in range(4)), nn.Flatten())
    return trunk if way is None else nn.Sequential(trunk, nn.Linear(WIDTH, way))


class PlainEpisodes:
    """Draws episodes by class from float images in memory."""

    def __init__(self, row: Row) -> None:
        self.row, self.pixels = row, (images().float() / 255).to(row.device)
        self.draw = torch.Generator().manual_seed(1)

    def __call__(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        row, each = self.row, self.row.shot + self.row.query
        classes = torch.randperm(CLASSES, generator=self.draw)[: row.way]
        chosen = torch.stack([c * PER_CLASS + torch.randperm(PER_CLASS, generator=self.draw)[:each] for c in classes])
        slots = torch.arange(row.way, device=row.device)
        return (
            self.pixels[chosen[:, : row.shot].flatten()], slots.repeat_interleave(row.shot),
            self.pixels[chosen[:, row.shot :].flatten()], slots.repeat_interleave(row.query),
        )  # fmt: skip


def descend(network: nn.Module, parameters: dict[str, Tensor], x: Tensor, y: Tensor, steps: int) -> dict[str, Tensor]:
    for _ in range(steps):
        value = F.cross_entropy(functional_call(network, parameters, (x,)), y)
        gradients = torch.autograd.grad(value, list(parameters.values()), create_graph=True)
        parameters = {n: p - INNER_RATE * g for (n, p), g in zip(parameters.items(), gradients, strict=True)}
    return parameters


def plain_maml(row: Row) -> Step:
    network, episodes = plain_network(row.way).to(row.device), PlainEpisodes(row)
    optimiser = torch.optim.Adam(network.parameters(), OUTER_RATE)

    def step() -> None:
        optimiser.zero_grad()
        for x, y, query, wanted in (episodes() for _ in range(row.tasks)):
            adapted = descend(network, dict(network.named_parameters()), x, y, row.steps)
            (F.cross_entropy(functional_call(network, adapted, (query,)), wanted) / row.tasks).backward()
        optimiser.step()

    return step


def plain_anil(row: Row) -> Step:
    """As in learn2learn's example: the features of support and query in one forward, then the head adapts."""
    network, episodes = plain_network(row.way).to(row.device), PlainEpisodes(row)
    trunk, head = network[0], network[1]
    optimiser = torch.optim.Adam(network.parameters(), OUTER_RATE)

    def step() -> None:
        optimiser.zero_grad()
        for x, y, query, wanted in (episodes() for _ in range(row.tasks)):
            support, asked = trunk(torch.cat([x, query])).split([len(x), len(query)])
            adapted = descend(head, dict(head.named_parameters()), support, y, row.steps)
            (F.cross_entropy(functional_call(head, adapted, (asked,)), wanted) / row.tasks).backward()
        optimiser.step()

    return step


def plain_protonet(row: Row) -> Step:
    network, episodes = plain_network(None).to(row.device), PlainEpisodes(row)
    optimiser = torch.optim.Adam(network.parameters(), OUTER_RATE)

    def step() -> None:
        for number in range(row.tasks):
            x, y, query, wanted = episodes()
            support = network(x)
            centres = torch.cat([support[y == label].mean(0, keepdim=True) for label in range(row.way)])
            value = F.cross_entropy(-torch.cdist(network(query), centres).square(), wanted)
            (value / row.batch).backward()
            if (number + 1) % row.batch == 0:
                optimiser.step()
                optimiser.zero_grad()
            value.item()

    return step


@torch.no_grad()
def plain_evaluation(row: Row) -> Step:
    """Every episode is embedded anew."""
    network, episodes = plain_network(None).eval().to(row.device), PlainEpisodes(row)

    @torch.no_grad()
    def step() -> None:
        for x, y, query, wanted in (episodes() for _ in range(row.tasks)):
            support = network(x)
            centres = torch.cat([support[y == label].mean(0, keepdim=True) for label in range(row.way)])
            (torch.cdist(network(query), centres).argmin(1) == wanted).float().mean().item()

    return step


PLAIN = {"maml": plain_maml, "anil": plain_anil, "protonet": plain_protonet, "evaluation": plain_evaluation}


# Warmstart's own.


def own(row: Row) -> tuple[Step, str]:
    """A step as `engine.meta.training` takes it, in the way that a timed step chose; and what was chosen."""
    import numpy as np

    from engine.data.episodes import EpisodeSampler, evaluation_episodes
    from engine.machine.allocator import keep_freed_memory
    from engine.machine.choices import Choices
    from engine.machine.devices import sharing_threads, training_threads
    from engine.meta.batch.formulation import MetaGradient, quicker
    from engine.meta.evaluation import Meeting
    from engine.meta.roles import MetaRun
    from engine.meta.task import ImageTasks, TaskImages
    from engine.preparation.inputs import Normaliser

    keep_freed_memory()
    torch.set_num_threads(training_threads())
    learner, model = learner_of(row)
    labels = np.repeat(np.arange(CLASSES), PER_CLASS)
    source = TaskImages(images().to(row.device), torch.arange(len(labels)), Normaliser(SIDE, 1))
    sampler = EpisodeSampler(labels, np.arange(CLASSES), row.way, row.shot, row.query)
    draw = np.random.default_rng(1)
    if row.kind == "evaluation":
        tasks = ImageTasks(source, sampler, [], evaluation_episodes(sampler, row.tasks, 1), row.way)
        meeting = Meeting(learner, model, tasks, sharing_threads())
        return lambda: list(meeting.scores(tasks.test, "", lambda: False)) and None, "cached"
    optimiser = learner.optimiser(model)
    batch = row.batch or row.tasks
    choices = Choices(device=row.device, cache=Path(tempfile.mkdtemp()) / "calibration.json")  # measured anew
    plain, first = MetaGradient(learner, model), [source.task(sampler.sample(draw)) for _ in range(batch)]
    gradient, said = ended(quicker(plain, first, choices))

    def step() -> None:
        for _ in range(row.tasks // batch):
            given = [source.task(sampler.sample(draw)) for _ in range(batch)]
            optimiser.zero_grad(set_to_none=True)
            gradient(given, MetaRun())
            optimiser.step()

    return step, said


def learner_of(row: Row) -> tuple[MetaLearner, Backbone]:
    """The method and its network, on the row's device."""
    from engine.artifacts.weights import build_backbone
    from engine.experiment import BackboneChoice
    from engine.registry import method

    steps = {"inner_steps": row.steps, "inner_rate": INNER_RATE} if row.steps else {}
    values = {"way": row.way, "shot": row.shot, "query": row.query, **steps}
    learner: MetaLearner = method("protonet" if row.kind == "evaluation" else row.kind).from_values(values)
    model = build_backbone(BackboneChoice(), row.way if learner.meets.head else None, 0)
    learner.prepare(model, row.way)
    return learner, model.to(row.device)


def ended(choosing: Generator[Preparing, None, tuple[MetaGradient, tuple[Notice, ...]]]) -> tuple[MetaGradient, str]:
    """(the way that is chosen, that in words)"""
    while True:
        try:
            next(choosing)
        except StopIteration as end:
            gradient, told = end.value
            return gradient, " ".join(notice.text for notice in told)


def serve(line: Connection, arm: str, rows: dict[str, Row]) -> None:
    """Takes one step of the row it is told, until it is told nothing; answers wall and processor seconds, the growth of
    memory in bytes at its peak and what was chosen, or None where the arm has no such loop. arm: "plain 1", "plain 2",
    "learn2learn 1", "learn2learn 2" (threads of torch) or "warmstart"."""
    made: dict[str, tuple[Step, str]] = {}
    if arm != "warmstart":
        torch.set_num_threads(int(arm.split()[1]))
    while name := line.recv():
        if name not in made:
            made.clear()
            before = forget_peak()
            loop = loop_of(arm, rows[name])
            if loop is None:
                line.send(None)
                continue
            made[name] = loop
            made[name][0]()
        clock = time.perf_counter(), time.process_time()
        made[name][0]()
        line.send((time.perf_counter() - clock[0], time.process_time() - clock[1], peak() - before, made[name][1]))


def loop_of(arm: str, row: Row) -> tuple[Step, str] | None:
    """(a step, what was chosen); None where the arm has no such loop."""
    if arm == "warmstart":
        return own(row)
    if arm.startswith("plain"):
        return PLAIN[row.kind](row), ""
    from benchmarks.learn2learn_way import LOOPS

    return (LOOPS[row.kind](row), "") if row.kind in LOOPS else None


def forget_peak() -> int:
    """Lets the system count the peak of memory anew where it can; resident bytes now."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists() and os.access(clear, os.W_OK):
        clear.write_text("5")
    return peak()


def peak() -> int:
    """Largest resident bytes since `forget_peak`."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
