"""Class names as labels: what a class is called, embedded as its texts are, counts beside its labelled texts.

Each class is the sum of its name's features and of the mean of its labelled texts', all of length 1, and the largest
cosine answers. No labelled text is needed at all. Beyond five a class the names add nothing any more.
"""

from __future__ import annotations

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer, one_hot
from engine.heads.nearest_mean import unit


class ClassNames(Head):
    """names: features [classes, d] of what the classes are called; without them each class is its mean alone."""

    name = "class_names"
    title = "Class names"
    idea = "The class whose name and whose labelled texts, added, point in the same direction."
    paper = "Chang et al. 2008, Importance of Semantic Representation: Dataless Classification, AAAI"
    standardised = False

    def __init__(self, names: Features | None = None) -> None:
        self.names = None if names is None else unit(np.asarray(names, np.float64))

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        """Also of no labelled text, where there are names: features [0, d], labels [0]."""
        members = one_hot(labels, classes)
        means = (members.T @ unit(features)) / np.maximum(members.sum(0), 1)[:, None]
        directions = unit(means if self.names is None else means + self.names)
        return lambda queries: unit(queries) @ directions.T


def as_text(name: str) -> str:
    """ "card_arrival" -> "card arrival"."""
    return " ".join(name.replace("_", " ").split())
