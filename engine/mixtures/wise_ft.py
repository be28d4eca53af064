"""WiSE-FT: the weights between a run's start and its result (Wortsman et al. 2022, arXiv 2109.01903).

theta(alpha) = (1 - alpha) theta_0 + alpha theta_1, where theta_0 is the trunk as it was and the head that a probe found
on it. What is chosen is chosen by validation images; test images are only told.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.artifacts.saved import SavedModel
from engine.backbones.backbone import snapshot
from engine.comparison.intervals import Interval, paired_share_interval
from engine.errors import DataError, ExperimentError
from engine.events import Preparing
from engine.experiment import DatasetChoice
from engine.forgetting.measured import SourceWatch, StillKnown
from engine.forgetting.source import read_source
from engine.landscape.corners import Corner, ended, refuse_unlike
from engine.landscape.surveying import Sounding, Surveyor
from engine.mixtures.starts import start_of
from engine.preparation.inputs import Labelled, images
from engine.provenance.seen import NOTHING, RUN, Digests
from engine.tuning.material import Material
from engine.using.other_sets import digests_of, matched, title_of
from engine.using.own_images import own_images
from engine.using.tested_images import further_images, read_so

ALPHAS = tuple(place / 10 for place in range(11))


@dataclass(frozen=True, eq=False)
class Further:
    """Another set of images with the run's classes. contents: their digests."""

    title: str
    images: Labelled
    contents: Digests


@dataclass(frozen=True, eq=False)
class Along:
    """What was measured at each of `ALPHAS`, 0 the start and 1 the result. source: empty where the weights did not come
    from a run with a head, or its images are gone (why: then, in words). further: empty where no other set was given.
    chosen: place of the alpha that validation images choose, None without any."""

    validation: tuple[Sounding, ...]
    test: tuple[Sounding, ...]
    source: tuple[StillKnown, ...]
    further: tuple[Sounding, ...]
    chosen: int | None
    source_words: str = ""
    further_title: str = ""
    averaged: bool = False

    def gain(self) -> Interval:
        """Of the chosen mixture over the result, on test images, paired."""
        assert self.chosen is not None
        return paired_share_interval(self.test[self.chosen].right, self.test[-1].right)


@dataclass(frozen=True, eq=False)
class MixLine:
    """A run between its start and its result, ready to be measured."""

    start: Corner
    end: Corner
    material: Material
    surveyor: Surveyor
    watch: SourceWatch | None
    source_words: str
    further: Further | None

    def state(self, alpha: float) -> dict[str, Tensor]:
        """The mixture's weights, its batch norm as it was measured; at an end those of that end."""
        self.surveyor.mix((1 - alpha, alpha))
        return snapshot(self.surveyor.network)

    def sighted(self, alpha: float, found: Along) -> Digests:
        """Digests of the images that a person who keeps this alpha has chosen it by, or may have: all whose figures
        were shown. None where validation images chose it."""
        if found.chosen is not None and alpha == ALPHAS[found.chosen]:
            return NOTHING
        further = NOTHING if self.further is None else self.further.contents
        return np.concatenate([self.material.data.contents[self.material.test.ids], further])

    def measured(self) -> Generator[Preparing, None, Along]:
        """Yields `Preparing`, returns what holds at each of `ALPHAS`."""
        validation, test, source, further = list[Sounding](), list[Sounding](), list[StillKnown](), list[Sounding]()
        for place, alpha in enumerate(ALPHAS):
            yield Preparing("Measuring between start and result", place / len(ALPHAS))
            self.state(alpha)
            test.append(self.surveyor.sound(self.material.test))
            validation += [self.surveyor.sound(self.material.validation)] if len(self.material.validation) else []
            source += [self.watch.measure(self.surveyor.network)] if self.watch is not None else []
            further += [self.surveyor.sound(self.further.images)] if self.further is not None else []
        return Along(
            tuple(validation), tuple(test), tuple(source), tuple(further), best_of(validation), self.source_words,
            self.further.title if self.further is not None else "", bool(self.surveyor.averaged),
        )  # fmt: skip


def best_of(validation: list[Sounding]) -> int | None:
    """The place with the most right answers on validation images, of equal ones with the smallest loss."""
    if not validation:
        return None
    return max(range(len(validation)), key=lambda place: (validation[place].accuracy, -validation[place].loss))


def line_of(
    folder: Path, title: str, other: DatasetChoice | None = None, device: str = "cpu"
) -> Generator[Preparing, None, MixLine]:
    """Yields `Preparing`, returns the line of a finished run. other: a further set to be tested on.

    Raises `InvalidExperiment` where the run has no start with a head, `ExperimentError` where images or weights are
    gone.
    """
    end = ended(folder, title, device=device)
    material = yield from own_images(end.model, folder)
    start = yield from start_of(end, material)
    refuse_unlike((start, end))
    watch, words = yield from watch_of(end, material)
    further = further_of(end.model, folder, other) if other is not None else None
    return MixLine(start, end, material, Surveyor((start, end), material.train), watch, words, further)


def watch_of(end: Corner, material: Material) -> Generator[Preparing, None, tuple[SourceWatch | None, str]]:
    """What tells how well the source is still known, and what that rests on; (None, why not) where it cannot."""
    choice = end.model.experiment.backbone
    if not choice.weights.startswith(RUN):
        return None, "The weights that it started from are no saved run’s, so there is no old head to ask."
    learns = material.data.contents[np.concatenate([material.split.train, material.split.validation])]
    try:
        source = yield from read_source(choice, end.folder.parent, learns, material.train.device)
    except ExperimentError as why:
        return None, str(why)
    return SourceWatch(source), source.words


def further_of(model: SavedModel, folder: Path, choice: DatasetChoice) -> Further:
    """Another set of images, without those that the run learnt from; raises `DataError` where none is left."""
    data = read_so(further_images(choice), model.read_as)
    found = matched(model.class_names, data)
    new = ~np.isin(data.contents[found.ids], digests_of(model, folder))
    if not new.any():
        raise DataError(f"The run learnt from every example of “{data.title}”.", "Give what it has not met.")
    ids, truth = found.ids[new], torch.from_numpy(found.truth[new]).to(model.reader.device)
    pixels = images(data, ids, model.reader.form, model.reader.device)
    return Further(title_of(choice, data), Labelled(pixels, truth, ids), data.contents[ids])
