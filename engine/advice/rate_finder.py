"""The learning-rate range test: a copy of the network takes steps at ever larger rates and is thrown away."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from engine.advice.rate_range import DIVERGED, STEPS, RatePoint, RunningMean, rate_at
from engine.artifacts.checkpoints import Checkpoints
from engine.data.batches import cuts
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import Cancelled
from engine.events import Preparing
from engine.experiment import Experiment
from engine.machine.devices import computing, torch_device
from engine.machine.limits import Limits, heeding, never
from engine.preparation.inputs import Labelled, normaliser
from engine.registry import build_as, complete
from engine.search.space import with_values
from engine.tuning.material import Material, Reading
from engine.tuning.method import FineTuneMethod
from engine.tuning.rates import Rates
from engine.tuning.run import build, tuning
from engine.tuning.training import FineTuning, StageTraining

MOST_IMAGES = 1024  # that are read; more would make a person wait for steps that never see them


def find_rates(experiment: Experiment, runs: Path, stop: Callable[[], bool] = never) -> Iterator[Preparing | RatePoint]:
    """Losses at 100 rates from 1e-7 to 10, fewer when training diverges. Nothing is written and nothing is changed.

    Earlier stages (the head of LP-FT) are trained first, because the rate belongs to the last one. runs: the folder of
    saved runs, where run:<uid> is looked up. Raises `ExperimentError`, and `Cancelled` when `stop()` turns true.
    """
    with computing():
        yield from _find_rates(complete(with_values(experiment, {"schedule": "constant"})), runs, Limits(stop))


def _find_rates(experiment: Experiment, runs: Path, limits: Limits) -> Iterator[Preparing | RatePoint]:
    material = yield from heeding(limits, read_training_images(experiment))
    method = build_as(FineTuneMethod, experiment)
    model = build(experiment, method, material.class_names, runs).to(material.train.device)
    training = tuning(experiment, method, model, material, Checkpoints(runs), limits)
    yield from first_stages(training)
    yield from rising(training)


def read_training_images(experiment: Experiment) -> Generator[Preparing, None, Material]:
    """The labelled training images, at most 1024 of them; validation and test stay empty."""
    yield Preparing("Reading the data set")
    choice = experiment.dataset
    data = load(choice)
    split = split_images(data, choice, experiment.seed)
    device = torch_device(experiment.device)
    reading = Reading(data, split.classes, normaliser(experiment.backbone), device, choice.split_seed)
    order = torch.randperm(len(split.train), generator=torch.Generator().manual_seed(experiment.seed)).numpy()
    train = reading.labelled(split.train[order[:MOST_IMAGES]], choice.shift)
    none = Labelled(train.inputs[:0], train.labels[:0], train.ids[:0])
    return Material(data, split, train, none, none, reading.shape)


def first_stages(training: FineTuning) -> Iterator[Preparing]:
    """Train what comes before the last stage."""
    first = 0
    for stage in training.method.stages()[:-1]:
        for _ in StageTraining(training, stage, first, endless=False).events():
            yield Preparing(
                f"{'Learning from pairs' if stage.in_pairs else 'Training the head'} first",
                training.epoch / stage.epochs,
            )
            if training.limits.asked_to_stop:
                raise Cancelled
        first += stage.epochs


def rising(training: FineTuning) -> Iterator[Preparing | RatePoint]:
    """One step at each rate, on batches in random order, until the loss is four times its lowest."""
    stage = training.method.stages()[-1]
    first = training.method.epochs - stage.epochs
    learner = training.learner(stage, first)
    learning = training.learning(training.method.epochs - 1)
    yield from heeding(training.limits, learner.learn(learning, stage.epochs))
    mean, lowest = RunningMean(), math.inf
    learner.begin()
    rates = Rates(training.method.hyperparameters, replace(stage, learning_rate=1.0))
    rates.extend(learner.parts())
    shares = [group["peak"] for group in rates.groups]
    for step, indices in enumerate(batches(training)):
        for group, share in zip(rates.groups, shares, strict=True):
            group["peak"] = share * rate_at(step)
        labels = training.train.labels_of(indices)
        loss = training.objective.loss(learner.logits(indices), labels)
        value = float(loss.detach())
        if not math.isfinite(value):
            return
        smoothed = mean.add(value)
        lowest = min(lowest, smoothed)
        yield RatePoint(rate_at(step), value, smoothed)
        if smoothed > DIVERGED * lowest:
            return
        if training.limits.asked_to_stop:
            raise Cancelled
        rates.zero_grad()
        loss.backward()
        rates.step(0.0)


def batches(training: FineTuning) -> Iterator[torch.Tensor]:
    """A batch for each of the 100 rates, epoch after epoch."""
    taken = 0
    while taken < STEPS:
        order = training.train.in_order(torch.randperm(len(training.train), generator=training.order))
        for cut in cuts(len(order), training.batch_size):
            if taken == STEPS:
                return
            taken += 1
            yield order[cut]
