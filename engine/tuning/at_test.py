"""How a network answers its test images: as it is, or following the very images that it is asked about, without their
labels (transductive).

Then batch norm takes each batch's own mean and variance (Schneider et al. 2020, arXiv 2006.16971; Nado et al. 2020,
arXiv 2006.10963), and its scale and shift may also take a step down the entropy of the answers (TENT, Wang et al. 2021,
arXiv 2006.10726): each batch is answered by what the batches before it made of the network, once, in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone, batch_norms, still_statistics
from engine.comparison.wording import AT_TEST
from engine.data.batches import cuts
from engine.errors import InvalidExperiment
from engine.method import Classifier
from engine.preparation.inputs import Labelled
from engine.tuning.learners import EVALUATION_BATCH, batches
from engine.tuning.method import FineTuneMethod

FEWEST = 16  # test images, of which mean and variance are taken
TRANSDUCTIVE = "statistics of the test images (transductive)"


class AsItIs:
    """The network answers one image like another. batch: images at a time. conditions, notes: of its figures."""

    batch = EVALUATION_BATCH
    conditions: Mapping[str, str] = {}
    notes: Mapping[str, str] = {}

    def order(self, images: int) -> Tensor | None:
        """int64 [n], the places of so many images in the order in which they are asked about; None as they are."""
        return None

    def parts(self, labelled: Labelled) -> Iterator[tuple[int, slice | Tensor]]:
        """How many were asked about before, and the places of those that are asked about together."""
        for part in batches(len(labelled)):
            yield part.start, part

    @contextmanager
    def answering(self, model: Backbone) -> Iterator[Classifier]:
        """What gives the logits [n, classes] of a batch [n, …], to be asked once for each. Afterwards the network is as
        it was, in eval mode."""
        yield model.eval()


class Following(AsItIs):
    """The images come in random order: test images are sorted by class, and a batch of one class has statistics of its
    own. Every set of test images meets the network as it came. rate: of Adam down the entropy; 0 takes no step."""

    conditions = {"batch norm": TRANSDUCTIVE}

    def __init__(self, batch: int, seed: int, rate: float) -> None:
        self.batch, self.seed, self.rate = batch, seed, rate
        what = "batch norm's scale and shift learnt" if rate else "batch norm took its statistics"
        said = f"transductive: {what} from the test images, without labels, {batch} at a time"
        self.notes = {AT_TEST: said}

    def order(self, images: int) -> Tensor:
        return torch.randperm(images, generator=torch.Generator().manual_seed(self.seed))

    def parts(self, labelled: Labelled) -> Iterator[tuple[int, slice | Tensor]]:
        places = labelled.in_order(self.order(len(labelled)))
        for cut in full(cuts(len(labelled), self.batch)):
            yield cut.start, places[cut]

    @contextmanager
    def answering(self, model: Backbone) -> Iterator[Classifier]:
        model.eval()
        with still_statistics(model), kept(learning(model)) as parameters:
            yield EntropyDescent(model, parameters, self.rate) if self.rate else model


def full(found: list[slice]) -> list[slice]:
    """Cuts of which the last, where it has too few images for statistics, is one with that before it."""
    if len(found) < 2 or found[-1].stop - found[-1].start >= FEWEST:
        return found
    return [*found[:-2], slice(found[-2].start, found[-1].stop)]


def way(model: Backbone, method: FineTuneMethod, images: int, seed: int) -> AsItIs:
    """How this method's network is tested on so many images. Raises `InvalidExperiment` where it is to follow them and
    has nothing that could, or where they are too few."""
    if not method.follows:
        return AsItIs()
    if not learning(model):
        raise InvalidExperiment(
            f"{method.title} changes batch norm alone, and this network has none.",
            "Choose a network with batch norm, or a method that trains.", "backbone",
        )  # fmt: skip
    if images < FEWEST:
        raise InvalidExperiment(
            f"There are {images} test images, and {method.title} takes mean and variance of at least {FEWEST}.",
            "Give it more test images, or choose “No adaptation”.", "method",
        )  # fmt: skip
    values = method.hyperparameters
    return Following(values.batch_size, seed, values.learning_rate if method.descends else 0.0)


def learning(model: nn.Module) -> list[nn.Parameter]:
    """Scale and shift of every batch norm."""
    norms = [norm for norm in batch_norms(model) if norm.affine]
    return [parameter for norm in norms for parameter in (norm.weight, norm.bias)]


@contextmanager
def kept(parameters: list[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    """While open they may learn; afterwards they are as they were."""
    before = [(parameter.detach().clone(), parameter.requires_grad) for parameter in parameters]
    try:
        for parameter in parameters:
            parameter.requires_grad_()
        yield parameters
    finally:
        for parameter, (value, learns) in zip(parameters, before, strict=True):
            parameter.data.copy_(value)
            parameter.requires_grad_(learns)


class EntropyDescent:
    """Answers a batch, then takes one step of Adam down the mean entropy of these answers."""

    def __init__(self, model: nn.Module, parameters: list[nn.Parameter], rate: float) -> None:
        self._model, self._parameters = model, parameters
        self._optimiser = torch.optim.Adam(parameters, lr=rate)

    def __call__(self, inputs: Tensor) -> Tensor:
        with torch.enable_grad():
            logits: Tensor = self._model(inputs)
            gradients = torch.autograd.grad(entropy(logits.float()).mean(), self._parameters)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return logits.detach()


def entropy(logits: Tensor) -> Tensor:
    """Of the softmax of logits [n, classes], in nats: [n], from 0 where it is sure to ln(classes)."""
    return -(logits.softmax(1) * logits.log_softmax(1)).sum(1)
