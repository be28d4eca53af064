"""The test images of a run one by one: which were right, how sure the network was, and what other seeds said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.comparison.answers import Answers
from engine.comparison.per_class import confusion

ALL, RIGHT, MISSED, GIVEN, ALWAYS = "all", "right", "missed", "given", "always"  # outcomes
AS_LISTED, UNSURE, SURE, LOSS, APART = "listed", "unsure", "sure", "loss", "apart"  # orders


@dataclass(frozen=True, eq=False)
class Examined:
    """names: of the run's classes. ids, truth, predicted: int64 [n], of each test image. answers: how sure the network
    was, None where that was not kept. others: int64 [m, n], what runs said of the same images that differ in the seed
    only. data: fingerprint of the images, "" where it is not known."""

    names: tuple[str, ...]
    ids: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    answers: Answers | None = None
    others: np.ndarray | None = None
    data: str = ""

    @cached_property
    def said(self) -> np.ndarray:
        """What each seed said, this run's first: int64 [seeds, n]."""
        own = self.predicted[None]
        return own if self.others is None or not len(self.others) else np.concatenate([own, self.others])

    @property
    def seeds(self) -> int:
        return len(self.said)

    @cached_property
    def counts(self) -> np.ndarray:
        """This run's confusion matrix, int64 [classes, classes]."""
        return confusion(self.truth, self.predicted, len(self.names))

    @cached_property
    def wrong_in(self) -> np.ndarray:
        """In how many of the seeds each image is wrong, int64 [n]."""
        return np.asarray((self.said != self.truth).sum(0))

    @cached_property
    def agreeing(self) -> np.ndarray:
        """How many seeds give the answer that most of them give, int64 [n]."""
        return np.asarray((self.said[:, None] == self.said[None]).sum(1).max(0))

    def places(self, outcome: str, true: Sequence[int] | None = None, given: Sequence[int] | None = None) -> np.ndarray:
        """The images with this outcome, places int64 [k]. true, given: only of these classes, and taken for these; with
        `GIVEN` alone, `true` are the classes that were wrongly given."""
        wrong = self.truth != self.predicted
        if outcome == GIVEN and given is None:
            true, given = None, true
        keep = {RIGHT: ~wrong, MISSED: wrong, GIVEN: wrong, ALWAYS: self.wrong_in == self.seeds}.get(outcome)
        keep = np.ones(len(wrong), bool) if keep is None else keep
        for values, wanted in ((self.truth, true), (self.predicted, given)):
            keep = keep if wanted is None else keep & np.isin(values, np.asarray(wanted))
        return np.flatnonzero(keep)

    def ordered(self, places: np.ndarray, order: str) -> np.ndarray:
        """The same places int64 [k] in another order; what is equal stays as it was. An order by what is not known
        changes nothing."""
        return np.asarray(places[np.argsort(self._rank(order)[places], kind="stable")])

    def _rank(self, order: str) -> np.ndarray:
        """What comes first has the least, float64 [n]."""
        if order == APART:
            return self.agreeing.astype(np.float64)
        if order == AS_LISTED or self.answers is None:
            return np.zeros(len(self.ids))
        if order == LOSS:
            return -self.answers.loss
        sure = self.answers.probabilities[:, 0].astype(np.float64)
        return -sure if order == SURE else sure

    def label_errors(self) -> np.ndarray:
        """Places int64 [k] of images wrong in every seed: first those of which the seeds say the same, then those of
        which this run is surest. A network's mistake may stand there as well as a wrong label."""
        found = self.places(ALWAYS)
        rank = self._rank(SURE)[found] - 2.0 * self.agreeing[found]
        return np.asarray(found[np.argsort(rank, kind="stable")])

    def chances(self, place: int) -> tuple[tuple[str, float], ...]:
        """(class, probability) of one image, the likeliest first; nothing where it was not kept."""
        known = self.answers.of(place) if self.answers is not None else []
        return tuple((self.names[one], chance) for one, chance in known if 0 <= one < len(self.names))
