"""What every fine-tuning method promises, as checks that take any: a new one is held to them without a line of its own.

What learns and what is frozen is read from the method's own table and picture, never from its name.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.artifacts.bookmark import Bookmark
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone, batch_norms, snapshot
from engine.events import Event, Metrics
from engine.machine.limits import Limits
from engine.methods.tuning.full_ft import FullFineTuning
from engine.preparation.inputs import Labelled, Normaliser
from engine.registry import HyperparameterField, fields
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod
from engine.tuning.trainable import count_trainable
from engine.tuning.training import FineTuning
from tests.engine.methods.fitting import fitting
from tests.engine.tuning.resuming import figures, keep_every_point, points, up_to
from tests.engine.tuning.striped import stripes

SHARED = (
    {"optimiser": "SGD"}, {"batch_norm": "pretrained statistics"}, {"batch_norm": "batch statistics"}, {"ema": 0.9},
    {"mixup": 0.4}, {"augmentation": "shift and turn"}, {"label_smoothing": 0.1}, {"class_weights": "balanced"},
    {"clip_norm": 0.5}, {"tested": "last epoch"}, {"schedule": "one-cycle"},
)  # fmt: skip
TOGETHER = (
    {"optimiser": "SGD", "batch_norm": "pretrained statistics", "mixup": 0.4, "augmentation": "shift and turn"},
    {"batch_norm": "batch statistics", "ema": 0.9, "clip_norm": 0.5, "schedule": "one-cycle"},
    {"label_smoothing": 0.1, "class_weights": "balanced", "tested": "last epoch"},
)  # the same options, several at once
SHORT = {"epochs": 3, "probe_epochs": 2, "epochs_per_block": 1, "rank": 2, "batch_size": 5, "learning_rate": 0.01}


@dataclass(frozen=True)
class TuningCase:
    kind: type[FineTuneMethod]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return "-".join([self.kind.name, *(f"{name}_{value}" for name, value in self.values.items())])

    def method(self, **more: Any) -> Any:
        return self.kind.from_values(fitting(self.kind, SHORT | more) | self.values)


def tuning_cases_of(kind: type[FineTuneMethod]) -> list[TuningCase]:
    """As it is, with each other value of a choice of its own, and with the options that all share: of the method that
    has nothing else each alone, of the others several at once."""
    rows = {row.name: row for row in fields(kind, tuple(trunk()))}
    own = [{n: v} for n, row in rows.items() if n not in FineTuneHyperparameters.model_fields for v in row.choices]
    wanted = SHARED if kind is FullFineTuning else TOGETHER
    shared = [{name: value for name, value in values.items() if other(rows, name, value)} for values in wanted]
    return [TuningCase(kind, values) for values in ({}, *own, *filter(None, shared))]


def other(rows: Mapping[str, HyperparameterField], name: str, value: Any) -> bool:
    """Whether it is one of the method's values, and not the usual one."""
    return name in rows and value != rows[name].default and (not rows[name].choices or value in rows[name].choices)


