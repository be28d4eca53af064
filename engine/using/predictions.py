"""What a saved run says of images or texts that a person hands in, batch by batch, so that memory does not grow with
their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.artifacts.saved import SavedModel
from engine.data.files.loose import LooseExamples, Read
from engine.data.images import Cancel
from engine.data.labelled_set import Rows
from engine.errors import InvalidExperiment
from engine.preparation.inputs import Normaliser, Pieces, Preparer
from engine.using.ahead import read_ahead

TEXTS = 2  # dimensions of a batch of them


@dataclass(frozen=True, slots=True)
class ImagePrediction:
    """image: its name, or where a text was found. probabilities: float32 [classes]; None where it was not read, and
    reason says why. unlike: how unlike all that was learnt it is, None where that is not known; none_of_these: it is
    beyond the threshold. text: what it says, None of an image."""

    image: str
    probabilities: NDArray[np.float32] | None = None
    reason: str = ""
    unlike: float | None = None
    none_of_these: bool = False
    text: str | None = None

    def best(self, most: int) -> list[tuple[int, float]]:
        """(class, probability) of the likeliest, the first first; equal ones in the order of the classes."""
        if self.probabilities is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:most]
        return [(int(place), float(self.probabilities[place])) for place in order]


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of images [n]. probabilities: float32 [n, classes]. unlike: float64 [n], the larger the less like
    what was learnt; refused: bool [n], beyond the threshold. None where there is no threshold."""

    probabilities: NDArray[np.float32]
    unlike: NDArray[np.float64] | None = None
    refused: NDArray[np.bool_] | None = None

    def of(self, place: int, image: str) -> ImagePrediction:
        """Of one of them."""
        if self.unlike is None or self.refused is None:
            return ImagePrediction(image, self.probabilities[place])
        return ImagePrediction(
            image, self.probabilities[place], unlike=float(self.unlike[place]), none_of_these=bool(self.refused[place])
        )


class Predicts(Protocol):
    """A saved network, or a meta-learner that has met its classes."""

    def predict(self, inputs: Tensor) -> Tensor:
        """Images uint8 [n, c, s, s], or texts int32 [n, pieces] -> probabilities float32 [n, classes]."""
        ...


@runtime_checkable
class Judges(Protocol):
    """A network that knows how sure it is: `engine.using.assured`."""

    def judge(self, inputs: Tensor) -> Judged:
        """Images uint8 [n, c, s, s], or texts int32 [n, pieces] -> what is said of them."""
        ...


def predictions(
    model: Predicts | Judges, form: Preparer, images: LooseExamples, cancelled: Cancel | None = None
) -> Iterator[ImagePrediction]:
    """In their order; the next batch is read while one is computed. Raises `InvalidExperiment` for a network without
    classes of its own, `Cancelled`."""
    for places, found in read_ahead(lambda places: images.read(places, form), len(images), 0, cancelled):
        said = predicted(model, [images.name(place) for place in places], found)
        if images.what == Pieces.what:
            said = (replace(one, text=images.text(place)) for place, one in zip(places, said, strict=True))
        yield from said


def form_of(model: SavedModel) -> Preparer:
    """How a saved network reads image files or texts; raises `InvalidExperiment` where it reads neither."""
    form = None if model.reads_numbers else model.reader.form
    if form is None or (isinstance(form, Normaliser) and form.channels not in (1, 3)):
        raise InvalidExperiment(
            "This network reads neither image files nor texts.", "Choose a run that learnt from images or texts."
        )
    return form


def names_of(model: SavedModel) -> tuple[str, ...]:
    """Of its classes, by number where they are not known; empty for a meta-learner."""
    outputs = getattr(model.network.head, "out_features", 0)
    return model.class_names or tuple(f"class {place + 1}" for place in range(outputs))


def predicted(model: Predicts | Judges, names: Sequence[str], found: Sequence[Read]) -> Iterator[ImagePrediction]:
    """found: of each image its pixels, of each text its pieces, or why it was not read."""
    pixels = [one for one in found if not isinstance(one, str)]
    said, place = judged(model, stacked(pixels)) if pixels else None, count()
    for name, one in zip(names, found, strict=True):
        if isinstance(one, str) or said is None:
            yield ImagePrediction(name, reason=str(one))
        else:
            yield said.of(next(place), name)


def judged(model: Predicts | Judges, inputs: Tensor) -> Judged:
    """Probabilities alone where the network does not know how sure it is."""
    return model.judge(inputs) if isinstance(model, Judges) else Judged(model.predict(inputs).cpu().numpy())


def stacked(pixels: Sequence[Rows]) -> Tensor:
    """uint8 [n, c, s, s] of images [s, s, c], which are not turned round: the network wants them as they lie; int32
    [n, pieces] of texts [pieces]."""
    together = torch.from_numpy(np.stack(pixels))
    if together.dim() == TEXTS:
        return together
    n, size, _, channels = together.shape
    return together.permute(0, 3, 1, 2) if channels > 1 else together.view(n, 1, size, size)


def unstacked(inputs: Tensor) -> Sequence[Rows]:
    """The way back from `stacked`."""
    return list((inputs if inputs.dim() == TEXTS else inputs.permute(0, 2, 3, 1)).numpy())
