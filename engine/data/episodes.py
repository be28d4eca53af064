"""Episodes: small classification tasks with a support set to learn from and a query set to be judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.examples import members
from engine.data.hashes import short_hash
from engine.errors import InvalidExperiment

Indices = NDArray[np.int64]


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

    labels: int64 [images], class id of every image. Classes of too few images for an episode are left out, as long as
    enough remain: `small` are their ids. groups: int64 [classes], the group (region, alphabet) of each of `classes`;
    given, all classes of an episode are of one group, and groups that cannot fill an episode are left out. slots:
    int64 [classes]; given, a class may only ever get the label slots[class] mod way, so that a network could learn
    the classes by heart. part: "training", "validation" or "test", group_word: "region", for what is said.
    Raises `InvalidExperiment` when there are too few classes, or too few of enough images.
    """

    def __init__(
        self,
        labels: Indices,
        classes: Indices,
        way: int,
        shot: int,
        query: int,
        rotations: bool = False,
        *,
        groups: Indices | None = None,
        slots: Indices | None = None,
        part: str = "",
        group_word: str = "group",
    ) -> None:
        self.way, self.shot, self.query, self.rotations, self.part = way, shot, query, rotations, part
        self.group_word = group_word
        self.classes = np.asarray(classes, dtype=np.int64)
        self._slots = slots
        self._members = members(labels, self.classes)
        self._refuse_nothing()
        self.small = self._left_out() if groups is None else np.empty(0, dtype=np.int64)
        self._pools = [np.arange(self.choices)] if groups is None else self._within(groups)
        self.groups, self.left_out = len(self._pools), 0 if groups is None else len(set(groups)) - len(self._pools)
        self._refuse_few(groups)

    @property
    def choices(self) -> int:
        """Classes an episode may draw from, turned ones included."""
        return len(self.classes) * (4 if self.rotations else 1)

    def sample(self, rng: np.random.Generator) -> Episode:
        """A new episode; which class gets which label is drawn as well, unless classes have label slots."""
        pool = self._pools[0 if len(self._pools) == 1 else int(rng.integers(len(self._pools)))]
        drawn = self._one_per_slot(rng, pool) if self._slots is not None else rng.permutation(pool)[: self.way]
        places, turns = drawn % len(self.classes), drawn // len(self.classes)
        images = np.stack([self._draw(rng, int(place)) for place in places])
        return Episode(images[:, : self.shot], images[:, self.shot :], self.classes[places], turns.astype(np.int8))

    def _draw(self, rng: np.random.Generator, place: int) -> Indices:
        return rng.choice(self._members[place], self.shot + self.query, replace=False)

    def _one_per_slot(self, rng: np.random.Generator, pool: Indices) -> Indices:
        slots = self._slot(pool)
        return np.array([rng.choice(pool[slots == slot]) for slot in range(self.way)], dtype=np.int64)

    def _slot(self, pool: Indices) -> Indices:
        """The label that each class of a pool (turned ones included) always gets."""
        assert self._slots is not None
        return (self._slots[pool % len(self.classes)] + pool // len(self.classes)) % self.way

    def _within(self, groups: Indices) -> list[Indices]:
        """The classes of each group that can fill an episode: of enough images, and enough of them."""
        big = np.array([len(own) >= self.shot + self.query for own in self._members])
        owner = np.tile(groups, 4 if self.rotations else 1)
        fits = np.tile(big, 4 if self.rotations else 1)
        pools = [np.flatnonzero(fits & (owner == group)) for group in dict.fromkeys(groups.tolist())]
        return [pool for pool in pools if self._fills(pool)]

    def _fills(self, pool: Indices) -> bool:
        return len(pool) >= self.way and (self._slots is None or len(set(self._slot(pool).tolist())) == self.way)

    def _left_out(self) -> Indices:
        """Leave out the classes that cannot fill an episode, unless too few remain; their ids."""
        big = np.array([len(own) >= self.shot + self.query for own in self._members], dtype=bool)
        turned = 4 if self.rotations else 1
        if self.choices >= self.way and turned * int(big.sum()) < self.way:
            raise self._too_small(big, turned)
        if big.all() or self.choices < self.way:
            return np.empty(0, dtype=np.int64)
        small, self.classes = self.classes[~big], self.classes[big]
        self._members = [own for own, kept in zip(self._members, big, strict=True) if kept]
        self._slots = None if self._slots is None else self._slots[big]
        return small

    # What is wrong

    def _refuse_nothing(self) -> None:
        if min(self.shot, self.query) < 1 or self.way < 2:
            raise InvalidExperiment(
                f"An episode of {self.way} classes, {self.shot} support and {self.query} queries teaches nothing.",
                "Use at least 2 classes, 1 support and 1 query.", "dataset",
            )  # fmt: skip

    def _refuse_few(self, groups: Indices | None) -> None:
        kind = f"{self.part} " if self.part else ""
        if groups is None and self.way > self.choices:
            have = f"{self.choices} {kind}classes" if kind else str(self.choices)
            raise InvalidExperiment(
                f"{self.way}-way {kind}episodes need {self.way} classes, but there are {have} here.",
                f"Use at most {self.choices}-way episodes, or more classes.", "dataset",
            )  # fmt: skip
        if groups is not None and not self._pools:
            raise self._no_group(groups, kind)
        if self._slots is not None and not all(map(self._fills, self._pools)):
            raise InvalidExperiment(
                f"The {kind}classes have label slots of their own, but not one for each of {self.way} labels.",
                "Use a smaller way, or shuffle the label slots.", "dataset",
            )  # fmt: skip

    def _no_group(self, groups: Indices, kind: str) -> InvalidExperiment:
        """What is said when not one group fills an episode: how far the best is from it."""
        need, turned = self.shot + self.query, 4 if self.rotations else 1
        sizes = {
            group: sorted((len(m) for m, own in zip(self._members, groups, strict=True) if own == group), reverse=True)
            for group in set(groups.tolist())
        }
        most = turned * max(sum(size >= need for size in found) for found in sizes.values())
        wide = turned * max(len(found) for found in sizes.values())
        said = (
            f"{self.way}-way {kind}episodes of {need} examples per class ({self.shot} support, {self.query} query) fit "
            f"in none of the {len(sizes)} {kind}{self.group_word}s: the largest has {most} such classes."
        )
        if wide < self.way:
            otherwise = ", or divide the data by whole groups or in each" if self.group_word != "region" else ""
            return InvalidExperiment(said, f"Use at most {wide}-way episodes{otherwise}.", "dataset")
        fit = max(found[-(-self.way // turned) - 1] for found in sizes.values() if turned * len(found) >= self.way)
        return InvalidExperiment(said, f"Use at most {fit} examples per class in all, or fewer classes.", "dataset")

    def _too_small(self, big: NDArray[np.bool_], turned: int) -> InvalidExperiment:
        """The classes are enough in number but not in images: how many have as many, and what would fit."""
        sizes = sorted(map(len, self._members), reverse=True)
        kind, fit = f"{self.part} " if self.part else "", sizes[-(-self.way // turned) - 1]
        found = f"the smallest {kind}class has {sizes[-1]}"
        if big.any():
            found = f"only {big.sum()} of {len(big)} {kind}classes {'has' if big.sum() == 1 else 'have'} as many"
        shot = min(self.shot, fit - 1)
        fewer = f"Use at most {fit} examples per class in all, for instance {shot} support and {fit - shot} query."
        return InvalidExperiment(
            f"{self.shot} support and {self.query} queries are {self.shot + self.query} per class, but {found}.",
            fewer if fit > 1 else "Add examples to the others, or use fewer classes in an episode.", "dataset",
        )  # fmt: skip


def evaluation_episodes(sampler: EpisodeSampler, n: int, seed: int) -> tuple[Episode, ...]:
    """`n` episodes fixed by `seed`; a longer list begins with the shorter one."""
    rng = np.random.default_rng([seed, 6])
    return tuple(sampler.sample(rng) for _ in range(n))


def list_hash(episodes: Sequence[Episode]) -> str:
    """16 hexadecimal digits, equal for equal lists of episodes."""
    return short_hash(*(
        part.tobytes() for episode in episodes for part in (episode.support, episode.query, episode.turns)
    ))  # fmt: skip
