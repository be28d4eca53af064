"""The interval over seeds and test items against arithmetic by hand, published tables and simulated equal arms."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.arms import Arm
from engine.comparison.crossed import GUARD, Spread, crossed, holm, of_seeds, power, seeds_needed
from engine.comparison.intervals import balanced_interval
from engine.comparison.verdict import verdict, verdicts

T2, T3 = 4.302652729749462, 3.1824463052837078  # 97.5 % quantiles of Student's t with 2 and 3 degrees of freedom


def test_mean_squares_by_hand() -> None:
    """Seeds by items [[1, 2, 3, 2], [2, 3, 4, 3], [3, 4, 5, 7]]: means 2, 3, 4.75 and 2, 3, 4, 4; grand mean 3.25.

    Squares: seeds 4 (1.25² + 0.25² + 1.5²) = 15.5, items 3 (1.25² + 0.25² + 0.75² + 0.75²) = 8.25, in all 28.25, so
    4.5 are left. Mean squares 15.5/2, 8.25/3, 4.5/6 over 12 cells.
    """
    found = crossed(np.array([[1.0, 2, 3, 2], [2, 3, 4, 3], [3, 4, 5, 7]]))
    assert (found.value, found.seeds, found.items) == (3.25, 3, 4)
    assert found.between_seeds == pytest.approx(7.75 / 12)
    assert found.between_items == pytest.approx((2.75 - 0.75) / 12)
    assert found.items_alone == pytest.approx(2.75 / 12)
    freedom = (9.75 / 12) ** 2 / ((7.75 / 12) ** 2 / 2 + (2 / 12) ** 2 / 3)
    assert found.freedom() == pytest.approx(freedom)
    added = np.sqrt(T2**2 * 7.75 / 12 + T3**2 * 2 / 12)
    t = 3.1626  # with 3.028 degrees of freedom, between 3.1824 (3) and 2.7764 (4)
    assert found.margin() == pytest.approx(2 / 3 * added + t * np.sqrt(9.75 / 12) / 3, rel=1e-2)


def test_seeds_that_agree_by_chance_are_no_certainty() -> None:
    """Two of eight images right, other ones with each seed: the means are equal, the images are not."""
    table = np.zeros((4, 8))
    for seed in range(4):
        table[seed, [2 * seed, 2 * seed + 1]] = 1
    found = crossed(table, GUARD)
    assert found.between_seeds == 0
    assert found.margin() > 0
    # As a share it is one of 32 answers at best, a quarter of them right, with t of 7 degrees of freedom: 2.364624.
    weight = 2.364624**2 / 32
    half = np.sqrt(3 / 16 * weight + weight**2 / 4) / (1 + weight)
    shown = found.share_interval()
    assert shown.half >= half - 1e-6
    assert found.share_interval(binary=False).half < shown.half
    assert of_seeds(np.array([0.2, 0.2, 0.2])).margin() == np.inf
    assert of_seeds(np.array([0.2, 0.2, 0.2])).p() == 1.0


def test_two_seeds_are_never_closer_than_their_images() -> None:
    """Both means are 1/4. Squares: 3 in all, 1 between items, so 2 are left on 7 degrees of freedom, which stand for
    the seeds; with one degree of freedom, 12.706 of them."""
    found = crossed(np.array([[1.0, 1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0, 0]]))
    assert found.between_seeds == pytest.approx(2 / 7 / 16)
    assert found.margin() == pytest.approx(12.7062 * np.sqrt(2 / 7 / 16), rel=1e-4)
    assert Spread(0.0, 2, 5, 1.0, 1.0).freedom() == pytest.approx(2**2 / (1**2 / 1 + 1**2 / 4))


@pytest.mark.parametrize(  # G*Power 3.1 (Faul et al. 2007), paired t test, two-sided 5 %, power 80 %
    "effect, seeds", [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)]
)
def test_seeds_needed_are_those_of_the_published_power_tables(effect: float, seeds: int) -> None:
    found = of_seeds(np.array([-1.0, 0.0, 1.0]) + effect)  # deviation 1
    assert seeds_needed(found) == seeds
    assert power(found, seeds) >= 0.8 > power(found, seeds - 1)


def test_no_number_of_seeds_makes_up_for_few_test_items() -> None:
    assert seeds_needed(Spread(0.01, 5, 100, 1e-5, 4e-5, 5e-5)) is None
    assert seeds_needed(of_seeds(np.array([0.1, 0.2]))) is None


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.02, 0.9, 0.001]) == pytest.approx([0.04, 0.9, 0.003])
    assert (holm([]), holm([0.6, 0.7])) == ([], [1.0, 1.0])


def test_p_is_where_the_interval_ends_at_zero() -> None:
    random = np.random.default_rng(0)
    for shift in (0.01, 0.05, 0.3):
        found = crossed(random.normal(shift, 0.4, (3, 200)))
        assert found.margin(found.p()) == pytest.approx(abs(found.value), rel=5e-3)
    # t = 9 / 0.7071 with 4 degrees of freedom: 2.195e-4 by its table
    assert of_seeds(np.array([0.10, 0.07, 0.08, 0.11, 0.09])).p() == pytest.approx(2.195e-4, rel=1e-3)


@pytest.mark.parametrize("right", [0, 1, 50, 199, 200])
def test_no_interval_of_a_share_leaves_0_and_1(right: int) -> None:
    answers = np.zeros((3, 200))
    answers[:, :right] = 1
    answers[1, ::50] = 1 - answers[1, ::50]
    found = crossed(answers, GUARD).share_interval()
    assert 0 <= found.low < found.value < found.high <= 1


def equal_arms(random: np.random.Generator, count: int, seeds: int, images: int) -> list[Arm]:
    """Right or wrong with difficulty, own reading and a seed's effect of about 4 points; all right in 3 of 4."""
    hard, ids = random.normal(size=images), np.arange(images)
    arms = []
    for number in range(count):
        own, effect = 0.3 * random.normal(size=images), 0.18 * random.normal(size=(seeds, 1))
        right = (0.99 + hard + own + effect + random.normal(size=(seeds, images)) > 0).astype(float)
        scores = {seed: float(one.mean()) for seed, one in enumerate(right)}
        arms.append(Arm(str(number), scores, {seed: (ids, one) for seed, one in enumerate(right)}))
    return arms


