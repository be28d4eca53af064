"""Class names as labels: what a class is called, embedded as its texts are, counts beside its labelled texts.

Each class is the sum of its labelled texts' features and of its name's, which counts as one text more, all of length 1;
the largest cosine answers. No labelled text is needed at all. Beyond five a class the names add nothing any more.
"""

from __future__ import annotations

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer, one_hot
from engine.heads.nearest_mean import unit


class ClassNames(Head):
    """names: features [classes, d] of what the classes are called; without them each class is its mean alone."""

    name = "class_names"
    title = "Class names"
    idea = "The class whose name and labelled texts point in the same direction; the name counts as one text."
    paper = "Chang et al. 2008, Importance of Semantic Representation: Dataless Classification, AAAI"
    standardised = False

    def __init__(self, names: Features | None = None) -> None:
        self.names = None if names is None else unit(np.asarray(names, np.float64))

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        """Also of no labelled text, where there are names: features [0, d], labels [0]."""
        sums = one_hot(labels, classes).T @ unit(features)
        directions = unit(sums if self.names is None else sums + self.names)
        return lambda queries: unit(queries) @ directions.T


def as_text(name: str) -> str:
    """ "card_arrival" -> "card arrival"."""
    return " ".join(name.replace("_", " ").split())
