"""One interval for a mean over seeds and test items, which both vary: a table of seeds by items, one value each.

With mean squares MSs between seeds, MSi between items and MSe of what is left, the mean varies with
(MSs + MSi - MSe) / (S I) (two random effects; Brennan 2001, Generalizability Theory). Of so few seeds no exact interval
exists: Satterthwaite's (1946) is up to 2.7 points of coverage short at three seeds, adding the squares of both margins
(Graybill and Wang 1980, J. Am. Stat. Assoc. 75) up to 2.7 points too wide. The mean of the two, the second counted
twice, covers 93 to 97 % wherever it was simulated (`benchmarks/verdicts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, log10, sqrt

import numpy as np

from engine.comparison.intervals import Interval, wilson_form

LEVEL = 0.05
WIDER = 2 / 3  # weight of the margins added in squares, at this level
LEAST = 1 / 2  # of the test items' own margin: seeds that happen to agree are not certainty
GUARD = 2.0  # squares added between items of right or wrong, see `crossed`
TWO = 2
ENOUGH_SEEDS = 3  # for an interval over seeds
POWER = 0.8
SMALLEST = 1e-12  # spread, or p, that counts as none
LARGEST = 0.999  # p that is told; above it is 1
PRECISION = 1e-4  # of the logarithm of p


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean and the variances of it. between_seeds: seeds with what is left over. between_items: items without that.
    items_alone: items as they vary around these very seeds. seeds, items: how many; 0 items where none were kept."""

    value: float
    seeds: int
    items: int
    between_seeds: float
    between_items: float = 0.0
    items_alone: float = 0.0

    @property
    def known(self) -> bool:
        """False where nothing varies, which is no certainty but says nothing."""
        return sqrt(max(self.between_seeds + self.between_items, self.items_alone)) > SMALLEST

    def margin(self, alpha: float = 0.05) -> float:
        """Half the interval that misses in `alpha` of all cases; inf where nothing is known of the spread."""
        total = self.between_seeds + self.between_items
        if not self.known:
            return inf
        over_items = quantile(self.items - 1, alpha) if self.items > 1 else 0.0
        over_seeds = quantile(self.seeds - 1, alpha) if self.seeds > 1 else 0.0
        added = sqrt(over_seeds**2 * self.between_seeds + over_items**2 * self.between_items)
        pooled = quantile(self.freedom(), alpha) * sqrt(total)
        least = LEAST if self.seeds >= ENOUGH_SEEDS else 1.0
        wider = 1.0  # further out, and with two seeds, Satterthwaite's is several times too sure
        if self.seeds >= ENOUGH_SEEDS:
            wider -= (1 - WIDER) * min(1.0, alpha / LEVEL)
        return max(wider * added + (1 - wider) * pooled, least * over_items * sqrt(self.items_alone))

    def freedom(self) -> float:
        """Satterthwaite's degrees of freedom, never fewer than those of the seeds."""
        total = self.between_seeds + self.between_items
        doubt = self.between_seeds**2 / (self.seeds - 1) if self.seeds > 1 else 0.0
        doubt += self.between_items**2 / (self.items - 1) if self.items > 1 else 0.0
        return max(total**2 / doubt if doubt > 0 else 0.0, self.seeds - 1.0, 1.0)

    def p(self) -> float:
        """The smallest alpha at which the interval leaves out zero: two-sided, 1 where nothing is known.

        By regula falsi (Illinois) on the logarithms of alpha and margin, between which there is nearly a line.
        """
        far = log10(max(abs(self.value), SMALLEST))
        low, high = log10(SMALLEST), log10(LARGEST)
        over, under = log10(self.margin(SMALLEST)) - far, log10(self.margin(LARGEST)) - far
        if not under < 0:
            return 1.0
        while over > 0 and high - low > PRECISION:
            middle = min(max(low + (high - low) * over / (over - under), low + PRECISION / 2), high - PRECISION / 2)
            here = log10(self.margin(10**middle)) - far
            if here > 0:
                low, over, under = middle, here, under / 2
            else:
                high, under, over = middle, here, over / 2
        return 10**high if over > 0 else SMALLEST

    def interval(self, low: float = -inf, high: float = inf) -> Interval:
        """The 95 % interval, inside low..high: what cannot be is left out."""
        margin = self.margin()
        if margin == inf:
            return Interval(self.value, float("nan"), float("nan"), self.seeds)
        return Interval(self.value, max(low, self.value - margin), min(high, self.value + margin), self.seeds)

    def share_interval(self, binary: bool = True) -> Interval:
        """The 95 % interval of a share, in Wilson's (1927) form: it ends at 0 and 1 by itself, and leans to the middle.

        A share of n items has the margin z sqrt(p (1 - p) / n); here n is what would give this margin. binary: items
        are right or wrong, so that n is at most their number times that of the seeds.
        """
        margin, mixed = self.margin(), self.value * (1 - self.value)
        if not self.items:
            return self.interval(0.0, 1.0)
        z2 = quantile(self.items - 1, 0.05) ** 2 if self.items > 1 else inf
        if mixed < SMALLEST or margin == inf:
            weight = z2 / self.items
        else:
            weight = max(margin**2 / mixed, z2 / (self.items * self.seeds) if binary else 0.0)
        return wilson_form(self.value, weight, self.seeds)


