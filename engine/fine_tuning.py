"""The one supervised training loop. What differs between methods is in their layer tables, see `engine/methods`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, groupby

import torch
from torch.nn import functional as F

from engine.augmentation import Augmentation
from engine.backbones.backbone import Backbone, distance_moved, snapshot
from engine.checkpoints import Checkpoints
from engine.comparison.wording import count as counted
from engine.comparison.wording import percent
from engine.data.batches import cuts
from engine.errors import InvalidExperiment
from engine.events import EpochCompleted, Event, Metrics, Notice
from engine.inputs import Labelled, Normaliser
from engine.layers import HEAD
from engine.learners import HeadOnFeatures, WholeNetwork
from engine.limits import Limits
from engine.lowrank import LowRank, low_rank_weights
from engine.measured import Measuring
from engine.methods.fine_tune import FineTuneMethod, Stage
from engine.objective import AveragedWeights, Objective, accuracy
from engine.rates import Rates
from engine.tally import Tally, check_numbers
from engine.trainable import Anchor, Part, check_table, prefix_of


@dataclass(frozen=True)
class Phase:
    """Consecutive epochs that train the same blocks at the same rates."""

    first: int
    epochs: int
    groups: dict[str, float]


def phases(method: FineTuneMethod, blocks: tuple[str, ...]) -> list[Phase]:
    per_epoch = [(epoch, method.groups(blocks, epoch)) for epoch in range(method.epochs)]
    runs = [list(part) for _, part in groupby(per_epoch, key=lambda pair: pair[1])]
    return [Phase(part[0][0], len(part), part[0][1]) for part in runs]


class FineTuning:
    """Trains `model` in place and says what happens; afterwards `step` and `epoch` tell how far it came.

    Raises `InvalidExperiment` when the method's table has nothing to train in this model, `Diverged` while training.
    """

    def __init__(
        self,
        model: Backbone,
        method: FineTuneMethod,
        train: Labelled,
        validation: Labelled,
        shape: Normaliser,
        checkpoints: Checkpoints,
        limits: Limits,
        *,
        seed: int,
        bf16: bool = False,
        background: int = 0,
    ) -> None:
        self.model, self.method, self.train, self.validation, self.shape = model, method, train, validation, shape
        self.checkpoints, self.limits, self.bf16 = checkpoints, limits, bf16
        self.seed, self.background = seed, background
        self.table = method.table(model.block_names)
        check_table(model, self.table)
        self.initial = snapshot(model)
        self._starts = {parameter: parameter.detach().clone() for parameter in self._anchored()}
        self.order = torch.Generator().manual_seed(seed)
        self.step = self.epoch = 0
        self.stopped_early = False  # for want of a better validation accuracy
        settings = method.hyperparameters
        self.batch_size = min(settings.batch_size, len(train))
        self.steps_per_epoch = len(cuts(len(train), self.batch_size))
        self.objective = Objective(
            train.labels, self._classes(), settings.class_weights, settings.label_smoothing, settings.mixup,
            torch.Generator().manual_seed(seed + 1),
        )  # fmt: skip

    def _anchored(self) -> Iterator[torch.nn.Parameter]:
        for name, row in self.table.items():
            if row.anchor > 0:
                yield from self.model.block(name).parameters()

    def _classes(self) -> int:
        return self.model.head.out_features if isinstance(self.model.head, torch.nn.Linear) else 0

    @property
    def total_steps(self) -> int:
        """Steps planned; 0 when only the time decides."""
        return 0 if self.limits.only_time else self.method.epochs * self.steps_per_epoch

    def events(self) -> Iterator[Event]:
        first = 0
        stages = self.method.stages()
        for stage in stages:
            endless = self.limits.only_time and stage is stages[-1]
            yield from StageTraining(self, stage, first, endless).events()
            first += stage.epochs
            if self.limits.reached:
                return

    def learner(self, stage: Stage, first: int) -> HeadOnFeatures | WholeNetwork:
        """Head on cached features where nothing else learns in the whole stage."""
        names = self.model.block_names
        learning = self._learning_in(stage, first)
        settings = self.method.hyperparameters
        if not learning:
            raise InvalidExperiment(
                "Nothing learns at first.",
                "Let at least one block learn from the first epoch.",
                "hyperparameters.layers",
            )
        if self.on_features(stage, first):
            return HeadOnFeatures(self.model, self.train, self.validation, self.shape, self.table[HEAD].rate)
        low_rank = [name for name in names if self.table[name].trains == "low-rank" and name in learning]
        named = [prefix_of(name) + key for name in low_rank for key in low_rank_weights(self.model.block(name))]
        rank, scale = getattr(settings, "rank", 4), getattr(settings, "scale", 8.0)
        return WholeNetwork(
            self.model, self.train, self.validation, self.shape, self.table, bf16=self.bf16,
            augmentation=None if settings.augmentation == "none"
            else Augmentation(settings.augmentation, self.background),
            low_rank=LowRank(self.model, named, rank, scale, self.seed) if named else None,
            cached=settings.mixup == 0, generator=torch.Generator().manual_seed(self.seed + 2),
        )  # fmt: skip

    def _learning_in(self, stage: Stage, first: int) -> set[str]:
        return {block for epoch in range(first, first + stage.epochs) for block in self.learning(epoch)}

    def on_features(self, stage: Stage, first: int) -> bool:
        """Whether a stage that begins with this epoch trains the head alone, on features that are computed once."""
        same = len(self.method.stages()) > 1 or self.method.hyperparameters.augmentation == "none"
        return same and self._learning_in(stage, first) == {HEAD}

    def mixed(self) -> str:
        """What mixup blends, in words; empty without it."""
        kinds, first = [], 0
        for stage in self.method.stages():
            kinds.append("features" if self.on_features(stage, first) else "images")
            first += stage.epochs
        if not kinds or not self.method.hyperparameters.mixup:
            return ""
        return kinds[0] if len(set(kinds)) == 1 else f"{kinds[0]} at first, then {kinds[-1]}"

    def measuring(self, learner: HeadOnFeatures | WholeNetwork) -> Measuring | None:
        """What measures rates before each epoch, for methods that want it where more than the head learns."""
        if not self.method.measures_rates or not isinstance(learner, WholeNetwork):
            return None
        return Measuring(learner, self.method, self.objective, self.batch_size, self.seed)

    def learning(self, epoch: int) -> frozenset[str]:
        return frozenset(block for block, row in self.table.items() if row.learns(epoch))

    def anchor(self, parts: list[Part]) -> Anchor:
        return Anchor(parts, self._starts)


class StageTraining:
    """One stage: one optimiser, one schedule; blocks may join on the way, with fresh optimiser state."""

    def __init__(self, run: FineTuning, stage: Stage, first: int, endless: bool) -> None:
        self.run, self.stage, self.first, self.endless = run, stage, first, endless
        self.learner = run.learner(stage, first)
        self.rates = Rates(run.method.hyperparameters, stage)
        self.measuring = run.measuring(self.learner)
        self.average = AveragedWeights(run.method.hyperparameters.ema)
        self.anchor = run.anchor([])
        self.steps = stage.epochs * run.steps_per_epoch
        self.tally = Tally(run.train.pixels.device)
        self._step = self._without_gain = 0
        self._best = -1.0

    def events(self) -> Iterator[Event]:
        last: frozenset[str] = frozenset()
        for number in count() if self.endless else range(self.stage.epochs):
            learning = self.run.learning(self.first + number)
            if learning and (learning != last or self.measuring is not None):
                yield from self._prepare(learning, last, number)
                if self.run.limits.asked_to_stop:
                    return
                last = learning
            yield from self._epoch()
            yield from self._validate()
            if self.run.limits.reached:
                break
            if self._gave_up():
                yield Notice(self._why_early())
                break
        if last:
            self.average.keep()
            self.learner.settle()

    def _prepare(self, learning: frozenset[str], last: frozenset[str], number: int) -> Iterator[Event]:
        """Let the blocks of this epoch learn: rates, optimiser, average and anchor follow."""
        if learning != last:
            for said in self.learner.learn(learning, self._unchanged_for(number)):
                yield said
                if self.run.limits.asked_to_stop:
                    return
        parts = self.learner.parts()
        if self.measuring is not None:
            parts = self.measuring.parts(self.first + number)
            self.rates.rebuild(parts)
        else:
            self.rates.extend(parts)
        self.anchor = self.run.anchor(parts)
        self.average.follow(parameter for part in parts for parameter in part.parameters)
        self.average.follow(self.learner.statistics())

    def _unchanged_for(self, number: int) -> int:
        """Epochs until other blocks learn."""
        now = self.run.learning(self.first + number)
        ahead = range(number, self.stage.epochs)
        return next((e - number for e in ahead if self.run.learning(self.first + e) != now), len(ahead))

    def _progress(self) -> float:
        return self.run.limits.fraction if self.endless else self._step / max(1, self.steps)

    def _epoch(self) -> Iterator[Event]:
        run = self.run
        self.learner.begin()
        shuffled = torch.randperm(len(run.train), generator=run.order).to(run.train.pixels.device)
        for cut in cuts(len(shuffled), run.batch_size):
            if run.limits.reached:
                break
            self._train(shuffled[cut])
            if self.tally.due():
                yield from self.tally.told()
        yield from self.tally.told()

    def _train(self, indices: torch.Tensor) -> None:
        run, labels = self.run, self.run.train.labels[indices]
        blend = run.objective.blend(len(indices), labels.device)
        logits = self.learner.logits(indices, blend)
        loss = run.objective.loss(logits, labels, blend)
        self.rates.zero_grad()
        loss.backward()
        self.anchor.add_gradient()
        self.rates.step(self._progress())
        self.average.update()
        self._step += 1
        run.step += 1
        self.tally.add(run.step, loss, logits, labels)

    def _validate(self) -> Iterator[Event]:
        run = self.run
        run.epoch += 1
        with self.average.applied():
            self.learner.settle()
            values: dict[str, float] = self.rates.by_block()
            if isinstance(self.learner, WholeNetwork):
                values |= {f"moved/{block}": far for block, far in distance_moved(run.model, run.initial).items()}
            if len(run.validation):
                logits = self.learner.validate()
                loss = float(F.cross_entropy(logits, run.validation.labels))
                values |= {"val/loss": loss, "val/accuracy": accuracy(logits, run.validation.labels)}
                yield from run.checkpoints.offer(run.model, run.step, values["val/accuracy"], loss)
                values |= self._patience(values["val/accuracy"])
        yield Metrics(run.step, values)
        check_numbers(run.model, values.get("val/loss", 0.0), f"after epoch {run.epoch}")
        yield EpochCompleted(run.epoch, run.step)

    def _patience(self, value: float) -> dict[str, float]:
        self._without_gain = 0 if value > self._best else self._without_gain + 1
        self._best = max(self._best, value)
        asked = self.run.method.hyperparameters.patience
        return {"val/epochs without gain": float(self._without_gain)} if asked else {}

    def _gave_up(self) -> bool:
        patience = self.run.method.hyperparameters.patience
        return bool(patience) and self._without_gain >= patience

    def _why_early(self) -> str:
        patience = self.run.method.hyperparameters.patience
        self.run.stopped_early = True
        without = f"{counted(patience, 'epochs')} without a better validation accuracy than {percent(self._best)}"
        return f"Stopped early: {without}."
