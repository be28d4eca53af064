"""The one supervised training loop. What differs between methods is in their layer tables, see `engine/methods`."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.artifacts.bookmark import State, generator_state, load_generator
from engine.backbones.backbone import changed, distance_moved
from engine.comparison.wording import count as counted
from engine.comparison.wording import percent
from engine.data.batches import cuts
from engine.events import EpochCompleted, Event, Metrics, Notice
from engine.machine.limits import heeding
from engine.tuning.contrast import PairQuestion
from engine.tuning.course import Course
from engine.tuning.learners import WholeNetwork
from engine.tuning.method import FineTuneMethod, Stage
from engine.tuning.objective import AveragedWeights, Tally, accuracy, check_numbers
from engine.tuning.rates import Rates
from engine.tuning.way import kept_after


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


class FineTuning(Course):
    """Trains `model` in place and says what happens; afterwards `step` and `epoch` tell how far it came.

    Raises `Diverged` while training.
    """

    _under_way: StageTraining | None = None
    _kept: State | None = None  # of the stage to go on with

    def events(self) -> Iterator[Event]:
        """Train from where it is: from the start, or where `load_state` has put it."""
        stages, kept = self.method.stages(), self._kept
        if not self.step:
            yield from self.point(now=True)
        while self.stage < len(stages):
            stage, first = stages[self.stage], sum(before.epochs for before in stages[: self.stage])
            endless = self.limits.only_time and stage is stages[-1]
            self._under_way, kept = StageTraining(self, stage, first, endless, kept), None
            yield from self._under_way.events()
            if self.limits.asked_to_stop:
                return
            self.stage = len(stages) if self.limits.out_of_time else self.stage + 1
        self._under_way = None
        yield from self.point(now=True)

    def state(self) -> State:
        """Everything that training reads; of the weights what differs from those it began with."""
        kept = self.checkpoints.state()
        best = None if kept["best"] is None else changed(kept["best"], self.initial)
        return {
            "model": changed(self.model.state_dict(), self.initial), "checkpoints": {**kept, "best": best},
            "step": self.step, "epoch": self.epoch, "stopped early": self.stopped_early, "used": self.limits.used,
            "order": generator_state(self.order), "objective": self.objective.state(), "stage": self.stage,
            "within": None if self._under_way is None else self._under_way.state(),
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        """Go on from there: `events()` says what comes afterwards."""
        kept = state["checkpoints"]
        best = None if kept["best"] is None else self.initial | kept["best"]
        self.checkpoints.load_state({**kept, "best": best})
        self.model.load_state_dict(self.initial | state["model"])
        self.step, self.epoch, self.stopped_early = state["step"], state["epoch"], state["stopped early"]
        self.used, self.stage, self._kept = state["used"], state["stage"], state["within"]
        load_generator(self.order, state["order"])
        self.objective.load_state(state["objective"])


class StageTraining:
    """One stage: one optimiser, one schedule; blocks may join on the way, with fresh optimiser state.

    kept: the state that it goes on from.
    """

    def __init__(self, run: Course, stage: Stage, first: int, endless: bool, kept: State | None = None) -> None:
        self.run, self.stage, self.first, self.endless = run, stage, first, endless
        self.learner = run.learner(stage, first)
        self.rates = Rates(run.method.hyperparameters, stage)
        self.measuring = run.measuring(self.learner)
        self.average = AveragedWeights(run.method.hyperparameters.ema)
        self.anchor = run.anchor([])
        self.steps = stage.epochs * run.steps_per_epoch
        self.tally = Tally(run.train.device)
        self.pairs = PairQuestion(run.train, run.order) if stage.in_pairs else None
        self.number = 0  # of the epoch that is under way or next
        self.left: Tensor | None = None  # the images that are still to come in it; None before it begins
        self._learning: frozenset[str] = frozenset()  # what learns so far
        self._step = self._without_gain = 0
        self._best = -1.0
        self._kept = kept

    def events(self) -> Iterator[Event]:
        if self._kept is not None:
            yield from self._go_on(self._kept)
        while (self.endless or self.number < self.stage.epochs) and not self._gave_up():
            if self.left is None:
                yield from self._begin()
            if self.left is None:  # stopped before it began
                yield from self.run.point(now=True)
                break
            left = yield from self._epoch(self.left)
            yield from self._validate()
            if left:  # it ended within the epoch
                break
            self.number, self.left = self.number + 1, None
            yield from self.run.point(now=self.run.limits.asked_to_stop)
            if self.run.limits.reached:
                break
        if self._gave_up() and not self.run.limits.reached:
            yield Notice(self._why_early())
        if self._learning:
            self.average.keep()
            self.learner.settle()

    # Where it is

    def state(self) -> State:
        names = {tensor: name for name, tensor in self.learner.named().items()}
        return {
            "number": self.number, "left": self.left, "step": self._step, "learner": self.learner.state(),
            "rates": self.rates.state(names), "average": self.average.state(names),
            "without gain": self._without_gain, "best": self._best,
            "pairs": self.pairs.state() if self.pairs is not None else None,
        }  # fmt: skip

    def _go_on(self, kept: State) -> Iterator[Event]:
        """As it was, with what the frozen blocks give computed anew."""
        self.number, self._step = kept["number"], kept["step"]
        self.left = kept["left"] if kept["left"] is None else self.run.train.in_order(kept["left"])
        self._without_gain, self._best = kept["without gain"], kept["best"]
        if self.pairs is not None:
            self.pairs.load_state(kept["pairs"])
        last = self.number if self.left is not None else self.number - 1
        if last >= 0 and (learning := self.run.learning(self.first + last)):
            yield from heeding(self.run.limits, self.learner.learn(learning, self._unchanged_for(self._since(last))))
            self._learning = learning
        self.learner.load_state(kept["learner"])
        named = self.learner.named()
        self.rates.load_state(kept["rates"], named)
        self.average.load_state(kept["average"], named)
        self.anchor = self.run.anchor(self.learner.parts() if self._learning else [])
        self.run.checkpoints.bookmark.draw_on()

    # An epoch

    def _begin(self) -> Iterator[Event]:
        """Let the blocks of this epoch learn and draw its order, unless stopped meanwhile."""
        run, learning = self.run, self.run.learning(self.first + self.number)
        for said in self._prepared(learning):
            yield said
            if run.limits.asked_to_stop:
                return
        if learning and (learning != self._learning or self.measuring is not None):
            self._follow(learning)
        self.left = run.train.in_order(torch.randperm(len(run.train), generator=run.order))
        if self.pairs is not None:
            self.pairs.draw()

    def _prepared(self, learning: frozenset[str]) -> Iterator[Event]:
        if self.measuring is not None:
            yield from self.measuring.look()
        if learning and learning != self._learning:
            yield from self.learner.learn(learning, self._unchanged_for(self.number))

    def _follow(self, learning: frozenset[str]) -> None:
        """Rates, optimiser, average and anchor follow what learns."""
        self._learning = learning
        parts = self.learner.parts()
        if self.measuring is not None:
            parts = self.measuring.parts(self.first + self.number)
            self.rates.rebuild(parts)
        else:
            self.rates.extend(parts)
        self.anchor = self.run.anchor(self.learner.parts())
        self.average.follow(parameter for part in parts for parameter in part.parameters)
        self.average.follow(self.learner.statistics())

    def _unchanged_for(self, number: int) -> int:
        """Epochs until other blocks learn."""
        now = self.run.learning(self.first + number)
        ahead = range(number, self.stage.epochs)
        return next((e - number for e in ahead if self.run.learning(self.first + e) != now), len(ahead))

    def _since(self, number: int) -> int:
        """The epoch since which these blocks have learnt."""
        now = self.run.learning(self.first + number)
        while number and self.run.learning(self.first + number - 1) == now:
            number -= 1
        return number

    def _epoch(self, ahead: Tensor) -> Generator[Event, None, int]:
        """Learn from these images in their order; returns how many are left when the limits come first."""
        run, left = self.run, ahead
        self.learner.begin()
        pieces = cuts(len(ahead), run.batch_size)
        self.learner.expect(ahead[cut] if self.pairs is None else self.pairs.both(ahead[cut]) for cut in pieces)
        for cut in pieces:
            if run.limits.reached:
                break
            self._train(ahead[cut])
            self.left = left = ahead[cut.stop :]
            if self.tally.due():
                yield from self.tally.told()
            if len(left) and run.checkpoints.bookmark.due:
                yield from self.tally.told()
                yield from run.point()
        yield from self.tally.told()
        if len(left) and run.limits.asked_to_stop:
            yield from run.point(now=True)
        return len(left)

    def _train(self, indices: Tensor) -> None:
        run, labels = self.run, self.run.train.labels_of(indices)
        if self.pairs is not None and isinstance(self.learner, WholeNetwork):
            loss = self.pairs.loss(self.learner, indices)
            self._stepped(loss)
            self.tally.add_pairs(run.step, loss)
            return
        blend = run.objective.blend(len(indices), labels.device)
        logits = self.learner.logits(indices, blend)
        loss = run.objective.loss(logits, labels, blend)
        self._stepped(None if self.stage.solved else loss)
        self.tally.add(run.step, loss, logits, labels)

    def _stepped(self, loss: Tensor | None) -> None:
        """loss: None where what learns is where it is to be."""
        run = self.run
        if loss is not None:
            self.rates.zero_grad()
            loss.backward()
            self.anchor.add_gradient()
            self.rates.step(run.limits.fraction if self.endless else self._step / max(1, self.steps))
            self.average.update()
        self._step += 1
        run.step += 1

    def _validate(self) -> Iterator[Event]:
        run = self.run
        run.epoch += 1
        with self.average.applied():
            self.learner.settle()
            values: dict[str, float] = self.rates.by_block()
            if isinstance(self.learner, WholeNetwork):
                values |= {f"moved/{block}": far for block, far in distance_moved(run.model, run.initial).items()}
            if len(run.validation) and not self.stage.in_pairs:  # whose head has learnt nothing
                logits = self.learner.validate()
                loss = float(F.cross_entropy(logits, run.validation.labels))
                values |= {"val/loss": loss, "val/accuracy": accuracy(logits, run.validation.labels)}
                yield from run.checkpoints.offer(run.model, run.step, values["val/accuracy"], loss)
                values |= self._patience(values["val/accuracy"])
            if kept_after(self.number + 1):
                yield from run.checkpoints.keep_along(run.model, run.epoch, run.step)
            values |= run.kept()
        yield Metrics(run.step, values)
        check_numbers(run.model, values.get("val/loss", 0.0), f"after epoch {run.epoch}")
        yield EpochCompleted(run.epoch, run.step)

    # Patience

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
        self.run.stopped_early = f"early, {counted(patience, 'epochs')} without gain"
        without = f"{counted(patience, 'epochs')} without a better validation accuracy than {percent(self._best)}"
        return f"Stopped early: {without}."
