"""What the stages of a fine-tuning run share: the network, the data, the table, the objective, and how far it is."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch

from engine.artifacts.bookmark import State
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone, snapshot
from engine.backbones.precision import rounded
from engine.data.batches import cuts
from engine.errors import InvalidExperiment
from engine.events import Metrics, ResumePoint
from engine.forgetting.measured import SourceWatch
from engine.layers import HEAD
from engine.machine.limits import Limits
from engine.parallel.passes import ALONE, Passes
from engine.preparation.augmentation import Augmentation
from engine.preparation.inputs import Labelled, Preparer
from engine.tuning.learners import HeadOnFeatures, WholeNetwork, batches
from engine.tuning.lowrank import LowRank, low_rank_weights
from engine.tuning.measured import RateMeasuring
from engine.tuning.method import FineTuneMethod, Stage
from engine.tuning.objective import Objective, accuracy
from engine.tuning.trainable import Anchor, Part, check_table, prefix_of


class Course(ABC):
    """What a run of fine-tuning works on, how far it is, and what each of its stages asks of it.

    Raises `InvalidExperiment` when the method's table has nothing to train in this model.
    """

    def __init__(
        self, model: Backbone, method: FineTuneMethod, train: Labelled, validation: Labelled, shape: Preparer,
        checkpoints: Checkpoints, limits: Limits, *, seed: int, bf16: bool = False, background: int = 0,
        watch: SourceWatch | None = None, passes: Passes = ALONE,
    ) -> None:  # fmt: skip
        self.model, self.method, self.train, self.validation, self.shape = model, method, train, validation, shape
        self.checkpoints, self.limits, self.bf16 = checkpoints, limits, bf16
        self.seed, self.background, self.watch, self.passes = seed, background, watch, passes
        self.table = method.table(model.block_names)
        check_table(model, self.table)
        self.initial = snapshot(model)
        anchored = (model.block(name) for name, row in self.table.items() if row.anchor > 0)
        self._starts = {one: one.detach().clone() for block in anchored for one in block.parameters()}
        self.order = torch.Generator().manual_seed(seed)
        self.step = self.epoch = self.stage = 0
        self.used = 0.0  # seconds of an earlier part of the run
        self.stopped_early = ""  # why, for want of a better validation accuracy
        settings = method.hyperparameters
        self.batch_size = min(settings.batch_size, len(train))
        self.steps_per_epoch = len(cuts(len(train), self.batch_size))
        classes = model.head.out_features if isinstance(model.head, torch.nn.Linear) else 0
        self.objective = Objective(
            train.labels, classes, settings.class_weights, settings.label_smoothing, settings.mixup,
            torch.Generator().manual_seed(seed + 1),
        )  # fmt: skip

    @property
    def total_steps(self) -> int:
        """Steps planned; 0 when only the time decides."""
        return 0 if self.limits.only_time else self.method.epochs * self.steps_per_epoch

    def point(self, now: bool = False) -> Iterator[ResumePoint]:
        return self.checkpoints.bookmark.at(self.step, self.state, now)

    @torch.no_grad()
    def first_look(self) -> Iterator[Metrics]:
        """Where what it keeps is measured: how things stand before the first step, by the head that it begins with."""
        if self.watch is None:
            return
        values = self.watch.before.values
        if len(self.validation):
            self.model.eval()
            with rounded(self.model, self.bf16):
                parts = (self.model(self.shape(self.validation.inputs[part])) for part in batches(len(self.validation)))
                values |= {
                    "val/accuracy": accuracy(torch.cat([part.float() for part in parts]), self.validation.labels)
                }
        yield Metrics(0, values)

    def kept(self) -> dict[str, float]:
        """After an epoch, what is left of what the weights knew; the time that takes is none of the training's."""
        if self.watch is None:
            return {}
        begin = time.monotonic()
        found = self.watch.measure(self.model)
        self.limits.paused_for(time.monotonic() - begin)
        return found.values

    @abstractmethod
    def state(self) -> State:
        """Everything that training reads, for a place to go on from."""

    def learner(self, stage: Stage, first: int) -> HeadOnFeatures | WholeNetwork:
        """Head on cached features where nothing else learns in the whole stage."""
        names = self.model.block_names
        learning = self.method.learning_in(self.table, stage, first)
        settings = self.method.hyperparameters
        if not learning:
            raise InvalidExperiment(
                "Nothing learns at first.",
                "Let at least one block learn from the first epoch.",
                "hyperparameters.layers",
            )
        if self.on_features(stage, first):
            return HeadOnFeatures(
                self.model, self.train, self.validation, self.shape, self.table[HEAD].rate, stage.solved
            )
        low_rank = [name for name in names if self.table[name].trains == "low-rank" and name in learning]
        named = [prefix_of(name) + key for name in low_rank for key in low_rank_weights(self.model.block(name))]
        rank, scale = getattr(settings, "rank", 4), getattr(settings, "scale", 8.0)
        return WholeNetwork(
            self.model, self.train, self.validation, self.shape, self.table, bf16=self.bf16,
            augmentation=None if settings.augmentation == "none"
            else Augmentation(settings.augmentation, self.background),
            low_rank=LowRank(self.model, named, rank, scale, self.seed) if named else None,
            cached=settings.mixup == 0, generator=torch.Generator().manual_seed(self.seed + 2),
            passes=self.passes,
        )  # fmt: skip

    def on_features(self, stage: Stage, first: int) -> bool:
        return self.method.on_features(self.table, stage, first)

    def mixed(self) -> str:
        """What mixup blends, in words; empty without it."""
        kinds, first = [], 0
        for stage in self.method.stages():
            if not stage.in_pairs:
                kinds.append("features" if self.on_features(stage, first) else "images")
            first += stage.epochs
        if not kinds or not self.method.hyperparameters.mixup:
            return ""
        return kinds[0] if len(set(kinds)) == 1 else f"{kinds[0]} at first, then {kinds[-1]}"

    def measuring(self, learner: HeadOnFeatures | WholeNetwork) -> RateMeasuring | None:
        """What measures rates before each epoch, for methods that want it where more than the head learns."""
        if not self.method.measures_rates or not isinstance(learner, WholeNetwork):
            return None
        return RateMeasuring(learner, self.method, self.objective, self.batch_size, self.seed)

    def learning(self, epoch: int) -> frozenset[str]:
        return self.method.learning(self.table, epoch)

    def anchor(self, parts: list[Part]) -> Anchor:
        return Anchor(parts, self._starts)
