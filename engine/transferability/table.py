"""The scores there are, in the order they are listed: what each is called, needs and says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.transferability.evidence import logme
from engine.transferability.source import leep, nce
from engine.transferability.spread import gbc, h_score, parc, transrate

KNN, SIZE = "knn", "size"


@dataclass(frozen=True, slots=True)
class ScoreKind:
    """of: (what it reads, labels int64 [n]) -> the score, the larger the better; None where it is counted elsewhere.
    source: it reads a source head's probabilities [n, source classes], not features [n, d]."""

    name: str
    title: str
    idea: str
    of: Callable[[NDArray[np.float64], NDArray[np.int64]], float] | None
    source: bool = False


KINDS: tuple[ScoreKind, ...] = (
    ScoreKind(KNN, "kNN", "Share of examples whose nearest neighbours are of their class, each left out once", None),
    ScoreKind("logme", "LogME", "Log evidence of a linear model of the labels, for one example", logme),
    ScoreKind("h_score", "H-score", "Variance between classes, whitened with a shrunk covariance", h_score),
    ScoreKind("leep", "LEEP", "Mean log probability of the labels, read off the source head's answers", leep, True),
    ScoreKind("nce", "NCE", "Minus the entropy of the labels given the source head's likeliest class", nce, True),
    ScoreKind("gbc", "GBC", "Minus how far the classes overlap as round clouds", gbc),
    ScoreKind("parc", "PARC", "Whether examples with unlike labels have unlike features, 100 at best", parc),
    ScoreKind("transrate", "TransRate", "What the classes save in coding the features, in nats", transrate),
)
TITLES: dict[str, str] = {kind.name: kind.title for kind in KINDS} | {SIZE: "Size alone"}


def of_features(features: np.ndarray, labels: NDArray[np.int64]) -> dict[str, float]:
    """The scores that need nothing but features [n, d] and labels [n], by name; kNN is counted by the image."""
    values = np.asarray(features, np.float64)
    return {kind.name: kind.of(values, labels) for kind in KINDS if kind.of is not None and not kind.source}


def of_source(probabilities: np.ndarray, labels: NDArray[np.int64]) -> dict[str, float]:
    """The scores of a source head's probabilities [n, source classes], by name."""
    values = np.asarray(probabilities, np.float64)
    return {kind.name: kind.of(values, labels) for kind in KINDS if kind.of is not None and kind.source}
