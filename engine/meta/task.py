"""A task: a support set to learn from and a query set to be judged on, as tensors; and where tasks come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.data.batches import Batch, BatchSampler
from engine.data.episodes import Episode, EpisodeSampler
from engine.data.findings import Finding
from engine.data.labelled_set import LabelledSet
from engine.data.splits import ClassSplit
from engine.data.target import CLASSES, NUMBERS, Target, asked
from engine.machine.transfers import sent
from engine.preparation.held import read_ahead
from engine.preparation.inputs import Inputs, Preparer, as_long, picked

FurtherTest = Callable[[int | None, np.ndarray | None], tuple[Sequence[Any], str]]


@dataclass(frozen=True)
class Task:
    """Classification: inputs float [way·k, C, H, W], or int64 [way·k, L] of texts, targets int64 [way·k] in 0..way-1.
    Regression: inputs float [k, d], targets float [k, 1], `way` is the number of outputs (1)."""

    support_inputs: Tensor
    support_targets: Tensor
    query_inputs: Tensor
    query_targets: Tensor
    way: int

    @property
    def parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Support inputs and targets, query inputs and targets."""
        return self.support_inputs, self.support_targets, self.query_inputs, self.query_targets

    @property
    def is_regression(self) -> bool:
        return asked(self.query_targets) == NUMBERS

    def mixed(self, rng: np.random.Generator) -> Task:
        """The same task with its support set in a random order, so that a place in it says nothing about the class."""
        order = sent(torch.from_numpy(rng.permutation(len(self.support_targets))), self.support_targets.device)
        return replace(self, support_inputs=self.support_inputs[order], support_targets=self.support_targets[order])


def together(tasks: Sequence[Task]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The parts of all tasks, each [tasks, n, …]."""
    x, y, query, wanted = (torch.stack(same) for same in of_equal_shapes(tasks))
    return x, y, query, wanted


def of_equal_shapes(tasks: Sequence[Task]) -> Iterator[list[Tensor]]:
    """The support inputs of all tasks, their targets, query inputs and targets; texts padded to the longest."""
    return (as_long(same) if same[0].dim() > 1 else [*same] for same in zip(*(t.parts for t in tasks), strict=True))


class Tasks(ABC):
    """Where the tasks of a run come from. validation, test: fixed lists, the same for every method; `task` makes an
    item of them (or a drawn one) a `Task`. outputs: of the network's head. examples: inputs in one training task.
    minibatches: of all training classes, where the method learns from those. further_test: test items of another number
    of shots, or of these classes alone, and what they are in words; raises `InvalidExperiment` where images or classes
    are too few. divided: the images and how their classes are divided. findings: what must be known of them and of what
    the weights have met. facts: shown beside the run. conditions: of its figures, see `Evaluated`."""

    target: Target
    outputs: int
    validation: Sequence[Any]
    test: Sequence[Any]
    facts: Mapping[str, Any]
    conditions: Mapping[str, str]
    minibatches: BatchSampler | None = None
    further_test: FurtherTest | None = None
    divided: tuple[LabelledSet, ClassSplit] | None = None
    findings: tuple[Finding, ...] = ()

    @property
    @abstractmethod
    def examples(self) -> int: ...

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Any:
        """A new training item."""

    @abstractmethod
    def task(self, item: Any) -> Task: ...

    def draw_tasks(self, rng: np.random.Generator, count: int) -> list[Task]:
        """New training tasks."""
        return [self.task(self.draw(rng)) for _ in range(count)]

    def read_ahead(self) -> AbstractContextManager[None]:
        """Inside, what tasks are made of is read before they ask for it."""
        return nullcontext()

    def minibatch(self, rng: np.random.Generator) -> Task:
        """A new one, as the query set of a task without support images; its way is all training classes."""
        assert self.minibatches is not None
        return self.task(self.minibatches.sample(rng))


class TaskImages:
    """Draws the images or texts of episodes. pixels: uint8 [n, C, H, W] or int32 [n, pieces]; rows: data-set index ->
    row."""

    def __init__(self, pixels: Inputs, rows: Tensor, shape: Preparer) -> None:
        self.pixels, self.rows, self.shape = pixels, rows, shape

    def task(self, episode: Episode) -> Task:
        way, shot = episode.support.shape
        query = episode.query.shape[1]
        slots = torch.arange(way, device=self.pixels.device)
        given, asked = as_long([self._images(part, episode.turns) for part in (episode.support, episode.query)])
        return Task(given, slots.repeat_interleave(shot), asked, slots.repeat_interleave(query), way)

    def batch(self, batch: Batch) -> Task:
        """A minibatch as the query set of a task without support images; its way is all training classes."""
        inputs = self.turned(batch.images, batch.turns)
        targets = sent(torch.from_numpy(batch.labels), inputs.device)
        return Task(inputs[:0], targets[:0], inputs, targets, batch.classes)

    def _images(self, indices: np.ndarray, turns: np.ndarray) -> Tensor:
        """indices: int64 [way, k]; turns: quarter turns per class [way]."""
        return self.turned(indices.ravel(), np.repeat(turns, indices.shape[1]))

    def turned(self, indices: np.ndarray, turns: np.ndarray) -> Tensor:
        """float [n, C, H, W]: images by their index in the data set [n], each after its quarter turns [n]."""
        device = self.pixels.device
        images = picked(self.pixels, self.rows[torch.from_numpy(indices)])
        for quarter in (1, 2, 3):
            if len(places := np.flatnonzero(turns == quarter)):
                chosen = sent(torch.from_numpy(places), device)
                images[chosen] = torch.rot90(images[chosen], quarter, (-2, -1))
        return self.shape(images)


@dataclass
class ImageTasks(Tasks):
    """Episodes of images, those to learn from by `sampler`."""

    images: TaskImages
    sampler: EpisodeSampler
    validation: Sequence[Episode]
    test: Sequence[Episode]
    outputs: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    target: Target = CLASSES
    minibatches: BatchSampler | None = None
    further_test: FurtherTest | None = None
    divided: tuple[LabelledSet, ClassSplit] | None = None
    findings: tuple[Finding, ...] = ()

    def read_ahead(self) -> AbstractContextManager[None]:
        return read_ahead(self.images.pixels)

    @property
    def examples(self) -> int:
        return self.sampler.way * (self.sampler.shot + self.sampler.query)

    def draw(self, rng: np.random.Generator) -> Episode:
        return self.sampler.sample(rng)

    def task(self, item: Episode | Batch) -> Task:
        return self.images.batch(item) if isinstance(item, Batch) else self.images.task(item)
