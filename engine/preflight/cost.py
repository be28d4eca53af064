"""What a run will cost, from a timed step: trainable parameters, seconds and memory. Shown before Start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone, parameter_count
from engine.bench import draws
from engine.bench.timing import bench_seconds
from engine.data.batches import cuts
from engine.data.curves import TEST_POINTS
from engine.data.sources import is_regression, load
from engine.data.splits import ImageSplit, split_images
from engine.experiment import Experiment
from engine.families import family
from engine.machine.devices import computing
from engine.machine.draws import own_draws
from engine.meta.learner import MetaLearner
from engine.meta.task import Task
from engine.meta.tasks.curves import training_curves
from engine.meta.tasks.image_tasks import classes_of_minibatches
from engine.methods.bench.head_bench import HeadBench
from engine.preparation.inputs import Normaliser, positions
from engine.registry import with_method
from engine.search.folds import plan
from engine.search.space import planned
from engine.tuning.costs import Timing, network, noise, seconds_of
from engine.tuning.learners import EVALUATION_BATCH
from engine.tuning.method import FineTuneMethod
from engine.tuning.trainable import count_trainable

BYTES_PER_TRAINED = 16  # float32 weight, gradient and AdamW's two moments


@dataclass(frozen=True, slots=True)
class Cost:
    """seconds_per_epoch: of the phase that costs most, or between two validations in meta-learning. seconds: in all,
    with validation, test and search, without reading the images. memory_bytes: weights, optimiser, images and
    activations. fits: how often a search trains before the run itself, if no setting is given up early.
    least_seconds_per_epoch: of the phase that costs least, such as the head alone; 0 where there is only one."""

    trainable: int
    parameters: int
    steps: int
    seconds_per_epoch: float
    seconds: float
    memory_bytes: int
    fits: int = 0
    least_seconds_per_epoch: float = 0.0


def estimate(experiment: Experiment) -> Cost:
    """Build the network with random weights and time real steps of it: about a second, a few for a vision transformer.

    Raises `ExperimentError` when the experiment cannot be run as it stands.
    """
    experiment, method = with_method(experiment)
    with computing():
        found = family(experiment).cost(experiment, method)
    assert isinstance(found, Cost)
    return found


def fine_tune_cost(experiment: Experiment, method: FineTuneMethod) -> Cost:
    split = split_images(load(experiment.dataset), experiment.dataset, experiment.seed)
    batch = min(method.hyperparameters.batch_size, len(split.train))
    timing = Timing(experiment, len(split.classes), batch)
    model, images = timing.model, timing.images
    costs = timing.phases(method, len(split.train), len(split.validation))
    shared = sum(cost.once for cost in costs) if len(method.stages()) == 1 else 0.0  # a search embeds once for all fits
    epochs, fits = [cost.epoch for cost in costs] or [0.0], _fits(experiment, split)
    total = sum(cost.seconds for cost in costs)
    total += fits * (total - shared) + timing.forward * len(split.test)
    trained = count_trainable(model, method, experiment.budget.instead_of_epochs)
    pixels = (len(split.train) + len(split.validation) + len(split.test)) * images[0].numel()
    memory = (
        4 * parameter_count(model)
        + 12 * trained
        + pixels
        + round(timing.longer * _activations(model, images, timing.shape))
    )
    steps = method.epochs * len(cuts(len(split.train), batch))
    return Cost(trained, parameter_count(model), steps, max(epochs), total, memory, fits, min(epochs))


def bench_cost(experiment: Experiment, method: HeadBench) -> Cost:
    """Every image goes through the network once; an epoch is that pass."""
    data = load(experiment.dataset)
    split = split_images(data, experiment.dataset, experiment.seed)
    classes = len(split.classes)
    counts, _ = draws.plan(method.counts, positions(data.labels[split.train], split.classes).numpy(),
                           [data.class_names[c] for c in split.classes])  # fmt: skip
    timing = Timing(experiment, None, EVALUATION_BATCH)
    model, images = timing.model, timing.images
    embedding = timing.forward * (len(split.train) + len(split.test) * (1 + len(experiment.dataset.tested_on)))
    fitting = bench_seconds(method.heads, counts, classes, model.features, method.hyperparameters.repeats)
    head, trunk = (model.features + 1) * classes, parameter_count(model)
    memory = (
        4 * trunk
        + 4 * model.features * (len(split.train) + len(split.test))
        + _activations(model, images, timing.shape)
    )
    return Cost(head, trunk + head, len(counts) * len(method.heads), embedding, embedding + fitting, memory)


def _fits(experiment: Experiment, split: ImageSplit) -> int:
    """How often a search trains at most, before the run itself; raises `InvalidExperiment` for too few images."""
    if experiment.search is None:
        return 0
    data = load(experiment.dataset)
    counts = [int((data.labels[split.train] == c).sum()) for c in split.classes]
    folds, _ = plan(counts, [data.class_names[c] for c in split.classes], experiment.search.folds)
    return planned(experiment) * folds


@torch.no_grad()
def _activations(model: Backbone, images: Tensor, shape: Normaliser) -> int:
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


def meta_cost(experiment: Experiment, method: MetaLearner) -> Cost:
    settings = method.hyperparameters
    outputs = 1 if is_regression(experiment.dataset) else settings.way
    model, shape, device = network(experiment, outputs if method.has_head else None)
    classes = classes_of_minibatches(experiment, method) if method.pooled or method.warm_up else outputs
    with own_draws():
        method.prepare(model, classes)
    stages, tested = _timed_tasks(experiment, method, shape, device, classes)
    step = sum(share * seconds_of(partial(method.meta_gradient, model, tasks), 1) for share, tasks in stages)
    validating = _episode_seconds(method, model, tested)
    epoch = settings.validate_every * step + settings.validation_episodes * validating
    epochs = math.ceil(settings.steps / settings.validate_every)
    images = max((torch.cat([t[0].support_inputs, t[0].query_inputs]) for _, t in stages), key=len)
    size = parameter_count(model)
    method.suppose()
    episode = _episode_seconds(method, model, tested)
    memory = BYTES_PER_TRAINED * size + 2 * _plain_activations(model, images) + _data_bytes(experiment, shape)
    total = epochs * epoch + (settings.test_episodes + method.trials_before_test) * episode
    return Cost(size, size, settings.steps, epoch, total, memory)


def _timed_tasks(
    experiment: Experiment, method: MetaLearner, shape: Normaliser, device: torch.device, classes: int
) -> tuple[list[tuple[float, list[Task]]], Task]:
    """([(share of the steps, a meta-batch)], a test task): of noise in the shape of the images, or of curves.
    classes: of a minibatch."""
    settings = method.hyperparameters
    if is_regression(experiment.dataset):
        rng = np.random.default_rng(0)
        curves = training_curves(experiment, method, device)
        tested = curves.task(curves.source.one(curves.choice, rng, settings.shot, TEST_POINTS))
        return [(1.0, [curves.task(curves.draw(rng)) for _ in range(settings.meta_batch)])], tested
    tested = _noise_task(settings.way, settings.shot, settings.query, shape, device)
    minibatches, stages = 1.0 if method.pooled else method.warm_up, []
    if minibatches:
        images = shape(noise(method.batch_size, shape, device))
        labels = torch.arange(method.batch_size, device=device) % classes
        stages.append((minibatches, [Task(images[:0], labels[:0], images, labels, classes)]))
    if minibatches < 1:
        way, shot = method.training_way, method.training_shot
        tasks = [_noise_task(way, shot, settings.query, shape, device) for _ in range(settings.meta_batch)]
        stages.append((1 - minibatches, tasks))
    return stages, tested


def _noise_task(way: int, shot: int, queries: int, shape: Normaliser, device: torch.device) -> Task:
    slots = torch.arange(way, device=device)
    support = shape(noise(way * shot, shape, device))
    query = shape(noise(way * queries, shape, device))
    return Task(support, slots.repeat_interleave(shot), query, slots.repeat_interleave(queries), way)


def _episode_seconds(method: MetaLearner, model: Backbone, task: Task) -> float:
    """Of meeting one task; of many inner steps the first is timed for all."""
    none = seconds_of(lambda: _meet(method, model, task, 0))
    if method.frozen_at_test or not method.test_steps:
        return none
    one = seconds_of(lambda: _meet(method, model, task, 1))
    return none + method.test_steps * max(0.0, one - none)


def _meet(method: MetaLearner, model: Backbone, task: Task, steps: int) -> None:
    for classify in method.classifiers(model, task.support_inputs, task.support_targets, task.way, steps):
        classify(task.query_inputs).sum().item()


def _plain_activations(model: Backbone, images: Tensor) -> int:
    return _activations(model, images, lambda batch: batch)  # type: ignore[arg-type]


def _data_bytes(experiment: Experiment, shape: Normaliser) -> int:
    if is_regression(experiment.dataset):
        return 0
    return int(np.size(load(experiment.dataset).labels) * shape.channels * shape.size**2)
