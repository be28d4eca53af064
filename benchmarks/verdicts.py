"""How often verdicts are false and intervals miss: equal arms, simulated as stored results, judged by the program.

    python -m benchmarks.verdicts [--simulations 2000] [--only arms|episodes|power|balanced]

Right or wrong of each image: a probit with the image's difficulty, shared by all arms (deviation 1), an arm's own
reading of it (crossed), a seed's effect (shared by all images) and noise of its own. All arms have the same accuracy
over seeds and images, and the test set is drawn anew in each simulation. The false-verdict column counts comparisons
in which any of the verdicts that are shown together says better or worse; every interval is checked against the truth.
With one seed an interval speaks of these trained networks on other images, so the truth is theirs.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from engine.comparison.arms import Arm, arm
from engine.comparison.intervals import balanced_interval, wilson
from engine.comparison.verdict import verdicts
from engine.events import Evaluated
from engine.experiment import Experiment

SEEDS, IMAGES = (1, 2, 3, 5, 10), (50, 100, 360, 2000)


@dataclass(frozen=True)
class Case:
    """accuracy: of all arms. seed, crossed: deviations on the probit scale; lead: of the first arm, in points."""

    words: str
    accuracy: float
    seed: float = 0.0
    crossed: float = 0.0
    lead: float = 0.0


CASES = (
    Case("no seed effect", 0.75),
    Case("seed effect 2.4 points", 0.75, seed=0.108),
    Case("seed effect 6 points, crossed", 0.75, seed=0.27, crossed=0.4),
    Case("2.4 points, crossed, 93 % right", 0.93, seed=0.24, crossed=0.4),
)
POWER_CASES = tuple(Case(f"{lead:g} points apart, seed effect 2.4", 0.75, 0.108, 0.2, lead) for lead in (3, 6, 12))


@dataclass(frozen=True)
class Drawn:
    """answers: bool [arms, seeds, images]. truth: accuracy of each arm, and of each arm's seeds on all images."""

    answers: np.ndarray
    truth: np.ndarray
    of_seeds: np.ndarray


def draw(case: Case, arms: int, seeds: int, images: int, random: np.random.Generator) -> Drawn:
    """One comparison."""
    spread = np.sqrt(1 + 1 + case.crossed**2 + case.seed**2)
    wanted = np.full(arms, case.accuracy)
    wanted[0] += case.lead / 100
    middle = ndtri(wanted) * spread
    image = random.standard_normal(images, np.float32)
    reading = case.crossed * random.standard_normal((arms, 1, images), np.float32)
    effect = case.seed * random.standard_normal((arms, seeds, 1))
    noise = random.standard_normal((arms, seeds, images), np.float32)
    latent = (middle[:, None, None] + effect).astype(np.float32) + image + reading + noise
    inside = np.sqrt(2 + case.crossed**2)
    return Drawn(latent > 0, wanted, ndtr((middle[:, None] + effect[:, :, 0]) / inside))


def stored(title: str, answers: np.ndarray, ids: np.ndarray, truth: np.ndarray) -> Arm:
    """answers [seeds, images] as the store hands them out."""
    return arm(title, [(RUNS[seed], result(right, ids, truth)) for seed, right in enumerate(answers)])


RUNS = [Experiment(seed=seed) for seed in range(max(SEEDS))]


def result(right: np.ndarray, ids: np.ndarray, truth: np.ndarray) -> Evaluated:
    found = wilson(int(right.sum()), right.size)
    return Evaluated(
        "test/accuracy", found.value, found.low, found.high, right.size, "images", {},
        ids=ids, truth=truth, predicted=np.where(right, truth, 1).astype(np.int16),
    )  # fmt: skip


@dataclass
class Counts:
    """Over simulations: false or any verdicts, and how many intervals hold what they are for, of how many."""

    simulations: int = 0
    called: int = 0
    right_side: int = 0
    gaps: int = 0
    gaps_hold: int = 0
    means: int = 0
    means_hold: int = 0

    def add(self, drawn: Drawn, sides: Sequence[Arm]) -> None:
        """Everything that a comparison of these arms shows: against the base, and the best two."""
        base = len(sides) - 1
        pairs = [(a, base) for a in range(base)]
        ordered = sorted(range(len(sides)), key=lambda at: -sides[at].interval.value)  # type: ignore[union-attr]
        shown = pairs + ([tuple(ordered[:2])] if len(sides) > 2 and base not in ordered[:2] else [])
        found = verdicts([(sides[a], sides[b]) for a, b in shown])
        self.simulations += 1
        self.called += any(one.kind in ("better", "worse") for one in found)
        self.right_side += found[0].kind == "better"
        several = drawn.answers.shape[1] > 1
        for (a, b), one in zip(pairs, found, strict=False):  # the best two were chosen: theirs covers no single truth
            truth = drawn.truth if several else drawn.of_seeds[:, 0]
            if one.low == one.low:
                self.gaps += 1
                self.gaps_hold += one.low <= truth[a] - truth[b] <= one.high
        for number, side in enumerate(sides):
            shown_interval = side.interval
            if shown_interval is not None and shown_interval.known:
                truth = drawn.truth if several else drawn.of_seeds[:, 0]
                self.means += 1
                self.means_hold += shown_interval.low <= truth[number] <= shown_interval.high


def cell(case: Case, arms: int, seeds: int, images: int, simulations: int) -> Counts:
    random = np.random.default_rng([arms, seeds, images, CASES.index(case) if case in CASES else 99])
    ids, truth = np.arange(images), np.zeros(images, np.int16)
    counts = Counts()
    for _ in range(simulations):
        drawn = draw(case, arms, seeds, images, random)
        counts.add(drawn, [stored(str(at), answers, ids, truth) for at, answers in enumerate(drawn.answers)])
    return counts


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "none shown"


