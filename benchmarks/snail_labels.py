"""Does SNAIL read its labels? Glyphs, 5-way 1-shot, Conv-4 from random weights, each seed on the same test episodes.

    python -m benchmarks.snail_labels [--steps 250] [--seeds 0 1 2]

Tested with the support set as it comes, in four random orders, and with its labels exchanged at random, which has to
bring a network that reads them to chance; beside it the same network trained as long with every label hidden.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from benchmarks.measure import machine, save
from engine.adaptation.objective import score
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.comparison.intervals import Interval, episode_interval, mean_interval
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine.limits import Limits, heeding
from engine.meta.run import build, read_tasks
from engine.meta.task import Tasks
from engine.meta.training import MetaTraining
from engine.method import Classifier
from engine.methods.meta.snail import SNAIL
from engine.registry import complete

ORDERS = 4
Change = Callable[[Tensor, Tensor, np.random.Generator], tuple[Tensor, Tensor]]


class Unlabelled(SNAIL):
    """Every support image has the label 0."""

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        return super().classify_features(model, features, torch.zeros_like(targets), way)


def as_it_comes(x: Tensor, y: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    return x, y


def reordered(x: Tensor, y: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    order = torch.from_numpy(rng.permutation(len(y)))
    return x[order], y[order]


def relabelled(x: Tensor, y: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    return x, y[torch.from_numpy(rng.permutation(len(y)))]


def experiment(given: argparse.Namespace, seed: int) -> Experiment:
    values = {
        "steps": given.steps, "test_episodes": given.episodes, "validation_episodes": 50, "validate_every": 50,
    }  # fmt: skip
    return complete(
        Experiment(
            dataset=DatasetChoice(name="glyphs"),
            backbone=BackboneChoice(name="conv4"),
            method=MethodChoice(name="snail", hyperparameters=values),
            seed=seed,
        )
    )


def trained(kind: type[SNAIL], wanted: Experiment) -> tuple[SNAIL, Backbone, Tasks]:
    """The method, its network with the weights of the best validation, and the tasks."""
    method: SNAIL = kind.from_values(wanted.method.hyperparameters)
    tasks = last(heeding(Limits(), read_tasks(wanted, method, torch.device("cpu"))))
    model = build(wanted, method, tasks, Path())
    with TemporaryDirectory() as folder:
        checkpoints = Checkpoints(Path(folder))
        for _ in MetaTraining(model, method, tasks, checkpoints, Limits(), seed=wanted.seed).events():
            pass
    assert checkpoints.best is not None
    model.load_state_dict(checkpoints.best)
    return method, model.eval(), tasks


def last(events: Iterator[object]) -> Tasks:
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


@torch.no_grad()
def tested(
    method: SNAIL, model: Backbone, tasks: Tasks, changes: Mapping[str, Sequence[Change]]
) -> dict[str, np.ndarray]:
    """Accuracy on each test episode, float64 [times, episodes], with its support set changed in each of these ways."""
    rng = np.random.default_rng(0)
    found: dict[str, list[list[float]]] = {name: [[] for _ in times] for name, times in changes.items()}
    for item in tasks.test:
        task = tasks.task(item)
        support, query = (method.embed(model, inputs) for inputs in (task.support_inputs, task.query_inputs))
        for name, times in changes.items():
            for place, change in enumerate(times):
                x, y = change(support, task.support_targets, rng)
                answers = method.classify_features(model, x, y, task.way)(query)
                found[name][place].append(float(score(answers, task.query_targets)))
    return {name: np.array(scores) for name, scores in found.items()}


def of_seed(given: argparse.Namespace, seed: int) -> dict[str, Interval]:
    wanted = experiment(given, seed)
    changes = {"as it comes": [as_it_comes], "reordered": [reordered] * ORDERS, "relabelled": [relabelled] * ORDERS}
    scores = tested(*trained(SNAIL, wanted), changes)
    without = tested(*trained(Unlabelled, wanted), {"as it comes": [as_it_comes]})["as it comes"][0]
    plain = scores["as it comes"][0]
    return {
        "accuracy": episode_interval(plain),
        "change by another order": episode_interval(scores["reordered"].mean(0) - plain),
        "labels exchanged": episode_interval(scores["relabelled"].mean(0)),
        "trained without labels": episode_interval(without),
        "gain by labels": episode_interval(plain - without),
    }


def shown(interval: Interval) -> str:
    return f"{100 * interval.value:.1f} ± {50 * (interval.high - interval.low):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--episodes", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    print(machine(), flush=True)
    rows: list[dict[str, object]] = []
    means: dict[str, list[float]] = {}
    for seed in given.seeds:
        begin = time.process_time()
        found = of_seed(given, seed)
        for name, interval in found.items():
            means.setdefault(name, []).append(interval.value)
        told = {name: shown(interval) for name, interval in found.items()}
        rows.append({"seed": seed, "steps": given.steps, "seconds": round(time.process_time() - begin), **told})
        print(rows[-1], flush=True)
    for name, values in means.items():
        print(f"{name}: {shown(mean_interval(values))} over {len(values)} seeds", flush=True)
    save("snail-labels", rows, given.workspace)


if __name__ == "__main__":
    main()
