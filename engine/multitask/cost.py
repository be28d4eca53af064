"""What a run of several tasks will cost, from timed steps on noise in the shape of the images."""

from __future__ import annotations

import math

from engine.backbones.backbone import parameter_count
from engine.data.images import images_of
from engine.data.sources import load
from engine.data.splits import split_images
from engine.experiment import Experiment
from engine.families import Cost
from engine.multitask.method import MultiTaskMethod
from engine.multitask.tasks import NONE, question
from engine.multitask.titles import own_data, tasks_of
from engine.tuning.timing import Timing, activations

LEARNT = 16  # bytes of a parameter that learns: weight, gradient and AdamW's two moments
BACKWARD = 2.0  # times a forward pass


def backward_passes(method: MultiTaskMethod, tasks: int) -> float:
    """How often a step goes back through the whole trunk, comparing gradients now and then included."""
    every = int(method.hyperparameters.conflicts_every)
    if method.backward_passes == "each":
        return float(tasks)
    return 1.0 + (tasks / every if every else 0.0)


def multitask_cost(experiment: Experiment, method: MultiTaskMethod) -> Cost:
    sizes, outputs, shared = _sizes(experiment)
    batch, stages = int(method.hyperparameters.batch_size), method.stages(len(sizes))
    steps = math.ceil(max(train for train, *_ in sizes) / batch)
    timing = Timing(experiment, None, batch)
    trunk = parameter_count(timing.model) + outputs * (timing.model.features + 1)
    seconds = 0.0
    epochs: list[float] = []
    for stage in stages:
        images = batch * (1 if shared else len(stage))
        back = backward_passes(method, len(stage)) if len(stage) > 1 else 1.0
        judged = sum(sizes[place][1] for place in stage)
        epochs.append(timing.forward * (steps * images * (1 + BACKWARD * back) + judged))
        seconds += method.epochs * epochs[-1]
    seconds += timing.forward * sum(test for *_, test in sizes)
    images = sum(map(sum, sizes)) * timing.images[0].numel()
    several = max(map(len, stages))
    most = batch * (1 if shared else several) / len(timing.images)
    separate = several if method.backward_passes == "each" and several > 1 else 0  # gradients of the trunk in a step
    each = parameter_count(timing.model) * 4 * separate
    memory = LEARNT * trunk + each + images + round(most * activations(timing.model, timing.images, timing.shape))
    total = len(stages) * method.epochs * steps
    said = f"{separate} backward passes in each step, one for each task." if separate else ""
    return Cost(trunk, trunk, total, max(epochs), seconds, memory, least_seconds_per_epoch=min(epochs), remark=said)


def _sizes(experiment: Experiment) -> tuple[list[tuple[int, int, int]], int, bool]:
    """(images to train, validate and test of each task, outputs of all, whether all ask of the same images)."""
    found: list[tuple[int, int, int]] = []
    outputs, met = 0, set[tuple[str, bytes]]()
    for choice in tasks_of(experiment):
        of = own_data(choice, experiment)
        data = images_of(load(of))
        split = split_images(data, of, experiment.seed)
        asked = question(data, split.classes, choice.labels)
        train, validation, test = (
            int((asked.labels[data.labels[ids]] != NONE).sum()) for ids in (split.train, split.validation, split.test)
        )
        found.append((train, validation, test))
        outputs += len(asked.names)
        met.add((data.fingerprint, split.train[asked.labels[data.labels[split.train]] != NONE].tobytes()))
    return found, outputs, len(met) == 1
