"""What a run of pretraining will cost, from timed steps on noise in the shape of the images, or on texts."""

from __future__ import annotations

import math

import torch

from engine.backbones.backbone import parameter_count
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_images
from engine.data.text_set import TextSet
from engine.experiment import Experiment
from engine.families import Cost
from engine.machine.draws import own_draws
from engine.preparation.inputs import Pieces, Preparer
from engine.preparation.rows import row_bytes
from engine.preparation.shrunk import values_of
from engine.pretraining.looking import ASKED, BANK, COUNTED, KNOWN
from engine.pretraining.method import PretrainMethod
from engine.pretraining.pool import Pool
from engine.pretraining.training import LOOK_EVERY
from engine.tuning.timing import Timing, activations, seconds_of, shared_words

LEARNT = 16  # bytes of a parameter that learns: weight, gradient and AdamW's two moments
TESTED = 3  # networks in the test: its own, random weights, those it started from
FLOAT = 4  # bytes
HELD = 4  # of answers over a vocabulary: themselves, as shares, and the gradient of each
BACKWARD = 2.0  # times a forward pass


def pretrain_cost(experiment: Experiment, method: PretrainMethod) -> Cost:
    split = split_images(load(experiment.dataset), experiment.dataset, experiment.seed)
    batch = min(method.hyperparameters.batch_size, len(split.train))
    timing = Timing(experiment, None, batch)
    passes, pool = method.passes[0], _pool(experiment, timing.shape, split, batch)
    each = _seconds_each(method, timing, pool)
    steps = method.epochs * (len(split.train) // batch)
    looks = 1 + math.ceil(steps * batch / LOOK_EVERY)
    looking = looks * timing.forward * min(2 * BANK + ASKED, len(split.train) * 2 + len(split.validation))
    epoch, size = each * len(split.train), parameter_count(timing.model)
    blocks = timing.model.blocks
    learnt = size - sum(parameter_count(blocks[name]) for name in method.kept_blocks(tuple(blocks)))
    pixels = (len(split.train) + len(split.validation) + len(split.test)) * row_bytes(timing.shape)
    step = (
        FLOAT * (size - learnt)
        + LEARNT * learnt
        + round(passes * timing.longer * activations(timing.model, timing.images, timing.shape))
        + FLOAT * HELD * method.answers(pool)
    )
    memory = pixels + max(step, tested_bytes(timing.model.features, timing.shape, split))
    tested = TESTED * timing.forward * (min(KNOWN, len(split.train)) + len(split.test))
    total = method.epochs * epoch + looking + tested
    return Cost(learnt, size, steps, epoch, total, memory, remark=shared_words(experiment.device))


def _pool(experiment: Experiment, shape: Preparer, split: ImageSplit, batch: int) -> Pool:
    data = load(experiment.dataset)
    texts = data.shown(split.train, experiment.dataset.shift) if isinstance(data, TextSet) else ()
    return Pool(len(split.train), shape.size, shape.channels, 0, batch, shape.tokenizer, texts)


def _seconds_each(method: PretrainMethod, timing: Timing, pool: Pool) -> float:
    """Of a step, for each of its examples. Of texts the question itself is timed: answers over a whole vocabulary may
    take longer than the network."""
    if not pool.texts:
        passes, unlearnt = method.passes
        return timing.forward * ((passes - unlearnt) * (1 + BACKWARD) + unlearnt)
    for name in method.kept_blocks(tuple(timing.model.blocks)):
        timing.model.blocks[name].requires_grad_(False)
    with own_draws(0):
        pretext = method.pretext(timing.model, pool).to(timing.device)
    draws = torch.Generator().manual_seed(0)

    def step() -> None:
        timing.model.train()
        pretext.told(timing.model, timing.shape, timing.images, draws)["loss"].backward()
        timing.model.zero_grad(set_to_none=True)

    return seconds_of(step) / len(timing.images)


def tested_bytes(features: int, shape: Preparer, split: ImageSplit) -> int:
    """Of what neighbours are looked for among: features, or raw pixels or counted words, as they are and as
    directions."""
    plain = COUNTED if isinstance(shape, Pieces) else values_of(shape.size, shape.channels)
    values = max(features, plain)
    return 2 * FLOAT * values * (min(KNOWN, len(split.train)) + len(split.test))