def trunk() -> dict[str, nn.Module]:
    """Without biases before batch norm, which could not change anything; 1x1 convolutions for low-rank changes."""
    stem = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    middle = nn.Sequential(nn.Conv2d(4, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2))
    last = nn.Sequential(nn.Conv2d(6, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
    return {"one": stem, "two": middle, "three": last}


def tuning(
    case: TuningCase, train: Labelled, validation: Labelled, bookmark: Bookmark | None = None, **more: Any
) -> FineTuning:
    torch.manual_seed(0)
    model = Backbone(trunk(), 4, 2)
    checkpoints = Checkpoints(Path(tempfile.mkdtemp()), bookmark)
    parts = (train, validation, Normaliser(8, 1), checkpoints, Limits())
    return FineTuning(model, case.method(**more), *parts, seed=0)


@dataclass(frozen=True)
class Ended:
    """A training after its end: what it said, the state before it, and the names of all that changed."""

    run: FineTuning
    said: list[Event]
    before: Mapping[str, Tensor]
    changed: set[str]

    def block(self, name: str) -> str:
        return name.removeprefix("blocks.").split(".")[0]


def ended(case: TuningCase) -> Ended:
    run = tuning(case, stripes(), stripes(8), Bookmark(Path(tempfile.mkdtemp())))
    before = snapshot(run.model)
    said = list(run.events())
    after = snapshot(run.model)
    return Ended(run, said, before, {name for name, value in before.items() if not torch.equal(value, after[name])})


def what_is_frozen_stays_to_the_last_bit(case: TuningCase, end: Ended) -> None:
    """Parameters and the running statistics of batch norm; and all else is moved, but where rates are measured."""
    picture = case.kind.picture(end.run.method.hyperparameters.model_dump(), end.run.model.block_names)
    moving = {block for block, what in picture.items() if what != "frozen"}
    moved = {end.block(name) for name in end.changed}
    assert moved <= moving if end.run.method.measures_rates else moved == moving


def pretrained_statistics_stay(case: TuningCase, end: Ended) -> None:
    for block, row in end.run.table.items():
        moved = {name for name in end.changed if end.block(name) == block and "running" in name}
        learns = row.rate > 0 and row.from_epoch < end.run.method.epochs and row.batch_norm == "batch statistics"
        assert bool(moved) == (learns and any(batch_norms(end.run.model.block(block))))


def what_learns_is_what_is_told(case: TuningCase, end: Ended) -> None:
    """As many parameters change as are told; of a low-rank change its factors count."""
    run, rank = end.run, getattr(end.run.method.hyperparameters, "rank", 0)
    sizes = {name: end.before[name].numel() for name, _ in run.model.named_parameters() if name in end.changed}
    for name in sizes:
        if run.table[end.block(name)].trains == "low-rank":
            sizes[name] = rank * (len(end.before[name]) + end.before[name][0].numel())
    told = count_trainable(run.model, run.method)  # a rate that is measured may keep a tensor where it is
    assert sum(sizes.values()) <= told if run.method.measures_rates else sum(sizes.values()) == told


def nothing_is_left_to_chance_nor_to_an_end(case: TuningCase, end: Ended) -> None:
    """The same again to the last bit, whatever was drawn in between and wherever it was cut off, twice, and resumed."""
    first = random.Random(case.title).randint(1, points(end.said))
    second = random.Random(case.title).randint(1, max(1, points(end.said) - first))
    folder, said = Path(tempfile.mkdtemp()), list[Event]()
    for cut in (first, second, 0):
        torch.rand(3)
        run, told = resumed(case, folder), list[Event]()
        for point in up_to(run.events(), cut, told):
            point.write({})
            break
        said += told
    assert figures(said) == figures(end.said)
    again, best = run.model.state_dict(), run.checkpoints
    assert all(torch.equal(value, again[name]) for name, value in end.run.model.state_dict().items())
    assert best.best is not None
    assert best.best_step == end.run.checkpoints.best_step
    assert all(torch.equal(value, best.best[name]) for name, value in (end.run.checkpoints.best or {}).items())


def resumed(case: TuningCase, folder: Path) -> FineTuning:
    """A new training that goes on from what is kept in the folder."""
    bookmark = Bookmark(folder)
    bookmark.read()
    run = tuning(case, stripes(), stripes(8), bookmark)
    if bookmark.found is not None:
        run.load_state(bookmark.found)
    return run


TUNING_CHECKS: tuple[Callable[[TuningCase, Ended], None], ...] = (
    what_is_frozen_stays_to_the_last_bit, pretrained_statistics_stay, what_learns_is_what_is_told,
    nothing_is_left_to_chance_nor_to_an_end,
)  # fmt: skip


def hold(kind: type[FineTuneMethod]) -> None:
    """All checks on all cases of this method."""
    with pytest.MonkeyPatch.context() as patch:
        keep_every_point(patch)
        for case in tuning_cases_of(kind):
            end = ended(case)
            for check in TUNING_CHECKS:
                try:
                    check(case, end)
                except Exception as error:
                    error.add_note(f"{check.__name__} in the case {case.title}")
                    raise


def follows_the_labels(kind: type[FineTuneMethod]) -> None:
    """Worse than chance on other images where the labels that it learns from are exchanged, and better else."""
    train, other = stripes(24), stripes(40, seed=2)
    longer = {"epochs": 20, "probe_epochs": 40, "learning_rate": 0.02, "batch_size": 8}
    last = []
    for labels in (train.labels, 1 - train.labels):
        run = tuning(TuningCase(kind), Labelled(train.inputs, labels, train.ids), other, **longer)
        told = [e.values["val/accuracy"] for e in run.events() if isinstance(e, Metrics) and "val/accuracy" in e.values]
        last.append(told[-1])
    assert last[0] > last[1] + 0.25
    assert last[0] >= 0.5 > last[1]
