"""The main directions of features, by the smaller of their two products: many more features than images cost little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
NO_POWER = 1e-12  # of the largest direction's: rounding


def main_directions(values: Matrix) -> tuple[Matrix, Matrix]:
    """Left singular vectors [n, k] and squared singular values [k] of [n, d], the largest first, without those that are
    zero but for rounding."""
    wide = len(values) < values.shape[1]
    powers, found = np.linalg.eigh(values @ values.T if wide else values.T @ values)
    kept = powers > NO_POWER * max(float(powers[-1]), np.finfo(np.float64).tiny)
    powers, found = powers[kept][::-1], found[:, kept][:, ::-1]
    return (found if wide else values @ found / np.sqrt(powers)), powers
