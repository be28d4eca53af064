"""Soups: the mean of the weights of several runs of one start (Wortsman et al. 2022, arXiv 2203.05482).

Uniform: all of them. Greedy: by validation accuracy, each is kept if validation accuracy does not fall. Beside them the
ensemble, the mean of what all of them answer, which costs as many passes as there are runs.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.backbones.backbone import digest, snapshot
from engine.errors import InvalidExperiment
from engine.events import Preparing
from engine.landscape.corners import Corner, ended, refuse_unlike
from engine.landscape.surveying import Sounding, Surveyor, sounding
from engine.mixtures.starts import start_of
from engine.preparation.inputs import Labelled
from engine.tuning.material import Material
from engine.using.own_images import own_images


@dataclass(frozen=True, eq=False)
class Tasted:
    """On the validation images, which choose, and on the test images, which are only told."""

    validation: Sounding
    test: Sounding


@dataclass(frozen=True, eq=False)
class Ingredient:
    """corner: the run. taken: it is in the greedy soup."""

    corner: Corner
    alone: Tasted
    taken: bool


@dataclass(frozen=True, eq=False)
class Soup:
    """ingredients: by validation accuracy, the best first. greedy: the runs that were taken, mixed; uniform: all of
    them; ensemble: the mean of their logits. images: numbers of validation and test images."""

    ingredients: tuple[Ingredient, ...]
    greedy: Tasted
    uniform: Tasted
    ensemble: Tasted
    images: tuple[int, int]
    kitchen: Kitchen

    @property
    def taken(self) -> tuple[Corner, ...]:
        return tuple(one.corner for one in self.ingredients if one.taken)


class Kitchen:
    """Mixes runs and tastes the mixtures. Batch norm is averaged anew on the training images of the first run wherever
    the runs' statistics are not the same; a soup of one is that run, bit for bit."""

    def __init__(self, corners: Sequence[Corner], material: Material) -> None:
        self.material = material
        self._corners = list(corners)
        self._surveyor = Surveyor(corners, material.train)

    @property
    def averages(self) -> bool:
        """Whether batch norm's statistics are averaged anew for mixtures."""
        return bool(self._surveyor.averaged)

    def mix(self, corners: Sequence[Corner]) -> Surveyor:
        taken = [any(one is other for other in corners) for one in self._corners]
        self._surveyor.mix([is_taken / len(corners) for is_taken in taken])
        return self._surveyor

    def state(self, corners: Sequence[Corner]) -> dict[str, Tensor]:
        """The mixture's weights, its batch norm as it was measured."""
        return snapshot(self.mix(corners).network)

    def taste(self, corners: Sequence[Corner]) -> Tasted:
        surveyor = self.mix(corners)
        return Tasted(surveyor.sound(self.material.validation), surveyor.sound(self.material.test))

    def ensemble(self, corners: Sequence[Corner]) -> Tasted:
        def mean(images: Labelled) -> Sounding:
            return sounding(torch.stack([self.mix([one]).logits(images) for one in corners]).mean(0), images)

        return Tasted(mean(self.material.validation), mean(self.material.test))


def cooked(folders: Sequence[tuple[Path, str]], device: str = "cpu") -> Generator[Preparing, None, Soup]:
    """Yields `Preparing`, returns the soups of these runs (folder, title).

    Raises `InvalidExperiment` where there are fewer than two, where heads or starts differ, or without validation
    images; `ExperimentError` where images or weights are gone.
    """
    if len(folders) < 2:
        raise InvalidExperiment("A soup needs two runs or more.", "Choose several runs of one start and one head.")
    corners = [ended(folder, title, device=device) for folder, title in folders]
    refuse_unlike(corners)
    material = yield from one_division(corners)
    kitchen = Kitchen(corners, material)
    alone = []
    for place, corner in enumerate(corners):
        yield Preparing("Testing each run alone", place / len(corners))
        alone.append(kitchen.taste([corner]))
    order = sorted(range(len(corners)), key=lambda place: rank(alone[place]), reverse=True)
    taken = yield from greedy(kitchen, [corners[place] for place in order], alone[order[0]])
    yield Preparing("Mixing all of them")
    return Soup(
        tuple(Ingredient(corners[place], alone[place], corners[place] in taken) for place in order),
        kitchen.taste(taken), kitchen.taste(corners), kitchen.ensemble(corners),
        (len(material.validation), len(material.test)), kitchen,
    )  # fmt: skip


def rank(one: Tasted) -> tuple[float, float]:
    """By right answers on validation images, then by their loss."""
    return one.validation.accuracy, -one.validation.loss


def greedy(kitchen: Kitchen, order: Sequence[Corner], best: Tasted) -> Generator[Preparing, None, list[Corner]]:
    """Yields `Preparing`, returns what goes into the greedy soup. order: the best on validation images first."""
    taken, reached = [order[0]], best.validation.accuracy
    for place, corner in enumerate(order[1:], 1):
        yield Preparing("Trying one run after the other", place / len(order))
        tried = kitchen.taste([*taken, corner]).validation.accuracy
        if tried >= reached:
            taken, reached = [*taken, corner], tried
    return taken


def one_division(corners: Sequence[Corner]) -> Generator[Preparing, None, Material]:
    """Yields `Preparing`, returns the images of the first run, which choose and test for all; raises
    `InvalidExperiment` where the others have another start or head, or are validated or tested on other data."""
    first: Material | None = None
    begun = ""
    for corner in corners:
        material = yield from own_images(corner.model, corner.folder)
        start = digest((yield from start_of(corner, material)).state)
        if first is None:
            first, begun = material, start
        elif start != begun:
            raise InvalidExperiment(
                f"“{corners[0].title}” and “{corner.title}” began with other weights or another head.",
                "Probe once, then fine-tune that run several times with its head kept.",
            )
        elif not same_images(first, material):
            raise InvalidExperiment(
                f"“{corners[0].title}” and “{corner.title}” are validated or tested on other data.",
                "Choose runs on the same data with one split seed.",
            )
    assert first is not None
    if not len(first.validation):
        raise InvalidExperiment("There is no validation part to choose by.", "Choose runs with one.")
    return first


def same_images(one: Material, other: Material) -> bool:
    """Shifted alike and of the same names: what is chosen and tested on one run's images says nothing of others."""
    if one.data.fingerprint != other.data.fingerprint or one.shift != other.shift:
        return False
    parts = ((getattr(one, part), getattr(other, part)) for part in ("validation", "test"))
    return all(np.array_equal(a.ids, b.ids) and torch.equal(a.labels, b.labels) for a, b in parts)
