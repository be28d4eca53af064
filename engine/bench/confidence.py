"""How sure the chosen head is of each test image: its scores, softened by a temperature that images left out chose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.bench.measure import Benched, FeaturePart, HeadCell, folds_of
from engine.comparison.answers import Answers
from engine.comparison.temperature import probabilities, temperature_of
from engine.heads.head import Head, scores

RESTS_ON = "softmax of the head's scores at a temperature fitted on labelled examples that it was not fitted on"


def confidence(chosen: HeadCell, on: Benched, seed: int) -> Answers | None:
    """Of draw 0, which the head is known by. None where no labelled image can be left out to fit the temperature."""
    labelled, head = on.labelled(chosen.count, seed, 0), chosen.tuned or chosen.head
    left = left_out(head, labelled, on.classes, seed)
    if left is None:
        return None
    unit = float(left.std()) or 1.0  # heads measure in units of their own: distances, cosines, logits
    found = scores(head, labelled.given(head), labelled.labels, on.classes, on.test.given(head))
    shares = probabilities(found / unit, temperature_of(left / unit, labelled.labels))
    return Answers.of_probabilities(on.test.ids, shares, on.test.labels)


def left_out(head: Head, labelled: FeaturePart, classes: int, seed: int) -> NDArray[np.float64] | None:
    """Scores float64 [n, classes] of each labelled image by the head without its fold."""
    folds, _ = folds_of(labelled.labels, classes, seed)
    if not folds:
        return None
    found = np.empty((len(labelled.labels), classes))
    for places in folds:
        learnt = labelled.at(np.setdiff1d(np.arange(len(labelled.labels)), places))
        found[places] = scores(head, learnt.given(head), learnt.labels, classes, labelled.given(head)[places])
    return found
