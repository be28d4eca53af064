"""What a meta-learning run will cost, from a timed meta-step and a timed test task."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch

from engine.backbones.backbone import Backbone, parameter_count
from engine.data.curves import TEST_POINTS
from engine.data.sources import is_regression, load
from engine.experiment import Experiment
from engine.families import Cost
from engine.machine.draws import own_draws
from engine.meta.batch.formulation import MetaGradient
from engine.meta.learner import MetaLearner
from engine.meta.roles import MetaRun
from engine.meta.task import Task
from engine.meta.tasks.curves import training_curves
from engine.meta.tasks.image_tasks import classes_of_minibatches
from engine.preparation.inputs import Preparer
from engine.preparation.rows import row_bytes
from engine.tuning.timing import activations, network, seconds_of, stand_ins

BYTES_PER_TRAINED = 16  # float32 weight, gradient and AdamW's two moments


def meta_cost(experiment: Experiment, method: MetaLearner) -> Cost:
    settings = method.hyperparameters
    outputs = 1 if is_regression(experiment.dataset) else settings.way
    model, shape, device = network(experiment, outputs if method.meets.head else None)
    classes = classes_of_minibatches(experiment, method) if method.trains.share else outputs
    with own_draws():
        method.prepare(model, classes)
    stages, tested = _timed_tasks(experiment, method, shape, device, classes)
    gradient = MetaGradient(method, model)
    step = sum(share * seconds_of(partial(gradient, tasks, MetaRun()), 1) for share, tasks in stages)
    validating = _episode_seconds(method, model, tested)
    epoch = settings.validate_every * step + settings.validation_episodes * validating
    epochs = math.ceil(settings.steps / settings.validate_every)
    images = max((torch.cat([t[0].support_inputs, t[0].query_inputs]) for _, t in stages), key=len)
    size = parameter_count(model)
    episode = _episode_seconds(method.supposed(), model, tested)
    inputs = 0 if is_regression(experiment.dataset) else np.size(load(experiment.dataset).labels)
    pixels = int(inputs * row_bytes(shape))
    kept = activations(model, images, lambda batch: batch)
    memory = BYTES_PER_TRAINED * size + 2 * kept + pixels
    total = epochs * epoch + (settings.test_episodes + method.trials_before_test) * episode
    return Cost(size, size, settings.steps, epoch, total, memory)


def _timed_tasks(
    experiment: Experiment, method: MetaLearner, shape: Preparer, device: torch.device, classes: int
) -> tuple[list[tuple[float, list[Task]]], Task]:
    """([(share of the steps, a meta-batch)], a test task): of noise in the shape of the images, or of curves.
    classes: of a minibatch."""
    settings = method.hyperparameters
    if is_regression(experiment.dataset):
        rng = np.random.default_rng(0)
        curves = training_curves(experiment, method, device)
        tested = curves.task(curves.source.one(curves.choice, rng, settings.shot, TEST_POINTS))
        return [(1.0, [curves.task(curves.draw(rng)) for _ in range(settings.meta_batch)])], tested
    some = partial(_some_task, experiment, settings.query, shape, device)
    tested = some(settings.way, settings.shot)
    minibatches, stages = method.trains.share, []
    if minibatches:
        images = shape(stand_ins(experiment, method.trains.size, shape, device))
        labels = torch.arange(method.trains.size, device=device) % classes
        stages.append((minibatches, [Task(images[:0], labels[:0], images, labels, classes)]))
    if minibatches < 1:
        way, shot = method.training_way, method.training_shot
        tasks = [some(way, shot) for _ in range(settings.meta_batch)]
        stages.append((1 - minibatches, tasks))
    return stages, tested


def _some_task(
    experiment: Experiment, queries: int, shape: Preparer, device: torch.device, way: int, shot: int
) -> Task:  # fmt: skip
    slots = torch.arange(way, device=device)
    images = shape(stand_ins(experiment, way * (shot + queries), shape, device))
    support, query = images.split([way * shot, way * queries])
    return Task(support, slots.repeat_interleave(shot), query, slots.repeat_interleave(queries), way)


def _episode_seconds(method: MetaLearner, model: Backbone, task: Task) -> float:
    """Of meeting one task; of many inner steps the first is timed for all."""
    none = seconds_of(lambda: _meet(method, model, task, 0))
    if not method.test_steps:
        return none
    one = seconds_of(lambda: _meet(method, model, task, 1))
    return none + method.test_steps * max(0.0, one - none)


def _meet(method: MetaLearner, model: Backbone, task: Task, steps: int) -> None:
    for classify in method.classifiers(model, task.support_inputs, task.support_targets, task.way, steps):
        classify(task.query_inputs).sum().item()
