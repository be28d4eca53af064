"""What every head on frozen features is: a name, a paper, and `fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]
Texts = NDArray[np.object_]  # str [n]
Labels = NDArray[np.int64]
Scores = NDArray[np.float64]
Scorer = Callable[[Features], Scores]

PRIOR_IMAGES = 10  # how many images the common deviation counts as beside a feature's own


class Head:
    """One way to classify features. Subclasses are stateless but for settings that `tuned` chose."""

    name: ClassVar[str]
    title: ClassVar[str]
    idea: ClassVar[str]
    paper: ClassVar[str]
    standardised: ClassVar[bool] = True  # False: it learns from the features as they are
    instead: ClassVar[str] = ""  # of features, what it learns from: a measure for networks, never chosen beside others
    of_texts: ClassVar[bool] = False  # which is texts [n]

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        """features [n, d]; labels [n] in 0 .. classes - 1, every class at least once.

        Returns a function from features [m, d] to scores float64 [m, classes]; the largest score is the answer.
        """
        raise TypeError(f"{type(self).__name__} does not say how it learns")

    def tuned(self, features: Features, labels: Labels, classes: int, seed: int) -> Head:
        """The head with its settings chosen on these labelled images alone; itself when there is nothing to choose."""
        return self


def standardiser(train: Features) -> Callable[[Features], NDArray[np.float64]]:
    """Features -> (features - mean) / deviation, by these training images [n, d] alone.

    The variance of a feature is shrunk towards the mean variance of all features, which counts as ten more images:
    two or three images say little about the spread of a feature, and nothing when they agree.
    """
    train = np.asarray(train, np.float64)
    mean, variance = train.mean(0), train.var(0)
    common = float(variance.mean())
    shrunk = (len(train) * variance + PRIOR_IMAGES * common) / (len(train) + PRIOR_IMAGES)
    deviation = np.sqrt(np.where(shrunk > 0, shrunk, 1.0))
    return lambda features: (np.asarray(features, np.float64) - mean) / deviation


def prepared(head: Head, train: Features) -> Callable[[Features], Features]:
    """How this head wants its features: standardised by `train` [n, d], or as they are; texts as they are."""
    if head.of_texts:
        return lambda texts: texts
    return standardiser(train) if head.standardised else lambda features: np.asarray(features, np.float64)


def scores(head: Head, train: Features, labels: Labels, classes: int, queries: Features) -> Scores:
    """Scores [m, classes] of `queries` [m, d] after learning from `train` [n, d], which alone standardises both."""
    prepare = prepared(head, train)
    return head.fit(prepare(train), labels, classes)(prepare(queries))


def one_hot(labels: Labels, classes: int) -> NDArray[np.float64]:
    """float64 [n, classes]."""
    return np.eye(classes)[labels]