def arms_table(simulations: int) -> Iterator[str]:
    """Arms that are equal."""
    yield "| arms | case | images | seeds | false verdicts | difference covered | mean covered |"
    yield "|---|---|---|---|---|---|---|"
    for arms, cases in ((2, CASES), (10, CASES[::2])):
        for case in cases:
            for images in IMAGES:
                for seeds in SEEDS:
                    counts = cell(case, arms, seeds, images, simulations)
                    yield (
                        f"| {arms} | {case.words} | {images:,} | {seeds} | {percent(counts.called, simulations)} | "
                        f"{percent(counts.gaps_hold, counts.gaps)} | {percent(counts.means_hold, counts.means)} |"
                    )


def power_table(simulations: int) -> Iterator[str]:
    """The first of two arms is better."""
    yield "| case | images | seeds | called better | difference covered |"
    yield "|---|---|---|---|---|"
    for case in POWER_CASES:
        for images in (100, 1000):
            for seeds in SEEDS[1:]:
                counts = cell(case, 2, seeds, images, simulations)
                held = percent(counts.gaps_hold, counts.gaps)
                yield f"| {case.words} | {images:,} | {seeds} | {percent(counts.right_side, simulations)} | {held} |"


CLASSES = (
    ((5, 5, 5, 300), (0.6, 0.6, 0.6, 0.95)),
    ((5, 5, 5, 300), (0.95,) * 4),
    ((3, 3, 3, 300), (0.6, 0.6, 0.6, 0.95)),
    ((3, 3, 3, 300), (0.9,) * 4),
    ((10, 300), (0.6, 0.95)),
    ((10, 300), (0.9, 0.9)),
    ((5, 300), (0.6, 0.95)),
    ((100, 20, 5), (0.9, 0.7, 0.5)),
    ((400, 40, 40, 5), (0.98,) * 4),
    ((300, 30, 10, 4, 4), (0.95, 0.9, 0.7, 0.7, 0.6)),
    ((3,) * 40, (0.9,) * 40),
    ((3,) * 40, (0.6,) * 40),
    ((3,) * 40, tuple(np.linspace(0.5, 1, 40))),
    ((20,) * 10, tuple(np.linspace(0.4, 0.99, 10))),
    ((50,) * 4, (0.8,) * 4),
)


def balanced_table(simulations: int) -> Iterator[str]:
    """Balanced accuracy of classes of unequal size."""
    yield "| images per class | right in % | covered |"
    yield "|---|---|---|"
    for sizes, shares in CLASSES:
        random, truth = np.random.default_rng(list(sizes)), float(np.mean(shares))
        held = 0
        for right in random.binomial(sizes, shares, (simulations, len(sizes))):
            found = balanced_interval(list(zip(map(int, right), sizes, strict=True)))
            held += found.low <= truth <= found.high
        yield f"| {shortly(sizes)} | {shortly(100 * np.array(shares))} | {percent(held, simulations)} |"


def shortly(values: Iterable[float]) -> str:
    found = [f"{value:.0f}" for value in values]
    if len(found) > 5:
        return f"{len(found)} of {found[0]}" if len(set(found)) == 1 else f"{found[0]} to {found[-1]}"
    return ", ".join(found)


QUERIES = 25  # of an episode
EPISODES = Case("seed effect 2.4 points, crossed", 0.75, seed=0.086, crossed=0.15)


def draw_episodes(seeds: int, episodes: int, random: np.random.Generator) -> Drawn:
    """Two equal arms by the share of right queries of each episode; tasks differ in difficulty (deviation 0.4)."""
    inside = 1 + 0.4**2 + EPISODES.crossed**2
    middle = ndtri(EPISODES.accuracy) * np.sqrt(inside + EPISODES.seed**2)
    hard = 0.4 * random.standard_normal(episodes)
    reading = EPISODES.crossed * random.standard_normal((2, 1, episodes))
    effect = EPISODES.seed * random.standard_normal((2, seeds, 1))
    right = random.binomial(QUERIES, ndtr(middle + effect + hard + reading)) / QUERIES
    return Drawn(right, np.full(2, EPISODES.accuracy), ndtr((middle + effect[:, :, 0]) / np.sqrt(inside)))


def episode_arm(title: str, scores: np.ndarray) -> Arm:
    """scores [seeds, episodes]."""
    figures = [
        Evaluated("test/accuracy", float(one.mean()), 0.0, 1.0, one.size, "episodes", {}, scores=one) for one in scores
    ]
    return arm(title, list(zip(RUNS, figures, strict=False)))


def episodes_table(simulations: int) -> Iterator[str]:
    """Two equal arms, tested on episodes."""
    yield "| episodes | seeds | false verdicts | difference covered | mean covered |"
    yield "|---|---|---|---|---|"
    for episodes in (100, 600):
        for seeds in SEEDS:
            random, counts = np.random.default_rng([episodes, seeds]), Counts()
            for _ in range(simulations):
                drawn = draw_episodes(seeds, episodes, random)
                counts.add(drawn, [episode_arm(str(at), scores) for at, scores in enumerate(drawn.answers)])
            yield (
                f"| {episodes} | {seeds} | {percent(counts.called, simulations)} | "
                f"{percent(counts.gaps_hold, counts.gaps)} | {percent(counts.means_hold, counts.means)} |"
            )


TABLES = {"arms": arms_table, "episodes": episodes_table, "power": power_table, "balanced": balanced_table}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--only", choices=TABLES)
    chosen = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {time.strftime('%Y-%m-%d')}, {chosen.simulations:,} a cell")
    for name, table in TABLES.items():
        if chosen.only in (None, name):
            print()
            for line in table(chosen.simulations):
                print(line, flush=True)


if __name__ == "__main__":
    main()
