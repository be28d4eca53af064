"""How long the phases of a run take, from timed steps of a random network of the same kind.

LP-FT's head on cached features takes a fortieth of a step of the whole network: time left and progress weigh steps by
the phase they belong to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.backbone import Backbone, parameter_count
from engine.data.batches import cuts
from engine.data.sources import load
from engine.data.splits import split_images
from engine.experiment import BackboneChoice, Experiment
from engine.families import Cost
from engine.forgetting.source import measured_images
from engine.layers import HEAD
from engine.machine.devices import several, torch_device
from engine.machine.places import runs_home
from engine.preparation.inputs import Pieces, Preparer, normaliser
from engine.preparation.rows import row_bytes
from engine.tuning.at_test import full, learning
from engine.tuning.method import FineTuneMethod
from engine.tuning.trainable import check_table, count_trainable, frozen_prefix
from engine.tuning.training import Phase, phases
from engine.tuning.way import disk_words

TIMED = 0.3  # seconds that a measurement may take before it is cut short
HEAD_STEP = 4e-4  # seconds of a step of the head on cached features


@dataclass(frozen=True, slots=True)
class PhaseCost:
    """once: seconds before its first step. epoch: seconds, with validation."""

    epochs: int
    once: float
    epoch: float

    @property
    def seconds(self) -> float:
        return self.once + self.epochs * self.epoch


class Timing:
    """A random network and how long it takes. forward: seconds per image. images: what its steps are timed on."""

    def __init__(self, experiment: Experiment, outputs: int | None, batch: int) -> None:
        self.model, self.shape, self.device = network(experiment, outputs)
        self.forward, self.images = _timed_forward(self.model, batch, self.shape, experiment, self.device)
        self.longer = batch / len(self.images)  # a step of the run against the step that is timed

    def phases(self, method: FineTuneMethod, train: int, validation: int) -> list[PhaseCost]:
        """train, validation: how many images."""
        return [self._cost(phase, method, train, validation) for phase in phases(method, self.model.block_names)]

    def _cost(self, phase: Phase, method: FineTuneMethod, train: int, validation: int) -> PhaseCost:
        """A head on cached features embeds once; frozen leading blocks are computed once where images stay the same."""
        settings = method.hyperparameters
        steps, same = len(cuts(train, min(settings.batch_size, train))), settings.augmentation == "none"
        once = self.forward * (train + validation)
        if set(phase.groups) == {HEAD} and (same or len(method.stages()) > 1):
            return PhaseCost(phase.epochs, once, steps * HEAD_STEP)
        frozen = self.model.cut_at(len(frozen_prefix(self.model.block_names, frozenset(phase.groups))))
        start = frozen if same and not settings.mixup else 0
        step, forward = self._seconds(phase, start)
        in_pairs = method.stage_at(phase.first).in_pairs
        epoch = 2 * steps * self.longer * step if in_pairs else steps * self.longer * step + forward * validation
        return PhaseCost(phase.epochs, once if start else 0.0, epoch)

    def _seconds(self, phase: Phase, start: int) -> tuple[float, float]:
        """(of a training step, per image of validation) with the blocks from number `start` on."""
        for name, block in self.model.named_blocks():
            block.requires_grad_(name in phase.groups)
        with torch.no_grad():
            values = self.model.eval().through(self.shape(self.images), 0, start)
        step = seconds_of(lambda: _train_step(self.model, values, start))
        return step, seconds_of(lambda: _forward(self.model, values, start)) / len(values)


def plan_of(
    experiment: Experiment, method: FineTuneMethod, classes: int, train: int, validation: int
) -> tuple[tuple[int, float], ...]:
    """(steps, seconds) of each phase of a run, as `RunStarted` tells them; nothing where there is one phase only.

    Leaves torch's random state as it was.
    """
    batch = min(method.hyperparameters.batch_size, train)
    if len(phases(method, catalog.backbone(experiment.backbone.name).block_names)) < 2:
        return ()
    costs = Timing(experiment, classes, batch).phases(method, train, validation)
    return tuple((cost.epochs * len(cuts(train, batch)), cost.seconds) for cost in costs)


def network(experiment: Experiment, outputs: int | None) -> tuple[Backbone, Preparer, torch.device]:
    """A random one of the experiment's kind, on its device."""
    device = torch_device(experiment.device)
    choice = BackboneChoice(name=experiment.backbone.name, image_size=experiment.backbone.image_size)
    model = build_backbone(choice, outputs, 0, Path(gettempdir())).to(device)
    return model, normaliser(choice), device


def stand_ins(experiment: Experiment, count: int, shape: Preparer, device: torch.device) -> Tensor:
    """What steps are timed on: noise in the shape of the images, or texts of the data set, as their length decides."""
    if isinstance(shape, Pieces):
        data = load(experiment.dataset)
        return torch.from_numpy(data.read(np.random.default_rng(0).integers(len(data), size=count), shape)).to(device)
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, *shape.row), dtype=torch.uint8, generator=draws).to(device)


def _timed_forward(
    model: Backbone, batch: int, shape: Preparer, experiment: Experiment, device: torch.device
) -> tuple[float, Tensor]:
    """(seconds per image, the images to time steps with): a whole batch, or of a large network as many as it reads in
    `TIMED` seconds, but two, which batch norm needs."""
    images = stand_ins(experiment, 2, shape, device)
    seconds = seconds_of(lambda: _forward(model, shape(images))) / len(images)
    fitting = min(batch, int(TIMED / seconds))
    if fitting <= len(images):
        return seconds, images
    images = stand_ins(experiment, fitting, shape, device)
    return seconds_of(lambda: _forward(model, shape(images))) / fitting, images


