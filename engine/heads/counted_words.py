"""Counted words and pairs of words with logistic regression: what a network for texts has to be better than."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from engine.heads.head import Features, Head, Labels, Scorer, Texts

STRENGTH = 10.0  # C
MOST = 20_000  # words and pairs that are counted, the most frequent ones
MOST_STEPS = 1000
PATTERN = r"\w+|[^\w\s]"  # words, and signs such as an emoji


class CountedWords(Head):
    """Shown beside heads on a network's features and never chosen: nothing of it is the network's."""

    name = "counted_words"
    title = "Counted words, no network"
    idea = "Words and pairs of words, weighted by how rare they are (tf-idf), with logistic regression."
    paper = "Salton & Buckley 1988, Term-weighting approaches in automatic text retrieval"

    instead = "words are counted"
    of_texts = True
    standardised = False

    def fit(self, features: Features | Texts, labels: Labels, classes: int) -> Scorer:
        """features: the texts [n]. Returns a function from texts [m] to scores float64 [m, classes]."""
        from scipy.sparse import vstack
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        counting = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=MOST, token_pattern=PATTERN)
        if not any(re.search(PATTERN, text) for text in features):  # shifts may leave nothing of a text
            return lambda queries: np.zeros((len(queries), classes))
        known = counting.fit_transform(features)
        twice = 2 * classes > len(labels)  # as in `engine.heads.logistic`
        model = LogisticRegression(C=STRENGTH / (1 + twice), max_iter=MOST_STEPS)
        model.fit(vstack([known, known]) if twice else known, np.tile(labels, 1 + twice))
        return lambda queries: _scores(model.decision_function(counting.transform(queries)))


def _scores(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of two classes one column stands for both."""
    return found if found.ndim == 2 else np.stack([-found, found], 1) / 2
