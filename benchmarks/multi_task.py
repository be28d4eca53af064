"""Multi-task or transfer? Two tasks on one trunk: each alone, one after the other, both at once; and how to weigh them.

    python -m benchmarks.multi_task --pair digits --workspace DIR [--seeds 5] [--epochs 10] [--labels 10]
        [--batch 16] [--omniglot FOLDER] [--classes 40] [--without-weights]

digits: the first and the second half of the digits. omniglot: the alphabet and the character of the same images.
Conv-4 from random weights; every stage has as many steps of as many images of each task. "a alone" is the first stage
of "a then b", to the last bit (a test holds that). Then the plain sum with a swept share of the first task against the
other ways, and the conflicts of the plain sum, block by block. Figures are means over seeds, which draw weights and
labels; test images are the same. Nothing is chosen by test images, nor by validation images, of which there is one a
class: the last step is tested.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import machine
from engine.comparison.intervals import mean_interval
from engine.events import Evaluated, Metrics, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, TaskChoice
from engine.multitask.testing import BEFORE, PROBE
from engine.multitask.titles import titles

ARMS = {
    "a then b": "one after the other", "b then a": "the other way round", "both at once": "all at once",
    "both, then a": "at once, then first",
}  # fmt: skip
SHARES = (0.2, 0.35, 0.65, 0.8)
PAIRS = {"digits": (), "omniglot": (TaskChoice(labels="groups"), TaskChoice(labels="classes"))}
Told = tuple[dict[str, float], dict[str, list[float]]]


def experiment(given: argparse.Namespace, method: str, seed: int, **values: object) -> Experiment:
    path = str(given.omniglot) if given.pair == "omniglot" else None
    data = DatasetChoice(
        name=given.pair, path=path, labels_per_class=given.labels, validation_per_class=1,
        classes=given.classes if given.pair == "omniglot" else None,
    )  # fmt: skip
    short = {"epochs": given.epochs, "batch_size": given.batch, "conflicts_every": 4}
    return Experiment(
        dataset=data, backbone=BackboneChoice(name="conv4"), tasks=PAIRS[given.pair], seed=seed,
        method=MethodChoice(name=method, hyperparameters={**short, **values}),
    )  # fmt: skip


def told(one: Experiment, folder: Path) -> Told:
    """(figures by name, cosines by block) of a run; raises `SystemExit` where it fails."""
    figures: dict[str, float] = {}
    cosines: dict[str, list[float]] = {}
    for event in execute(one, folder):
        if isinstance(event, Evaluated):
            figures[event.name.removeprefix("test/accuracy").removeprefix(", ")] = event.value
        elif isinstance(event, Metrics):
            for name, value in event.values.items():
                if name.startswith("conflict/"):
                    cosines.setdefault(name.removeprefix("conflict/"), []).append(value)
        elif isinstance(event, RunFailed):
            raise SystemExit(f"{event.message} {event.advice}")
    return figures, cosines


def row(title: str, runs: Sequence[Told], names: Sequence[str]) -> str:
    """A line of the table; "–" where an arm has no such figure."""
    cells = []
    for name in names:
        values = [figures[name] for figures, _ in runs if name in figures]
        found = mean_interval(values) if values else None
        spread = f" ({100 * found.low:.1f} to {100 * found.high:.1f})" if found is not None and found.known else ""
        cells.append("–" if found is None else f"{100 * found.value:.1f}{spread}")
    return f"| {title} | " + " | ".join(cells) + " |"


def gain(runs: Sequence[Told], alone: Sequence[dict[str, float]], names: Sequence[str]) -> str:
    """Mean over both tasks of (at once - alone) / alone, in percent, with its interval over seeds."""
    each = [
        float(np.mean([(figures[name] - single[name]) / single[name] for name in names]))
        for (figures, _), single in zip(runs, alone, strict=True)
    ]
    found = mean_interval(each)
    return f"{100 * found.value:+.1f} % ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", choices=tuple(PAIRS), default="digits")
    parser.add_argument("--omniglot", type=Path)
    parser.add_argument("--classes", type=int, default=40)
    parser.add_argument("--labels", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--without-weights", action="store_true", help="the arms alone, without other ways to weigh")
    parser.add_argument("--workspace", type=Path, required=True)
    given = parser.parse_args()
    print(machine())
    first, second = titles(experiment(given, "equal", 0))
    print(f"a: {first}, b: {second}; {given.labels} labels a class, {given.epochs} epochs a stage, {given.seeds} seeds")
    runs = {
        arm: [told(experiment(given, "equal", seed, order=order), given.workspace / "runs" / f"{order}-{seed}")
              for seed in range(given.seeds)]
        for arm, order in ARMS.items()
    }  # fmt: skip
    before = {name: f"{name}, {BEFORE}" for name in (first, second)}
    alone = [
        {first: one[before[first]], second: other[before[second]]}
        for (one, _), (other, _) in zip(runs["a then b"], runs["b then a"], strict=True)
    ]
    names = (first, second, f"{first}, {PROBE}", f"{second}, {PROBE}")
    print("| | a | b | a, new head | b, new head |\n|---|---|---|---|---|")
    print(row("each alone", [(one, {}) for one in alone], names))
    for arm, found in runs.items():
        print(row(arm, found, names))
    print("at once against alone:", gain(runs["both at once"], alone, (first, second)), flush=True)
    cosines = [one for _, one in runs["both at once"]]
    for block in cosines[0]:
        values = np.concatenate([one[block] for one in cosines])
        print(f"{block}: mean cosine {values.mean():+.2f}, below 0 in {100 * (values < 0).mean():.0f} % of steps")
    if not given.without_weights:
        weighed(given, runs["both at once"], (first, second))


def weighed(given: argparse.Namespace, plain: Sequence[Told], names: Sequence[str]) -> None:
    """Other shares of the plain sum, then the other ways."""
    ways: dict[str, tuple[str, dict[str, object]]] = {
        **{f"share of a {share:g}": ("fixed_weights", {"share": share}) for share in SHARES},
        **{name: (name, {}) for name in ("uncertainty", "gradnorm", "pcgrad", "upgrad")},
    }
    print("| | a | b | mean |\n|---|---|---|---|")
    print(row("plain sum", plain, (*names, "")))
    for title, (method, values) in ways.items():
        found = [
            told(experiment(given, method, seed, **values), given.workspace / "runs" / f"{title}-{seed}")
            for seed in range(given.seeds)
        ]
        print(row(title, found, (*names, "")), flush=True)


if __name__ == "__main__":
    main()
