"""What LP-FT's first head on MiniLM is worth before anything else learns: by steps, and fitted to the end.

    python -m benchmarks.first_head --texts FOLDER --workspace DIR [--draws 5]

FOLDER as for `benchmarks.texts`. Test accuracy on the same frozen features and the same labels: AdamW on standardised
features, as LP-FT's steps do it (100 epochs of 32, 1e-2, decay 1); the same on features of length 1, standardised;
logistic regression to the end on features of length 1; and its head on plain features, as if each had their mean
length, which is what LP-FT begins with. No network is trained.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.measure import machine
from benchmarks.text_sets import MINILM, drained, labelled, pair
from engine.bench.features import FeatureKind, embedded
from engine.comparison.intervals import mean_interval
from engine.data.text_set import TextSet
from engine.tuning.solving import Solving

SETS = {"amazon": (10, 50), "imdb": (10, 50), "yelp": (10, 50), "banking77": (10,), "hwu64": (10,), "clinc150": (10,)}
EPOCHS, BATCH, RATE, DECAY = 100, 32, 1e-2, 1.0
Answers = Callable[[Tensor], Tensor]


def features(data: TextSet, ids: np.ndarray, workspace: Path) -> Tensor:
    return torch.from_numpy(drained(embedded(data, ids, FeatureKind(MINILM, workspace / "runs"))))


def by_steps(given: Tensor, labels: Tensor, classes: int, draw: int) -> Answers:
    """AdamW along a cosine on these features, standardised."""
    mean, deviation = given.mean(0), given.std(0, unbiased=False)
    known, order = (given - mean) / deviation, torch.Generator().manual_seed(draw)
    torch.manual_seed(draw)
    head = torch.nn.Linear(given.shape[1], classes)
    optimiser = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * math.ceil(len(given) / BATCH)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(EPOCHS):
        for part in torch.randperm(len(given), generator=order).split(BATCH):
            optimiser.zero_grad()
            F.cross_entropy(head(known[part]), labels[part]).backward()
            optimiser.step()
            falling.step()
    return lambda asked: head((asked - mean) / deviation).detach()


def to_the_end(given: Tensor, labels: Tensor, classes: int) -> Answers:
    solving = Solving(F.normalize(given, dim=1), labels, classes)
    for _ in solving.rounds():
        pass
    return lambda asked: F.linear(asked, solving.weight, solving.bias).detach()


def figures(name: str, count: int, draw: int, args: argparse.Namespace) -> dict[str, float]:
    """Percent of the test texts told, by what the head is."""
    train, test = pair(name, args.texts)
    ids, classes = labelled(train.labels, count, draw), len(train.class_names)
    given, asked = (features(one, at, args.workspace) for one, at in ((train, ids), (test, np.arange(len(test)))))
    labels, truth = (torch.from_numpy(one) for one in (train.labels[ids], test.labels))
    unit, asked_unit = F.normalize(given, dim=1), F.normalize(asked, dim=1)
    solved = to_the_end(given, labels, classes)
    found = {
        "by steps": by_steps(given, labels, classes, draw)(asked),
        "by steps, length 1": by_steps(unit, labels, classes, draw)(asked_unit),
        "to the end, length 1": solved(asked_unit),
        "the same on plain features": solved(asked / given.norm(dim=1).mean()),
    }
    return {what: 100 * float((said.argmax(1) == truth).float().mean()) for what, said in found.items()}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--texts", type=Path, required=True)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--draws", type=int, default=5)
    args = asked.parse_args()
    print(machine())
    for name, counts in SETS.items():
        for count in counts:
            draws = [figures(name, count, draw, args) for draw in range(args.draws)]
            ahead = mean_interval(one["the same on plain features"] - one["by steps"] for one in draws)
            cells = [[one[what] for one in draws] for what in draws[0]]
            told = " | ".join(f"{np.mean(cell):.1f} ({np.std(cell, ddof=1):.1f})" for cell in cells)
            print(
                f"| {name}, {count} | {told} | {ahead.value:+.1f} ({ahead.low:+.1f} to {ahead.high:+.1f}) |", flush=True
            )


if __name__ == "__main__":
    main()
