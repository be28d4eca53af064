"""How well images of a class that was never learnt are told from the others, and what a temperature does to them.

    python -m benchmarks.none_of_these trashnet --photos FOLDER --weights own:NAME --workspace DIR [--seeds 5]
    python -m benchmarks.none_of_these omniglot --photos FOLDER [--known 60] [--seeds 5]

trashnet: each class in turn is left out. omniglot: characters of the evaluation alphabets, so many known and as many
held out. A logistic head of the program's usual strength learns the known classes from frozen features (half of the
images of each, at most --labels). 20 % choose the temperature and the threshold, 30 % are tested, beside all images
of what was left out. AUROC of each score; the share of both kinds that is called none of these; calibration error.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import logsumexp, softmax

from benchmarks.measure import machine
from engine.bench.features import FeatureKind, embedded
from engine.comparison.intervals import mean_interval
from engine.comparison.reliability import Answered
from engine.comparison.temperature import probabilities, temperature_of
from engine.comparison.unlike import RATE, Learnt
from engine.data.sources import load
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from engine.heads.head import prepared
from engine.heads.logistic import Logistic
from engine.machine.places import settle

Array = np.ndarray


@dataclass(frozen=True)
class Part:
    features: Array
    logits: Array
    labels: Array


@dataclass(frozen=True)
class Case:
    """One division. other: images of what was never learnt."""

    train: Part
    validation: Part
    test: Part
    other: Part


# The scores that are compared; of each the larger is the less like what was learnt


def unit(values: Array) -> Array:
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def means(train: Part) -> Array:
    return np.stack([unit(train.features)[train.labels == one].mean(0) for one in np.unique(train.labels)])


def largest_probability(_: Part, asked: Part) -> Array:
    return -softmax(asked.logits, 1).max(1)


def energy(_: Part, asked: Part) -> Array:
    return -logsumexp(asked.logits, axis=1)


def nearest_mean(train: Part, asked: Part) -> Array:
    return np.stack([((unit(asked.features) - mean) ** 2).sum(1) for mean in means(train)]).min(0)


def nearest_neighbour(train: Part, asked: Part) -> Array:
    """The program's own."""
    return Learnt(unit(train.features)).unlikeness(unit(asked.features))


def neighbour(count: int) -> Callable[[Part, Part], Array]:
    def score(train: Part, asked: Part) -> Array:
        return -np.sort(unit(asked.features) @ unit(train.features).T, axis=1)[:, -count]

    return score


def shrunk(values: Array, ridge: float) -> Array:
    """The inverse of a covariance of rows [n, d] around 0, drawn towards a ball."""
    spread = values.T @ values / len(values)
    return np.linalg.inv((1 - ridge) * spread + ridge * np.trace(spread) / len(spread) * np.eye(len(spread)))


def distances(asked: Array, centres: Array, inverse: Array) -> Array:
    return np.stack([np.einsum("nd,de,ne->n", asked - one, inverse, asked - one) for one in centres], 1)


def mahalanobis(train: Part, asked: Part, ridge: float = 0.1) -> Array:
    known, centres = unit(train.features), means(train)
    within = known - centres[np.searchsorted(np.unique(train.labels), train.labels)]
    return distances(unit(asked.features), centres, shrunk(within, ridge)).min(1)


def relative_mahalanobis(train: Part, asked: Part, ridge: float = 0.1) -> Array:
    known = unit(train.features)
    whole = shrunk(known - known.mean(0), ridge)
    return mahalanobis(train, asked, ridge) - distances(unit(asked.features), known.mean(0)[None], whole)[:, 0]


SCORES = {
    "largest probability": largest_probability,
    "energy (Liu 2020)": energy,
    "nearest class mean": nearest_mean,
    "nearest neighbour (Sun 2022), k = 1": nearest_neighbour,
    "nearest neighbour, k = 10": neighbour(10),
    "Mahalanobis (Lee 2018)": mahalanobis,
    "relative Mahalanobis (Ren 2021)": relative_mahalanobis,
}


def auroc(known: Array, other: Array) -> float:
    """The share of pairs in which the one that was never learnt is the less like; a tie is half."""
    ordered = np.sort(known)
    below, upto = (np.searchsorted(ordered, other, side=side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(known)))