@pytest.mark.parametrize("count, seeds", [(2, 1), (2, 2), (2, 4), (6, 3)])
def test_equal_arms_are_seldom_called(count: int, seeds: int) -> None:
    """At most 5 of 100; 150 comparisons give more than 15 in one of 1,000 cases."""
    random = np.random.default_rng(count * 10 + seeds)
    called = 0
    for _ in range(150):
        *others, base = equal_arms(random, count, seeds, 100)
        called += any(one.sure for one in verdicts([(one, base) for one in others]))
    assert called <= (15 if seeds > 1 else 0)


def test_verdicts_that_are_shown_together_are_corrected() -> None:
    def against(*gaps: float) -> Arm:
        return Arm(f"{gaps}", {seed: 0.7 + gap for seed, gap in enumerate(gaps)})

    base = Arm("base", dict.fromkeys(range(4), 0.7))
    close, far = against(0.02, 0.03, 0.05, 0.02), against(0.20, 0.21, 0.22, 0.20)
    alone = verdict(close, base)  # t = 4.24 with 3 degrees of freedom, p 0.024
    assert (alone.kind, alone.together) == ("better", 1)
    assert alone.p == alone.adjusted == pytest.approx(0.02395, rel=1e-2)
    equal = against(0.01, -0.01, 0.02, -0.02)
    together = verdicts([(close, base), (far, base), (equal, base), (equal, base)])
    assert [one.kind for one in together] == ["too close", "better", "too close", "too close"]
    assert together[0].adjusted == pytest.approx(3 * alone.p)
    assert "among 4 verdicts it may be luck" in together[0].sentence
    assert (together[0].low, together[0].high) == (alone.low, alone.high)


@pytest.mark.parametrize(
    "sizes, shares",
    [((5, 5, 5, 300), (0.6, 0.6, 0.6, 0.95)), ((3, 3, 3, 300), (0.9,) * 4), ((3,) * 40, (0.9,) * 40),
     ((10, 300), (0.6, 0.95))],
)  # fmt: skip
def test_balanced_accuracy_is_covered_with_small_classes(sizes: tuple[int, ...], shares: tuple[float, ...]) -> None:
    """93 to 97 % of 3,000, with what 3,000 leave open (1 point)."""
    random, truth = np.random.default_rng(3), float(np.mean(shares))
    found = [
        balanced_interval([(int(right), n) for right, n in zip(drawn, sizes, strict=True)])
        for drawn in random.binomial(sizes, shares, (3000, len(sizes)))
    ]
    held = np.mean([one.low <= truth <= one.high for one in found])
    assert 0.92 <= held <= 0.98


def test_a_balanced_share_by_hand() -> None:
    """5 of 5 and 80 of 100: share 0.9, so each class is given 2 images right in (1.8 + 2) / 6 = 0.6333 of them."""
    found = balanced_interval([(5, 5), (80, 100)])
    first, second = (5 + 2 * 3.8 / 6) / 7, (80 + 2 * 3.8 / 6) / 102
    variance = (first * (1 - first) / 5 + second * (1 - second) / 100) / 4
    middle = (first + second) / 2
    weight = 1.959964**2 * variance / (middle * (1 - middle))
    centre = ((0.9 + middle) / 2 + weight / 2) / (1 + weight)
    assert (found.value, found.n) == (0.9, 105)
    assert (found.low + found.high) / 2 == pytest.approx(centre)
    near = (0.9 + middle) / 2
    half = np.sqrt(near * (1 - near) * weight + weight**2 / 4) / (1 + weight)
    assert (found.high - found.low) / 2 == pytest.approx(half)
    assert (found.low, found.high) == pytest.approx((0.6945, 0.9541), abs=1e-4)


def test_episodes_that_hardly_differ_are_not_taken_for_single_answers() -> None:
    """Accuracies 0.7 and 0.8 in turn, alike in three seeds: the spread over episodes alone, 0.0502 / 10 · 1.984."""
    scores = np.tile([0.7, 0.8], 50)
    ids = np.arange(100)
    side = Arm("a", dict.fromkeys(range(3), 0.75), dict.fromkeys(range(3), (ids, scores)), unit="episodes")
    found = side.interval
    assert found is not None
    assert found.half == pytest.approx(1.984217 * 0.05 / np.sqrt(99), rel=5e-3)
