"""Scores from what a source head says of the target's images: LEEP and NCE."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Matrix = NDArray[np.float64]


def leep(probabilities: Matrix, labels: Labels) -> float:
    """Mean log probability of the labels, read off the source classes alone (Nguyen et al. 2020, arXiv 2002.12462).

    probabilities [n, source classes], rows sum to 1. At most 0; 0 where each source class belongs to one label.
    """
    classes, places = np.unique(labels, return_inverse=True)
    joint = np.stack([probabilities[labels == one].sum(0) for one in classes])
    total = joint.sum(0)
    given = joint / np.where(total > 0, total, 1.0)
    right = (given[places] * probabilities).sum(1)
    return float(np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean())


def nce(probabilities: Matrix, labels: Labels) -> float:
    """Minus the conditional entropy of the labels given the source's likeliest class, in nats (Tran et al. 2019, arXiv
    1908.08142). probabilities [n, source classes]. At most 0."""
    classes, places = np.unique(labels, return_inverse=True)
    counts = np.zeros((len(classes), probabilities.shape[1]))
    np.add.at(counts, (places, probabilities.argmax(1)), 1.0)
    total = counts.sum(0)
    given = counts / np.where(total > 0, total, 1.0)
    logs = np.log(np.where(given > 0, given, 1.0))
    return float((counts * logs).sum() / len(labels))
