"""What "automatic" precision comes to: bfloat16 where the device has it and a timed step of the run is quicker in it.

The weights and the optimiser stay in float32 either way; only products of matrices are rounded (mixed precision,
Micikevicius et al. 2018; in bfloat16 no loss has to be scaled, Kalamkar et al. 2019).

So on CUDA too, where cards before 8.0 have no bfloat16 of their own: they stay in float32. float16 would need a scaled
loss, steps that are left out and their count in every resume point, and nobody has measured what it gives here
(`python -m benchmarks.gpu --parts precisions`). What is called float32 there has cuDNN's convolutions in TF32 where the
card knows it, as torch has it.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median

import torch
from torch import nn
from torch.nn import functional as F

from engine.artifacts.bookmark import random_state, set_random_state
from engine.events import Notice, Preparing
from engine.experiment import Experiment
from engine.machine.choices import Choices, Timing, Way
from engine.machine.devices import has_bf16
from engine.tuning.learners import WholeNetwork
from engine.tuning.training import FineTuning

PRECISION = "precision"
FLOAT32: Way = {PRECISION: "float32"}
BFLOAT16: Way = {PRECISION: "bfloat16"}
WORTH_TIMING = 50  # steps from which timing a few costs less than it can save
ROUNDS = 3  # the median of so many, after one that meets the kernels for the first time


def settle(
    training: FineTuning, experiment: Experiment, choices: Choices
) -> Generator[Preparing, None, tuple[Notice, ...]]:
    """Let the training be computed in what is chosen where that is left to the machine; returns what and why."""
    if experiment.precision != "automatic":
        return ()
    possible = ways(training, experiment.device)
    trial = partial(seconds, training) if is_long(training) else None
    found = yield from choices.choose(kind_of_step(training, experiment), possible, trial)
    training.bf16 = found.way == BFLOAT16
    times = " and ".join(f"{1000 * taken:.0f} ms in {way[PRECISION]}" for way, taken in found.seconds)
    return (Notice(f"Computed in {found.way[PRECISION]}{times and f': a step takes {times}'}."),)


def settled(experiment: Experiment, training: FineTuning) -> Experiment:
    """The experiment in the precision that the training has, for what is to be computed as it is."""
    return experiment.model_copy(update=BFLOAT16 if training.bf16 else FLOAT32)


def possible(experiment: Experiment) -> Mapping[str, Sequence[str]]:
    """What a person may choose; a precision that the experiment names is no choice."""
    if experiment.precision != "automatic":
        return {}
    return {PRECISION: ["float32", "bfloat16"] if has_bf16(experiment.device) else ["float32"]}


def ways(training: FineTuning, device: str) -> list[Way]:
    """In which this run can be computed; the first is what is taken without a trial."""
    return [FLOAT32, BFLOAT16] if has_bf16(device) and whole_network(training) else [FLOAT32]


def is_long(training: FineTuning) -> bool:
    return training.limits.only_time or training.total_steps >= WORTH_TIMING


def kind_of_step(training: FineTuning, experiment: Experiment) -> str:
    """What decides how long a step takes, but for the machine."""
    blocks = ", ".join(learning(training))
    shape = f"{training.batch_size}x{training.shape.channels}x{training.shape.size}"
    return f"{experiment.method.name} of {blocks} in {experiment.backbone.name} on {shape}"


def seconds(training: FineTuning, precisions: Sequence[Way]) -> Timing:
    """Returns those of a step, forwards and backwards, in each precision in turn; leaves the network and torch's
    generators as they were."""
    learner = whole_network(training)
    assert learner is not None
    taken: list[list[float]] = [[] for _ in precisions]
    with as_before(training.model):
        yield from learner.learn(frozenset(learning(training)), 1)
        learner.begin()
        for done in range(1 + ROUNDS):
            for times, way in zip(taken, precisions, strict=True):
                yield Preparing(f"Timing a step in {way[PRECISION]}", done / (1 + ROUNDS))
                learner.bf16 = way == BFLOAT16
                times.append(_step(learner, training.batch_size))
    return [median(times[1:]) for times in taken]


def _step(learner: WholeNetwork, count: int) -> float:
    start = time.perf_counter()
    rows = torch.arange(count, device=learner.train.device)
    loss = F.cross_entropy(learner.logits(rows), learner.train.labels_of(rows))
    loss.backward()
    loss.item()  # waits for a GPU
    return time.perf_counter() - start


def learning(training: FineTuning) -> list[str]:
    """The blocks that learn at any time."""
    return [name for name, row in training.table.items() if row.rate > 0]


def whole_network(training: FineTuning) -> WholeNetwork | None:
    """What computes the last stage that trains more than the head on features; None where there is none."""
    first, found = 0, None
    for stage in training.method.stages():
        found = found if training.on_features(stage, first) else (stage, first)
        first += stage.epochs
    learner = training.learner(*found) if found else None
    return learner if isinstance(learner, WholeNetwork) else None


@contextmanager
def as_before(model: nn.Module) -> Iterator[None]:
    """Afterwards buffers, gradients, what learns and torch's generators are as they were."""
    buffers = [buffer.clone() for buffer in model.buffers()]
    learns = [parameter.requires_grad for parameter in model.parameters()]
    draws = random_state()
    try:
        yield
    finally:
        set_random_state(draws)
        model.zero_grad(set_to_none=True)
        with torch.no_grad():
            for buffer, value in zip(model.buffers(), buffers, strict=True):
                buffer.copy_(value)
        for parameter, before in zip(model.parameters(), learns, strict=True):
            parameter.requires_grad_(before)
