"""Takes pictures of a network while it learns without labels: what it makes of a few fixed images or texts at each
look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone, still_statistics
from engine.data.text_set import TextSet
from engine.events import CheckpointSaved, Notice
from engine.preparation.inputs import Labelled, picked
from engine.pretraining.album import FILE, KIND, NEITHER, RIGHT, WRONG, Album, LookPicture
from engine.pretraining.looking import FixedImages, Sample, any_images, features_of
from engine.pretraining.pretext import Compared, Pretext

SIDE, LETTERS = 48, 200  # pixels of a picture, letters of a text, at most
JUDGED, SHOWN = 64, 8  # images that a question is put about at a look; of them that are shown
ASKED, NEAREST = 4, 5  # images whose neighbours are shown; neighbours of each


class Pictures:
    """`take` at each look. The images are validation images, so that nothing was learnt from them; training images
    where there are none. Nothing is drawn from the run's own generators."""

    def __init__(
        self, looks: FixedImages, train: Labelled, validation: Labelled, directory: Path, seed: int,
        texts: TextSet | None = None,
    ) -> None:  # fmt: skip
        """texts: the data set, where they are texts."""
        self._looks, self._path, self._seed, self._texts = looks, directory / FILE, seed, texts
        self._apart = len(validation) >= ASKED
        self._part = any_images(validation if self._apart else train, JUDGED, seed)
        self._album = Album()
        self._refused = False

    def go_on(self, step: int) -> None:
        """What was seen up to this step stays."""
        self._album = Album.load(self._path) or Album()
        self._album.cut(step)

    def take(self, model: Backbone, pretext: Pretext, step: int) -> Iterator[CheckpointSaved | Notice]:
        """After the look's own figures, which leave their features behind. Changes neither network nor pretext."""
        if len(self._part) < 2:
            return
        heads, look = (self._neighbours if isinstance(pretext, Compared) else self._answers)(model, pretext, step)
        self._album.heads = heads
        self._album.add(look)
        try:
            self._album.save(self._path)
        except OSError as error:
            if not self._refused:
                words = (error.strerror or str(error)).lower()
                yield Notice(f"The pictures of what it makes of images were not saved: {words}.", "warning")
            self._refused = True
        else:
            self._refused = False
            yield CheckpointSaved(KIND, FILE, step)

    # What it answers

    @torch.no_grad()
    def _answers(self, model: Backbone, pretext: Pretext, step: int) -> tuple[tuple[str, ...], LookPicture]:
        """In the mode of a step, batch norm by the images themselves, for the running statistics are of plain ones."""
        model.eval()
        pretext.eval()
        draws = torch.Generator().manual_seed(self._seed)
        with still_statistics(model):
            shown = pretext.answered(model, self._looks.shape, self._judged, self._usual, draws)
        images = np.stack([cells(column[:SHOWN]) for column in shown.columns], axis=1)
        marks = np.full(images.shape[:2], NEITHER, np.int8)
        if shown.right is not None:
            marks[:, 1] = np.where(shown.right[:SHOWN].cpu().numpy(), RIGHT, WRONG)
        return shown.heads, LookPicture(step, images, marks, shown.said)

    @cached_property
    def _judged(self) -> Tensor:
        return picked(self._part.inputs, self._part.places)

    @cached_property
    def _usual(self) -> Tensor:
        """The mean of the images that are looked at, float [c, s, s] in 0..1; nothing of texts."""
        if self._texts is not None:
            return torch.empty(0)
        total, count = None, 0
        for pixels in self._looks.plain.pixels():
            summed = pixels.float().sum(0)
            total, count = summed if total is None else total + summed, count + len(pixels)
        assert total is not None
        mean: Tensor = total / (255 * count)
        return mean

    # What lies near

    def _neighbours(self, model: Backbone, pretext: Pretext, step: int) -> tuple[tuple[str, ...], LookPicture]:
        known, looks = self._looks.known, self._looks
        asked = features_of(model, looks.shape, self._asked_for)
        near = nearest(looks.features, asked, None if self._apart else known.places == self._asked_for.places[:, None])
        found, own = self._cells(known, near.flatten()), self._cells(self._asked_for)
        images = np.concatenate([own[:, None], found.reshape(*near.shape, *found.shape[1:])], axis=1)
        marks = np.full(images.shape[:2], NEITHER, np.int8)
        said, what = "", "image" if self._texts is None else "text"
        if looks.asked is not None:
            right = (known.labels[near] == self._asked_for.labels[:, None]).numpy()
            marks[:, 1:] = np.where(right, RIGHT, WRONG)
            said = f"{right.sum()} of these {right.size} neighbours are of the class of their {what}."
        heads = (what, "nearest", *(f"{place}." for place in range(2, near.shape[1] + 1)))
        return heads, LookPicture(step, images, marks, said)

    @cached_property
    def _asked_for(self) -> Sample:
        """Of different classes, where labels are looked at."""
        part = self._looks.asked if self._apart and self._looks.asked is not None else self._part
        firsts = np.sort(np.unique(part.labels.numpy(), return_index=True)[1])
        rest = np.setdiff1d(np.arange(len(part)), firsts)
        order = np.concatenate([firsts, rest]) if self._looks.asked is not None else np.arange(len(part))
        chosen = torch.from_numpy(order[:ASKED])
        return Sample(part.inputs, part.places[chosen], part.labels[chosen], part.ids[chosen.numpy()])

    def _cells(self, of: Sample, some: Tensor | None = None) -> np.ndarray:
        """As `cells`, of all of a sample or of some, int64 [n]."""
        chosen = torch.arange(len(of)) if some is None else some
        if self._texts is not None:
            return cells(self._texts.shown(of.ids[chosen.numpy()]))
        return cells(picked(of.inputs, of.places[chosen]))


def nearest(known: Tensor, asked: Tensor, itself: Tensor | None) -> Tensor:
    """Places int64 [m, at most 5] of the nearest of known [n, d] to each of asked [m, d], by cosine less the mean of
    what is known. itself: bool [m, n], what is no neighbour."""
    mean = known.mean(0)
    near = F.normalize(asked - mean, dim=1) @ F.normalize(known - mean, dim=1).T
    if itself is not None:
        near = near.masked_fill(itself, -torch.inf)
    return near.topk(min(NEAREST, len(known) - (itself is not None)), dim=1).indices


def cells(column: Tensor | Sequence[str]) -> np.ndarray:
    """Images as `thumbnails` has them, or the beginnings of texts, str [n]."""
    return thumbnails(column) if isinstance(column, Tensor) else np.array([text[:LETTERS] for text in column], np.str_)


def thumbnails(images: Tensor) -> np.ndarray:
    """uint8 [n, c, s, s] -> uint8 [n, side, side, c] of at most 48 px."""
    if images.shape[-1] > SIDE:
        images = F.interpolate(images.float(), SIDE, mode="area").round().to(torch.uint8)
    return np.ascontiguousarray(images.permute(0, 2, 3, 1).cpu().numpy())
