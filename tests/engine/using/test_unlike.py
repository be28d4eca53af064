"""How unlike an image is by hand, and the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from engine.using.unlike import Learnt, threshold_of


def test_by_hand() -> None:
    """The nearest training image counts: cosines of 1, 0.8, 0 and -0.6."""
    learnt = Learnt(np.array([[1.0, 0.0], [0.0, 1.0]], np.float16))
    asked = np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0], [-0.8, -0.6]])
    assert learnt.unlikeness(asked) == pytest.approx([0.0, 0.2, 1.0, 1.6], abs=1e-6)


@pytest.mark.parametrize("count,refused", [(20, 1), (19, 0), (100, 5), (1000, 50), (1, 0)])
def test_at_most_a_twentieth_is_refused(count: int, refused: int) -> None:
    found = threshold_of(np.arange(count, dtype=np.float64))
    assert round(found.rate * count) <= refused
    assert found.n == count
    assert found.rate <= 0.05
    above = round(found.rate * count)
    assert found.threshold == count - 1 - above + (0.5 if above else 0)
