"""Episodes: small classification tasks with a support set to learn from and a query set to be judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidExperiment


@dataclass(frozen=True, eq=False)
class Episode:
    """One task. support: int64 [way, shot] and query: int64 [way, query], image indices; row w has label w.

    classes: int64 [way], class ids. turns: int8 [way], quarter turns counter-clockwise given to every image of a row.
    """

    support: NDArray[np.int64]
    query: NDArray[np.int64]
    classes: NDArray[np.int64]
    turns: NDArray[np.int8]


class EpisodeSampler:
    """Draws episodes from `classes`; with `rotations` each class counts four times, once per quarter turn.

    labels: int64 [images], class id of every image. Raises `InvalidExperiment` when a class is too small or there are
    too few classes.
    """

    def __init__(
        self,
        labels: NDArray[np.int64],
        classes: NDArray[np.int64],
        way: int,
        shot: int,
        query: int,
        rotations: bool = False,
    ) -> None:
        self.way, self.shot, self.query, self.rotations = way, shot, query, rotations
        self.classes = np.asarray(classes, dtype=np.int64)
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], self.classes, side="left")
        ends = np.searchsorted(labels[order], self.classes, side="right")
        self._members = [order[start:end].astype(np.int64) for start, end in zip(starts, ends, strict=True)]
        self._refuse_impossible()

    @property
    def choices(self) -> int:
        """Classes an episode may draw from, turned ones included."""
        return len(self.classes) * (4 if self.rotations else 1)

    def sample(self, rng: np.random.Generator) -> Episode:
        """A new episode; which class gets which label is drawn as well."""
        drawn = rng.permutation(self.choices)[: self.way]
        places, turns = drawn % len(self.classes), drawn // len(self.classes)
        images = np.stack([self._draw(rng, int(place)) for place in places])
        return Episode(images[:, : self.shot], images[:, self.shot :], self.classes[places], turns.astype(np.int8))

    def _draw(self, rng: np.random.Generator, place: int) -> NDArray[np.int64]:
        return rng.choice(self._members[place], self.shot + self.query, replace=False)

    def _refuse_impossible(self) -> None:
        if min(self.shot, self.query) < 1 or self.way < 2:
            raise InvalidExperiment(
                f"An episode of {self.way} classes, {self.shot} support and {self.query} query images teaches nothing.",
                "Use at least 2 classes, 1 support and 1 query image.", "dataset",
            )  # fmt: skip
        if self.way > self.choices:
            raise InvalidExperiment(
                f"{self.way}-way episodes need {self.way} classes, but there are {self.choices} here.",
                f"Use at most {self.choices}-way episodes, or more classes.", "dataset",
            )  # fmt: skip
        smallest = min(len(members) for members in self._members)
        if self.shot + self.query > smallest:
            raise InvalidExperiment(
                f"{self.shot} support and {self.query} query images are {self.shot + self.query} per class, "
                f"but the smallest class has {smallest}.",
                f"Use at most {smallest} images per class in all.", "dataset",
            )  # fmt: skip


def evaluation_episodes(sampler: EpisodeSampler, n: int, seed: int) -> tuple[Episode, ...]:
    """`n` episodes fixed by `seed`; a longer list begins with the shorter one."""
    rng = np.random.default_rng([seed, 6])
    return tuple(sampler.sample(rng) for _ in range(n))