def of_seeds(values: np.ndarray) -> Spread:
    """From one value per seed, float64 [seeds]: what is known where the test items were not kept."""
    seeds = len(values)
    variance = float(values.var(ddof=1)) / seeds if seeds > 1 else 0.0
    return Spread(float(values.mean()), seeds, 0, variance)


def crossed(table: np.ndarray, guard: float = 0.0) -> Spread:
    """From a value per seed and test item, float64 [seeds, items], at least one by two.

    guard: added to the squares between items, whose spread may be zero by chance: `GUARD` for right or wrong, one more
    item each way (Bonett and Price 2012).
    """
    seeds, items = table.shape
    mean, per_seed, per_item = float(table.mean()), table.mean(axis=1), table.mean(axis=0)
    from_seeds = items * float(np.square(per_seed - mean).sum())
    from_items = seeds * float(np.square(per_item - mean).sum())
    total, n = float(np.square(table - mean).sum()), seeds * items
    items_square = from_items / (items - 1)
    alone = (from_items + guard / seeds) / (items - 1) / n
    if seeds < TWO:
        return Spread(mean, seeds, items, 0.0, alone, alone)
    seeds_square = from_seeds / (seeds - 1)
    left = max(0.0, total - from_seeds - from_items) / ((seeds - 1) * (items - 1))
    if seeds == TWO:  # their spread alone is worth next to nothing
        seeds_square = max(seeds_square, left)
    return Spread(mean, seeds, items, seeds_square / n, max(0.0, items_square - left) / n, alone)


def quantile(freedom: float, alpha: float) -> float:
    """What Student's t exceeds, either way, in `alpha` of all cases."""
    from scipy.special import stdtrit  # takes a sixth of a second, which the window lacks before its first paint

    return float(-stdtrit(freedom, alpha / 2))


def seeds_needed(found: Spread, alpha: float = 0.05) -> int | None:
    """Seeds with which a difference of this size and spread would be seen in 80 of 100 cases (noncentral t).

    None where the spread is not known, or where the test items alone blur it, however many seeds there are.
    """
    if found.seeds < ENOUGH_SEEDS or found.value == 0 or found.between_seeds == 0:
        return None
    normal = quantile(1e9, alpha) + quantile(1e9, 2 * (1 - POWER))
    left = (found.value / normal) ** 2 - found.between_items
    if left <= 0:
        return None
    needed = max(ENOUGH_SEEDS, ceil(found.between_seeds * found.seeds / left))
    while power(found, needed, alpha) < POWER:
        needed += max(1, needed // 500)
    return needed


def power(found: Spread, seeds: int, alpha: float = 0.05) -> float:
    """Chance that this difference is seen with so many seeds on the same test items."""
    from scipy.special import nctdtr

    one = found.between_seeds * found.seeds / seeds
    now = Spread(found.value, seeds, found.items, one, found.between_items, found.items_alone)
    far = abs(found.value) / sqrt(one + found.between_items)
    return 1 - float(nctdtr(now.freedom(), far, quantile(now.freedom(), alpha)))


def holm(ps: list[float]) -> list[float]:
    """Each p corrected for all of them, so that a verdict in 100 families of equal arms is false in 5 (Holm 1979)."""
    adjusted, worst = [1.0] * len(ps), 0.0
    for place, number in enumerate(sorted(range(len(ps)), key=lambda at: ps[at])):
        worst = max(worst, min(1.0, ps[number] * (len(ps) - place)))
        adjusted[number] = worst
    return adjusted