# The divisions


def cases(features: Array, labels: Array, left_out: Array, most: int, seed: int) -> Case:
    """features [n, d] and labels [n] of all images; left_out: classes that are not learnt."""
    rng, known = np.random.default_rng(seed), np.setdiff1d(np.unique(labels), left_out)
    parts: tuple[list[Array], ...] = [], [], []
    for one in known:
        order = rng.permutation(np.flatnonzero(labels == one))
        test, validation = (3 * len(order) + 5) // 10, (2 * len(order) + 5) // 10
        for part, ids in zip(parts, np.split(order, [test, test + validation])[::-1], strict=True):
            part.append(ids)
    train, validation, test = np.concatenate([ids[:most] for ids in parts[0]]), *map(np.concatenate, parts[1:])
    prepare = prepared(Logistic(), features[train])
    places = np.searchsorted(known, labels)
    score = Logistic().fit(prepare(features[train]), places[train], len(known))
    every = (train, validation, test, np.flatnonzero(np.isin(labels, left_out)))
    return Case(*(Part(features[ids], score(prepare(features[ids])), places[ids]) for ids in every))


def figures(case: Case) -> dict[str, float]:
    """Of one division, by name."""
    found = {}
    for name, score in SCORES.items():
        chosen, known, other = (score(case.train, part) for part in (case.validation, case.test, case.other))
        threshold = np.quantile(chosen, 1 - RATE, method="higher")
        found[f"{name}: AUROC"] = auroc(known, other)
        found[f"{name}: known refused %"] = 100 * float((known > threshold).mean())
        found[f"{name}: others refused %"] = 100 * float((other > threshold).mean())
    temperature = temperature_of(case.validation.logits, case.validation.labels)
    for name, one in (("before", 1.0), ("after", temperature)):
        answered = Answered.of(probabilities(case.test.logits, one), case.test.labels)
        found[f"calibration error {name} %"] = 100 * answered.error()
    found["temperature"] = temperature
    found["accuracy %"] = 100 * float((case.test.logits.argmax(1) == case.test.labels).mean())
    return found


def ended(generator: Generator[object, None, Array]) -> Array:
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def trashnet(given: argparse.Namespace) -> Iterator[tuple[str, list[Case]]]:
    backbone = BackboneChoice(name="squeezenet1_0", weights=given.weights, preparation="own")
    data = load(DatasetChoice(name="folder", path=str(given.photos)))
    kind = FeatureKind.of(Experiment(backbone=backbone), given.workspace / "runs")
    features = ended(embedded(data, np.arange(len(data)), kind))
    for place, name in enumerate(data.class_names):
        yield name, [cases(features, data.labels, np.array([place]), given.labels, s) for s in range(given.seeds)]


def omniglot(given: argparse.Namespace) -> Iterator[tuple[str, list[Case]]]:
    data = load(DatasetChoice(name="omniglot", path=str(given.photos)))
    wanted = np.array([place for place, home in enumerate(data.alphabets or ()) if home in data.held_out])
    ids = np.flatnonzero(np.isin(data.labels, wanted))
    kind = FeatureKind.of(
        Experiment(backbone=BackboneChoice(name="conv4", weights="omniglot-protonet")), given.workspace / "runs"
    )
    features, found = ended(embedded(data, ids, kind)), []
    for seed in range(given.seeds):
        drawn = np.random.default_rng([seed, 1]).permutation(wanted)[: 2 * given.known]
        used = np.isin(data.labels[ids], drawn)
        found.append(cases(features[used], data.labels[ids][used], drawn[given.known :], given.labels, seed))
    yield f"{given.known} characters known, {given.known} others", found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=("trashnet", "omniglot"))
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--known", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    settle(given.workspace)
    print(machine())
    for title, found in {"trashnet": trashnet, "omniglot": omniglot}[given.data](given):
        rows = [figures(case) for case in found]
        print(
            f"\n{title}: {len(found)} seeds, {len(found[0].test.labels)} known and {len(found[0].other.labels)} others"
        )
        for name in rows[0]:
            each = mean_interval(row[name] for row in rows)
            print(f"  {name:45} {each.value:.3f} ({each.low:.3f} to {each.high:.3f})", flush=True)


if __name__ == "__main__":
    main()
