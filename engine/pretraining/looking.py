"""How a network is looked at while it learns without labels: what its neighbours say, and whether it is alive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone, refresh_statistics
from engine.preparation.inputs import Inputs, Labelled, Preparer
from engine.pretraining.gauges import effective_rank, spread
from engine.pretraining.pretext import Pretext
from engine.tuning.learners import batches

MOST_CLASSES, BANK, ASKED = 200, 1000, 500  # of a look; images known and images asked
KNOWN = 5000  # training images among which neighbours are looked for in the test
TOGETHER = 1000  # images that are asked at once
COUNTED = 4000  # words that are counted beside a network of texts, at most
SHARPNESS = 0.1  # a neighbour counts exp(cosine / SHARPNESS)


@dataclass(frozen=True, eq=False)
class Sample:
    """Examples of a part, by their places there, int64 [n], their classes, int64 [n], and their numbers in the data
    set, int64 [n]."""

    inputs: Inputs
    places: Tensor
    labels: Tensor
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def pixels(self) -> Iterator[Tensor]:
        """uint8 [n, c, s, s], of texts int32 [n, pieces], batch by batch."""
        for part in batches(len(self)):
            yield self.inputs[self.places[part]]


def sample(part: Labelled, most: int, seed: int, classes: np.ndarray | None = None) -> Sample:
    """At most so many images, as many of each class as can be and one at least, in no order; of these classes alone,
    where given."""
    rng, labels = np.random.default_rng([seed, 14]), part.labels.cpu().numpy()
    wanted = np.unique(labels) if classes is None else classes
    each = max(1, most // max(1, len(wanted)))
    chosen = [rng.permutation(np.flatnonzero(labels == one))[:each] for one in wanted]
    places = torch.from_numpy(rng.permutation(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64))
    return Sample(part.inputs, places, part.labels.cpu()[places], part.ids[places.numpy()])


def any_images(part: Labelled, most: int, seed: int) -> Sample:
    """At most so many images, whatever their labels are."""
    places = np.random.default_rng([seed, 16]).permutation(len(part))[:most]
    return Sample(part.inputs, torch.from_numpy(places), part.labels.cpu()[places], part.ids[places])


def some_classes(part: Labelled, seed: int) -> np.ndarray:
    """At most 200 of its classes."""
    found = np.unique(part.labels.cpu().numpy())
    return np.sort(np.random.default_rng([seed, 15]).permutation(found)[:MOST_CLASSES])


@torch.no_grad()
def features_of(model: Backbone, shape: Preparer, seen: Sample) -> Tensor:
    """float32 [n, d] in eval mode, on the CPU."""
    model.eval()
    parts = [model.embed(shape(pixels)).float().cpu() for pixels in seen.pixels()]
    return torch.cat(parts) if parts else torch.empty(0, model.features)


def by_neighbours(known: Tensor, labels: Tensor, asked: Tensor, k: int) -> Tensor:
    """The class int64 [m] that the k nearest of known [n, d] give to each of asked [m, d]: by cosine less the mean of
    what is known, each neighbour counting exp(cosine / 0.1)."""
    mean = known.mean(0)
    directions, found = F.normalize(known - mean, dim=1).T, []
    for some in asked.split(TOGETHER):
        best, places = (F.normalize(some - mean, dim=1) @ directions).topk(min(k, len(known)), dim=1)
        votes = torch.zeros(len(some), int(labels.max()) + 1)
        found.append(votes.scatter_add_(1, labels[places], (best / SHARPNESS).exp()).argmax(1))
    return torch.cat(found)


def neighbours(labels: Tensor) -> int:
    """How many are asked: 1 below five images in the smallest class, 3 below fifteen, else 5."""
    least = int(labels.unique(return_counts=True)[1].min())
    return 1 if least < 5 else 3 if least < 15 else 5


class FixedImages:
    """Fixed images to look at: of the training images some that are known, of the validation images some that are
    asked. Without labels nobody is asked."""

    def __init__(self, train: Labelled, validation: Labelled, shape: Preparer, seed: int, labelled: bool) -> None:
        classes, self.shape = some_classes(train, seed), shape
        self.plain = any_images(train, BANK, seed)  # of the statistics that are kept: labels have no part in these
        self.known = sample(train, BANK, seed, classes) if labelled else self.plain
        self.asked = sample(validation, ASKED, seed, classes) if labelled and len(validation) else None
        self.unseen, self._seed = any_images(validation, ASKED, seed), seed
        self.features = torch.empty(0, 0)  # of what is known, float32 [n, d], as of the last look

    def values(self, model: Backbone, pretext: Pretext) -> dict[str, float]:
        """The figures of a look. The network's running statistics are taken anew from plain images, because those of
        the changed ones are others'."""
        refresh_statistics(model, (self.shape(pixels) for pixels in self.plain.pixels() if len(pixels) > 1))
        self.features = features = features_of(model, self.shape, self.known)
        found = {"val/spread": self._spread(pretext, features), "val/rank": effective_rank(features)}
        if self.asked is not None and len(self.asked):
            asked, labels = features_of(model, self.shape, self.asked), self.known.labels
            said = by_neighbours(features, labels, asked, neighbours(labels))
            found["val/neighbours"] = float((said == self.asked.labels).float().mean())
        return found | self._measured(model, pretext)

    @torch.no_grad()
    def _measured(self, model: Backbone, pretext: Pretext) -> dict[str, float]:
        """What the question comes to where nothing was learnt from, with the same changes at every look."""
        model.eval()
        pretext.eval()
        draws = torch.Generator().manual_seed(self._seed)
        told = pretext.measured(model, self.shape, self.unseen.pixels(), draws) if len(self.unseen) else {}
        return {f"val/{name}": float(value) for name, value in told.items()}

    @torch.no_grad()
    def _spread(self, pretext: Pretext, features: Tensor) -> float:
        pretext.eval()
        return spread(pretext.projected(features.to(self.known.inputs.device)).cpu())
