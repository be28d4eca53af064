"""Logistic regression on the images themselves, made small: what a network for images has to be better than."""

from __future__ import annotations

import numpy as np

from engine.heads.head import Features, Labels, Scorer
from engine.heads.logistic import Logistic


class RawPixels(Logistic):
    """Its features are pixels (`engine.preparation.shrunk`), most often more than there are images.

    All weights of an optimum lie in the span of the labelled images, so that the fit is made there: along as many
    directions at right angles as there are images. It is the same fit, in a hundredth of the time.
    """

    name = "raw_pixels"
    title = "Raw pixels, no network"
    idea = "The images themselves, made small, with logistic regression."
    paper = "Logistic regression (Cox 1958) on pixels"
    most_images = 300
    instead = "the pixels themselves, at most 32 on a side"

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        if features.shape[0] >= features.shape[1]:
            return super().fit(features, labels, classes)
        span = spanned(features)
        scorer = super().fit(features @ span, labels, classes)
        return lambda queries: scorer(queries @ span)

    def turned(self, features: Features) -> Features:
        """Once for all fits of the folds, whose images lie in the same span."""
        return features if features.shape[0] >= features.shape[1] else features @ spanned(features)


def spanned(features: Features) -> Features:
    """Directions at right angles [d, n] in whose span the features [n, d] lie."""
    return np.linalg.qr(features.T)[0]
