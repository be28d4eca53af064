"""Nearest class mean, by Euclidean distance or by angle: nothing is learnt but one mean per class."""

from __future__ import annotations

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer, one_hot


def class_means(features: Features, labels: Labels, classes: int) -> np.ndarray:
    """float64 [classes, d]."""
    members = one_hot(labels, classes)
    return (members.T @ features) / members.sum(0)[:, None]


class NearestMean(Head):
    """Scores are minus the squared Euclidean distances to the class means."""

    name = "nearest_mean"
    title = "Nearest mean"
    idea = "The class whose mean is nearest."
    paper = "Snell, Swersky & Zemel 2017, Prototypical Networks for Few-shot Learning, arXiv 1703.05175"

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        means = class_means(features, labels, classes)
        squares = (means**2).sum(1)
        return lambda queries: 2 * queries @ means.T - squares - (queries**2).sum(1, keepdims=True)


class NearestMeanCosine(Head):
    """Scores are the cosines of the angles to the class means."""

    name = "nearest_mean_cosine"
    title = "Nearest mean, cosine"
    idea = "The class whose mean points in the same direction."
    paper = "Vinyals et al. 2016, Matching Networks for One Shot Learning, arXiv 1606.04080"

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        means = unit(class_means(features, labels, classes))
        return lambda queries: unit(queries) @ means.T


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1; a row of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
