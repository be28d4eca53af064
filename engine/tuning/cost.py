"""What a fine-tuning run will cost, from timed steps of its phases."""

from __future__ import annotations

from engine.backbones.backbone import parameter_count
from engine.data.batches import cuts
from engine.data.sources import load
from engine.data.splits import split_images
from engine.experiment import Experiment
from engine.families import Cost
from engine.tuning.method import FineTuneMethod
from engine.tuning.timing import Timing, activations
from engine.tuning.trainable import count_trainable


def fine_tune_cost(experiment: Experiment, method: FineTuneMethod) -> Cost:
    split = split_images(load(experiment.dataset), experiment.dataset, experiment.seed)
    batch = min(method.hyperparameters.batch_size, len(split.train))
    timing = Timing(experiment, len(split.classes), batch)
    model, images = timing.model, timing.images
    costs = timing.phases(method, len(split.train), len(split.validation))
    shared = sum(cost.once for cost in costs) if len(method.stages()) == 1 else 0.0  # a search embeds once for all fits
    epochs, total = [cost.epoch for cost in costs] or [0.0], sum(cost.seconds for cost in costs)
    trained = count_trainable(model, method, experiment.budget.instead_of_epochs)
    pixels = (len(split.train) + len(split.validation) + len(split.test)) * images[0].numel()
    memory = (
        4 * parameter_count(model)
        + 12 * trained
        + pixels
        + round(timing.longer * activations(model, images, timing.shape))
    )
    steps = method.epochs * len(cuts(len(split.train), batch))
    return Cost(
        trained, parameter_count(model), steps, max(epochs), total + timing.forward * len(split.test), memory,
        further_fit=total - shared, least_seconds_per_epoch=min(epochs),
    )  # fmt: skip
