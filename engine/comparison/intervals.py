"""95 % intervals: of a share of right answers, a mean over seeds, a mean over episodes, a paired difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nan, sqrt

import numpy as np

SMALLEST = 1e-12  # width that counts as none
NORMAL_975 = 1.959963984540054
STUDENT_975 = (  # 97.5 % quantile of Student's t for 1 to 10 degrees of freedom
    12.706204736174694, 4.302652729749462, 3.1824463052837078, 2.7764451051977934, 2.5705818356363146,
    2.4469118511449786, 2.364624251592784, 2.306004135204166, 2.262157162798205, 2.228138851986274,
)  # fmt: skip
GUARD = 2.0  # images given to each class where their spread is judged


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval. low and high are NaN when one value alone says nothing about the spread."""

    value: float
    low: float
    high: float
    n: int

    @property
    def known(self) -> bool:
        """True when there is an interval at all: values that happen to be alike give none, and are no certainty."""
        return isfinite(self.low) and isfinite(self.high) and self.high - self.low > SMALLEST

    def told(self) -> Interval:
        """As programs are given it: without ends where there is no interval."""
        return self if self.known else replace(self, low=nan, high=nan)

    @property
    def half(self) -> float:
        """Half the width."""
        return (self.high - self.low) / 2

    def excludes_zero(self) -> bool:
        return self.known and (self.low > 0 or self.high < 0)

    def within(self, low: float, high: float) -> Interval:
        """Without what cannot be, such as more than all right; NaN stays NaN."""
        return replace(self, low=max(self.low, low), high=min(self.high, high)) if self.known else self


def student(freedom: int) -> float:
    """97.5 % quantile of Student's t, so that ± it covers 95 %; exact to 5e-6 (Cornish-Fisher beyond the table)."""
    if freedom < 1:
        raise ValueError("Student's t needs at least one degree of freedom.")
    if freedom <= len(STUDENT_975):
        return STUDENT_975[freedom - 1]
    z, v = NORMAL_975, float(freedom)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / v + second / v**2 + third / v**3 + fourth / v**4


def wilson(correct: int, n: int) -> Interval:
    """Wilson's score interval of the share `correct / n`; ValueError when n < 1 or correct is outside 0..n."""
    if n < 1 or not 0 <= correct <= n:
        raise ValueError(f"{correct} of {n} is not a share.")
    return wilson_form(correct / n, NORMAL_975**2 / n, n)


def wilson_form(share: float, weight: float, n: int = 1) -> Interval:
    """Wilson's interval of a share. weight: z² over the number of items behind it; infinite where nothing is known."""
    if weight == inf:
        return Interval(share, 0.0, 1.0, n)
    centre = (share + weight / 2) / (1 + weight)
    half = sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half), n)


def balanced_interval(per_class: Sequence[tuple[int, int]]) -> Interval:
    """Mean of the classes' shares, from (right, images) of each class: Wilson's interval with the number of images that
    one class would need for the same variance (Korn and Graubard 1998, Survey Methodology 24, for stratified samples).

    For that variance each class is given two images more, right as often as all classes with two right and two wrong
    ones beside them; the interval's centre goes half the way there. Without, a class of five that happens to be all
    right would count as certain. ValueError without a class.
    """
    if not per_class:
        raise ValueError("A balanced share needs at least one class.")
    right, images = np.array(per_class, dtype=np.float64).T
    share = float(np.mean(right / images))
    around = (share * len(images) + GUARD) / (len(images) + 2 * GUARD)
    guarded = (right + GUARD * around) / (images + GUARD)
    variance = float(np.sum(guarded * (1 - guarded) / images)) / len(images) ** 2
    middle = float(guarded.mean())
    found = wilson_form((share + middle) / 2, NORMAL_975**2 * variance / (middle * (1 - middle)))
    return Interval(share, min(share, found.low), max(share, found.high), int(images.sum()))


def mean_interval(values: Iterable[float]) -> Interval:
    """Mean of independent values (one per seed) with Student's t interval; one value has no interval (NaN).

    ValueError when there is no value.
    """
    array = np.asarray(list(values), dtype=np.float64)
    if array.size == 0:
        raise ValueError("A mean needs at least one value.")
    mean = float(array.mean())
    if array.size == 1:
        return Interval(mean, nan, nan, 1)
    half = student(array.size - 1) * float(array.std(ddof=1)) / sqrt(array.size)
    return Interval(mean, mean - half, mean + half, int(array.size))


def episode_interval(scores: Iterable[float]) -> Interval:
    """Mean over test episodes [n] with the interval of the few-shot papers, 1.96 standard errors; of accuracies the
    caller leaves out what lies beyond 0 and 1 (`Interval.within`)."""
    array = np.asarray(list(scores), dtype=np.float64)
    if array.size < 2:
        return mean_interval(array)
    mean = float(array.mean())
    half = NORMAL_975 * float(array.std(ddof=1)) / sqrt(array.size)
    return Interval(mean, mean - half, mean + half, int(array.size))


def paired_share_interval(first: np.ndarray, second: np.ndarray) -> Interval:
    """Difference of two shares on the same items, after Bonett and Price (2012).

    first, second: right or wrong per item, bool [n]. One item is added to each way they can disagree, so that the
    interval holds for few items too, where the plain normal one is too narrow.
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    n = a.size
    only_a = (int((a & ~b).sum()) + 1) / (n + 2)
    only_b = (int((~a & b).sum()) + 1) / (n + 2)
    half = NORMAL_975 * sqrt((only_a + only_b - (only_a - only_b) ** 2) / (n + 2))
    centre = only_a - only_b
    return Interval(float(a.mean() - b.mean()), max(-1.0, centre - half), min(1.0, centre + half), n)
