"""Nearest class mean after the features are brought into shape: SimpleShot's centring, and the power transform.

SimpleShot (Wang et al. 2019, arXiv 1911.04623), "CL2N": features minus a mean, then of length 1, then the nearest class
mean. Its mean is that of the base classes' features. A bench knows no base classes, so here it is the mean of the
labelled training images alone; no test image enters it. With one label per class it rests on as many images as there
are classes.

The power transform (Hu et al. 2021, arXiv 2006.03806): features to the power of one half, then of length 1. It pulls in
the few large values of what comes out of a ReLU. The paper takes non-negative features only; negative ones, which some
backbones give, keep their sign, as in the power normalisation of Perronnin et al. (2010).
"""

from __future__ import annotations

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer
from engine.heads.nearest_mean import NearestMean, unit

POWER = 0.5


class CentredNearestMean(Head):
    """Scores are minus the squared distances to the means of the centred features of length 1."""

    name = "nearest_mean_centred"
    title = "Nearest mean, centred"
    idea = "SimpleShot: subtract the mean of the labelled examples, scale to length 1, take the nearest class mean."
    paper = "Wang et al. 2019, SimpleShot, arXiv 1911.04623"
    standardised = False

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        mean = features.mean(0)
        nearest = NearestMean().fit(unit(features - mean), labels, classes)
        return lambda queries: nearest(unit(queries - mean))


class PowerNearestMean(Head):
    """Scores are minus the squared distances to the means of the square-rooted features of length 1."""

    name = "nearest_mean_power"
    title = "Nearest mean, power"
    idea = "Take the root of every feature, scale to length 1, take the nearest class mean."
    paper = "Hu, Gripon & Pateux 2021, Leveraging the Feature Distribution, arXiv 2006.03806"
    standardised = False

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        nearest = NearestMean().fit(rooted(features), labels, classes)
        return lambda queries: nearest(rooted(queries))


def rooted(features: Features) -> np.ndarray:
    """float64 [n, d]: each value to the power of one half, its sign kept; then rows of length 1."""
    return unit(np.sign(features) * np.abs(features) ** POWER)