@torch.no_grad()
def _forward(model: Backbone, values: Tensor, start: int = 0) -> None:
    model.eval()
    model(values, start).sum().item()


def _train_step(model: Backbone, values: Tensor, start: int) -> None:
    model.train()
    labels = torch.zeros(len(values), dtype=torch.int64, device=values.device)
    loss = F.cross_entropy(model(values, start), labels)
    loss.backward()
    model.zero_grad(set_to_none=True)
    loss.item()


def seconds_of(work: Callable[[], object], repeats: int = 2) -> float:
    """Least time of a few repeats after one warm-up, which counts itself and suffices when it takes long; noise of
    other programs only ever adds."""
    times: list[float] = []
    while len(times) <= repeats and sum(times) < TIMED:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


@torch.no_grad()
def activations(model: Backbone, images: Tensor, shape: Callable[[Tensor], Tensor]) -> int:
    """Bytes of every layer's output for one batch, which training keeps for the backward pass."""
    total = 0

    def count(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal total
        total += output.numel() * output.element_size() if isinstance(output, Tensor) else 0

    hooks = [layer.register_forward_hook(count) for layer in model.modules() if not list(layer.children())]
    model.eval()(shape(images))
    for hook in hooks:
        hook.remove()
    return total


def fine_tune_cost(experiment: Experiment, method: FineTuneMethod) -> Cost:
    """Raises `InvalidExperiment` where nothing of the network can learn as the table says."""
    split = split_images(load(experiment.dataset), experiment.dataset, experiment.seed)
    batch = min(method.hyperparameters.batch_size, len(split.train))
    timing = Timing(experiment, len(split.classes), batch)
    check_table(timing.model, method.table(timing.model.block_names))
    fitted = timing.phases(method, len(split.train), len(split.validation))
    fit = sum(cost.seconds for cost in fitted)
    shared = sum(cost.once for cost in fitted) if len(method.stages()) == 1 else 0.0  # a search embeds once for all
    source = (
        measured_images(experiment.backbone, runs_home()) if experiment.backbone.what_it_keeps == "each epoch" else 0
    )
    look = source * timing.forward
    costs = [_watched(cost, phase, look) for cost, phase in zip(fitted, _phases(timing, method), strict=True)]
    epochs, total = [cost.epoch for cost in costs] or [0.0], sum(cost.seconds for cost in costs)
    asked = (1 + len(experiment.dataset.tested_on)) * (3 if method.descends else 1)  # a gradient costs two passes more
    tested = asked * timing.forward * len(split.test) + 2 * look  # and what it keeps, before it learns and as tested
    images = len(split.train) + len(split.validation) + len(split.test) + source
    trained = count_trainable(timing.model, method, experiment.budget.instead_of_epochs)
    memory = _memory(timing, method, trained, images, max(batch, _at_once(method, len(split.test))))
    return Cost(
        trained, parameter_count(timing.model), method.epochs * len(cuts(len(split.train), batch)), max(epochs),
        total + tested, memory + (4 * parameter_count(timing.model) if source else 0), further_fit=fit - shared,
        least_seconds_per_epoch=min(epochs),
        remark=_remark(experiment, method, timing.model, source),
    )  # fmt: skip


def shared_words(device: str) -> str:
    """What times of one device say of several; nothing of one."""
    count = len(several(device))
    return f"Times are of one: {count} share every batch, and what that saves is not known." if count > 1 else ""


def _remark(experiment: Experiment, method: FineTuneMethod, model: Backbone, source: int) -> str:
    """source: images of the run it starts from that are looked at after each epoch."""
    said = [shared_words(experiment.device)]
    said += [f"After each epoch {source:,} examples of the run it starts from tell what it keeps."] if source else []
    if experiment.checkpoints != "best and last":
        said.append(disk_words(method, parameter_count(model), experiment.budget.instead_of_epochs))
    return " ".join(filter(None, said))


def _phases(timing: Timing, method: FineTuneMethod) -> list[Phase]:
    return phases(method, timing.model.block_names)


def _watched(cost: PhaseCost, phase: Phase, look: float) -> PhaseCost:
    """With a look at what is kept of the source after each epoch that changes the trunk."""
    return cost if set(phase.groups) == {HEAD} else replace(cost, epoch=cost.epoch + look)


def _at_once(method: FineTuneMethod, tested: int) -> int:
    """Test images that a gradient goes through together."""
    if not method.descends:
        return 0
    return max(cut.stop - cut.start for cut in full(cuts(tested, method.hyperparameters.batch_size)))


def _memory(timing: Timing, method: FineTuneMethod, trained: int, images: int, at_once: int) -> int:
    """Bytes of weights, of what learns, of all images, and of the layers of so many at once."""
    norms = sum(one.numel() for one in learning(timing.model)) if method.descends else 0
    pixels = images * row_bytes(timing.shape)
    layers = activations(timing.model, timing.images, timing.shape) * at_once / len(timing.images)
    return 4 * parameter_count(timing.model) + 12 * (trained + norms) + pixels + round(layers)
