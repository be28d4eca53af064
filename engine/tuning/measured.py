"""Rates from gradients, measured before an epoch: one part per weight tensor (Auto-RGN and Auto-SNR).

Which images are measured follows from what they show, the seed and the epoch, never from their order in the data set,
which is sorted by class. Batch norm uses its running statistics, so that the gradient of one image says nothing of the
others in its group.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Mapping, Sequence

import torch
from torch import Tensor, nn

from engine.data.batches import cuts
from engine.errors import InvalidExperiment
from engine.events import Preparing
from engine.layers import Measured
from engine.tuning.learners import WholeNetwork, batches
from engine.tuning.method import FineTuneMethod
from engine.tuning.objective import Objective
from engine.tuning.trainable import Part, names_of_norms

BATCHES = 5  # as in the authors' code of Auto-RGN
GROUPS = 32  # gradients between which Auto-SNR compares, at least, where there are so many images
MOST_IMAGES = 256  # in these groups together
FEWEST_IMAGES = 8  # fewer gradients say too little of their own variance


class RateMeasuring:
    """Asks the method for the rates of an epoch. size: images in a training batch.

    Raises `InvalidExperiment` where the method compares gradients and there are too few images.
    """

    def __init__(self, learner: WholeNetwork, method: FineTuneMethod, objective: Objective, size: int, seed: int):
        self.learner, self.method, self.objective, self.size, self.seed = learner, method, objective, size, seed
        self._norms = names_of_norms(learner.model)
        self._prints: list[bytes] = []
        if method.compares_gradients and len(learner.train) < FEWEST_IMAGES:
            images = f"the gradients of {len(learner.train)} training examples"
            raise InvalidExperiment(
                f"{method.title} cannot tell signal from noise in {images}.",
                f"Use at least {FEWEST_IMAGES} examples, or Auto-RGN, which compares sizes of gradients.", "method",
            )  # fmt: skip

    def look(self) -> Generator[Preparing, None, None]:
        """At all images, before the first rates. Yields `Preparing`."""
        train = self.learner.train
        for part in batches(0 if self._prints else len(train)):
            yield Preparing("Reading the training set", part.start / len(train))
            self._prints += map(fingerprint, train.inputs[part].cpu(), train.labels[part].tolist())

    def parts(self, epoch: int) -> list[Part]:
        """One part per weight tensor at its rate; those of normalisation and what gets rate 0 are left out."""
        keyed = self._tensors()
        factors = self.method.measured_rates(self._measured(keyed, epoch))
        return [
            Part(part.block, part.parameters, part.rate * factors[name], part.anchor)
            for name, part in keyed.items()
            if factors.get(name, 0.0) > 0
        ]

    def _tensors(self) -> dict[str, Part]:
        names = {parameter: name for name, parameter in self.learner.model.named_parameters()}
        tensors = [(part, parameter) for part in self.learner.parts() for parameter in part.parameters]
        return {
            names.get(parameter, str(place)): Part(part.block, [parameter], part.rate, part.anchor)
            for place, (part, parameter) in enumerate(tensors)
            if names.get(parameter, "") not in self._norms
        }

    def _measured(self, keyed: Mapping[str, Part], epoch: int) -> dict[str, Measured]:
        sums = {name: Gradients(part.parameters[0]) for name, part in keyed.items()}
        model, train = self.learner.model, self.learner.train
        model.eval()
        groups = self.groups(epoch)
        for indices in groups:
            model.zero_grad(set_to_none=True)
            self.objective.loss(self.learner.logits(indices), train.labels_of(indices)).backward()
            for found in sums.values():
                found.add()
        model.zero_grad(set_to_none=True)
        rows = torch.stack([found.values() for found in sums.values()]).tolist() if sums else []
        together = self.size / len(groups[0])
        return {name: summary(row, len(groups), together) for name, row in zip(sums, rows, strict=True)}

    def groups(self, epoch: int) -> list[Tensor]:
        """Positions of the images whose gradients are taken together: batches as in training, or many small groups of
        one size where gradients are compared."""
        order = self.learner.train.in_order(torch.tensor(self._order(epoch)))
        if not self.method.compares_gradients:
            return [order[cut] for cut in cuts(len(order), self.size)][:BATCHES]
        used = order[:MOST_IMAGES]
        together = max(1, len(used) // GROUPS)
        return [group for group in used.split(together) if len(group) == together]

    def _order(self, epoch: int) -> list[int]:
        salt = f"{self.seed} {epoch} ".encode()
        drawn = [hashlib.blake2b(salt + known, digest_size=8).digest() for known in self._prints]
        return sorted(range(len(drawn)), key=lambda place: drawn[place])


def fingerprint(image: Tensor, label: int) -> bytes:
    """What one image [c, s, s] shows and is called: 16 bytes."""
    shown = image.contiguous().numpy().tobytes()
    return hashlib.blake2b(shown + str(label).encode(), digest_size=16).digest()


class Gradients:
    """The gradients of one weight tensor over several groups of images, as sums."""

    def __init__(self, weight: nn.Parameter) -> None:
        self.weight = weight
        self._lengths: list[Tensor] = []
        self._sum, self._squares = torch.zeros_like(weight), torch.zeros_like(weight)

    @torch.no_grad()
    def add(self) -> None:
        """Take the weight's gradient as it is now."""
        gradient = self.weight.grad
        self._lengths.append(self.weight.new_zeros(()) if gradient is None else gradient.norm())
        if gradient is not None:
            self._sum += gradient
            self._squares += gradient.square()

    @torch.no_grad()
    def values(self) -> Tensor:
        """Of the weight's norm, `standing` and the norm of each gradient: [groups + 2], still on the device."""
        return torch.stack([self.weight.norm(), standing(self._sum, self._squares, len(self._lengths)), *self._lengths])


def summary(row: Sequence[float], count: int, groups_per_batch: float) -> Measured:
    """row: `values` of so many groups. groups_per_batch: images in a training batch against those in a group."""
    weight, t, *lengths = row
    length = sum(lengths) / count
    if count < FEWEST_IMAGES:
        return Measured(length, weight)
    return Measured(length, weight, *signal(t, count, groups_per_batch))


def standing(total: Tensor, squares: Tensor, count: int) -> Tensor:
    """How far a tensor's mean gradient stands out, a scalar: the mean over entries of t = count * mean(g)^2 / s^2, s^2
    the unbiased variance. total, squares: sums over `count` gradients g of each entry and of its square. No entry
    counts more than count^2."""
    mean = total / count
    variance = ((squares - count * mean.square()) / max(1, count - 1)).clamp_min(0)
    return (count * mean.square() / variance).nan_to_num(0.0, posinf=count**2).clamp_max(count**2).mean()


def signal(t: float, count: int, groups_per_batch: float) -> tuple[float, bool]:
    """(signal-to-noise ratio of a training batch's gradient, whether it stands out from noise) by `standing` t.

    The ratio is the mean over entries of the unbiased estimate of mu^2 / (sigma^2 / b), b the groups in a batch: noise
    alone has E[t] = (count - 1) / (count - 3), which is corrected for. It stands out where the mean t is three
    deviations beyond that of noise in a single entry, because all entries of a tensor may share their noise: t is then
    F(1, count - 1).
    """
    ratio = groups_per_batch / count * (t * (count - 3) / (count - 1) - 1)
    free = count - 1
    expected, deviation = free / (free - 2), free / (free - 2) * math.sqrt(2 * (free - 1) / (free - 4))
    return ratio, t > expected + 3 * deviation
