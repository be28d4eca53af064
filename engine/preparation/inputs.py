"""Images and texts as a network reads them: decoded or cut into pieces once, and prepared batch by batch."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import Tensor
from torch.nn import functional as F

from engine.backbones import catalog
from engine.backbones.info import GREY, Pixels, TextForm, usual_pixels
from engine.data.cutting import PLAIN, Cut
from engine.data.labelled_set import LabelledSet
from engine.errors import InvalidExperiment
from engine.events import Preparing
from engine.experiment import BackboneChoice, Shift
from engine.machine.memory import fits
from engine.machine.transfers import sent
from engine.preparation.held import Held
from engine.preparation.rows import row_bytes
from engine.preparation.streamed import Streamed

READ_TOGETHER = 128

CPU = torch.device("cpu")

Inputs = Tensor | Held | Streamed


def to_pick(images: Inputs, places: Tensor) -> Tensor:
    """places: int64 [n], of images, where nobody waits to read them: beside a tensor, or where files are read."""
    return sent(places, images.device if isinstance(images, Tensor) else CPU)


def picked(images: Inputs, places: Tensor) -> Tensor:
    """The images at these places, int64 [n]."""
    return images[to_pick(images, places)]


@dataclass(frozen=True)
class Normaliser:
    """uint8 [n, c, s, s] -> float32 [n, c, s, s] as the backbone was pretrained on it. wanted: how its weights want
    images; None as networks that are trained here do. cut: how an image becomes a square."""

    size: int
    channels: int
    wanted: Pixels | None = None
    cut: Cut = PLAIN
    what: ClassVar[str] = "images"
    tokenizer: ClassVar[str] = ""
    dtype: ClassVar[DTypeLike] = np.uint8

    @property
    def row(self) -> tuple[int, ...]:
        """Shape of one image."""
        return self.channels, self.size, self.size

    def resumed(self, values: Tensor) -> Tensor:
        """What a block gave of some images and was kept, as the next block reads it: [n, …] -> the same."""
        return values.contiguous(memory_format=torch.channels_last) if values.dim() == 4 else values

    def __call__(self, pixels: Tensor) -> Tensor:
        images = pixels.contiguous(memory_format=torch.channels_last).float().div_(255)
        wanted = self.wanted or usual_pixels(self.channels)
        if wanted != GREY:
            mean, std = (sent(torch.tensor(one).view(1, -1, 1, 1), pixels.device) for one in (wanted.mean, wanted.std))
            images.sub_(mean).div_(std)
        return images


@dataclass(frozen=True)
class Pieces:
    """int32 [n, size] -> int64 [n, longest of these]: numbers of word pieces, padded with 0 no further than needed.

    size: pieces kept of a text. tokenizer: by which it is cut, see `engine.texts`.
    """

    size: int
    tokenizer: str
    what: ClassVar[str] = "texts"
    channels: ClassVar[int] = 1
    cut: ClassVar[Cut] = PLAIN
    dtype: ClassVar[DTypeLike] = np.int32

    @property
    def row(self) -> tuple[int, ...]:
        """Shape of one text."""
        return (self.size,)

    def resumed(self, values: Tensor) -> Tensor:
        """What a block gave of some texts and was kept, without the places that are padding in all: [n, L, d] ->
        [n, longest of these, d]; [n, d] as it is."""
        return values[:, : filled((values != 0).any(-1))] if values.dim() == 3 else values

    def __call__(self, pieces: Tensor) -> Tensor:
        return pieces[:, : filled(pieces != 0)].long()


def filled(there: Tensor) -> int:
    """Places up to the last one that any row fills, at least 1; there: bool [n, L]."""
    places = there.any(0).nonzero()
    return int(places[-1]) + 1 if len(places) else 1


def as_long(parts: Sequence[Tensor]) -> list[Tensor]:
    """Batches of equal shapes but for n: those of texts, [n, L] of whole numbers or [n, L, d], are padded with zeros to
    the longest."""
    longest = max(part.shape[1] for part in parts)
    texts = parts[0].dim() == 3 or (parts[0].dim() == 2 and not parts[0].is_floating_point())
    return (
        [F.pad(part, (0, 0) * (part.dim() - 2) + (0, longest - part.shape[1])) for part in parts] if texts else [*parts]
    )


Preparer = Normaliser | Pieces


@dataclass(frozen=True)
class Labelled:
    """inputs: uint8 [n, c, s, s] of images, int32 [n, pieces] of texts. labels: int64 [n], places in the run's classes.
    ids: in the data set."""

    inputs: Inputs
    labels: Tensor
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        return self.inputs.device

    def in_order(self, order: Tensor) -> Tensor:
        """order: int64 [n], places of these images, to be asked for in turn; where nobody waits to read it."""
        return to_pick(self.inputs, order)

    def labels_of(self, places: Tensor) -> Tensor:
        """int64 [n], of the images at these places."""
        return self.labels[sent(places, self.device)]


def normaliser(choice: BackboneChoice) -> Preparer:
    """For images or texts of the chosen size, or of the backbone's own; raises `InvalidExperiment` for one it cannot
    read."""
    form = catalog.backbone(choice.name).form
    return Pieces(catalog.image_size(choice), form.tokenizer) if isinstance(form, TextForm) else of_images(choice)


def of_images(choice: BackboneChoice) -> Normaliser:
    """As `normaliser`, for a network that reads images, or numbers, where only the size counts."""
    info = catalog.backbone(choice.name)
    if isinstance(info.form, TextForm):
        raise InvalidExperiment(
            f"{info.title} reads texts, and these are images.", "Choose another backbone.", "backbone"
        )
    size, channels, wanted = catalog.image_size(choice), info.form.channels, catalog.pixels(choice)
    return Normaliser(size, channels, wanted, cut_of(wanted, channels) if choice.preparation == "own" else PLAIN)


def prepared_words(choice: BackboneChoice) -> str:
    """ "224 px, bicubic, middle 87.5 %, mean 0.485, 0.456, 0.406, deviation 0.229, 0.224, 0.225"; "64 word pieces"."""
    shape = normaliser(choice)
    if isinstance(shape, Pieces):
        return f"{shape.size} word pieces"
    wanted = shape.wanted or usual_pixels(shape.channels)
    mean, deviation = (", ".join(f"{value:.3g}" for value in each) for each in (wanted.mean, wanted.std))
    return f"{shape.size} px, {shape.cut.words}, mean {mean}, deviation {deviation}"


def cut_of(wanted: Pixels, channels: int) -> Cut:
    """What is beyond an image has the mean colour where a border belongs to the recipe, else it is black."""
    colours = wanted.mean * channels if len(wanted.mean) == 1 else wanted.mean
    fill = tuple(round(255 * value) for value in colours) if wanted.mode == "border" else PLAIN.fill
    return Cut(wanted.interpolation, wanted.crop, wanted.mode, fill)


def images(
    data: LabelledSet, ids: np.ndarray, shape: Preparer, device: torch.device, shift: Shift | None = None
) -> Held | Streamed:
    """Images uint8 [n, c, s, s] or texts int32 [n, pieces], read when asked for; held from then on where memory has
    room for all of them."""
    kind = Held if fits(len(ids) * row_bytes(shape)) else Streamed
    return kind(data, ids, shape, device, shift)


def reading(inputs: Inputs, text: str) -> Generator[Preparing, None, None]:
    """Yields `Preparing` while all of them are read, for what needs all at once."""
    for start in range(0, len(inputs), READ_TOGETHER):
        yield Preparing(text, start / len(inputs))
        inputs[start : start + READ_TOGETHER]


def positions(labels: np.ndarray, classes: np.ndarray) -> Tensor:
    """Data-set labels -> positions in `classes`, as int64 [n]."""
    order = np.argsort(classes)
    return torch.from_numpy(order[np.searchsorted(classes, labels, sorter=order)].astype(np.int64))
