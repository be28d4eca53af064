"""What a study will take, told before its first run: a few of its cells are timed as a run is before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.data.images import Cancel
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import Cancelled
from engine.events import CLUSTER
from engine.experiment import Experiment
from engine.families import Cost, family
from engine.preflight.cost import estimate
from engine.studies.cells import Cell, cells
from engine.studies.study import Study

Like = tuple[int | None, float | None, str]  # arm, learning rate; of what is trained first what it is


@dataclass
class Alike:
    """Cells that differ in labels, condition and seed alone. counts: label count -> its cells."""

    counts: dict[int | None, list[Cell]] = field(default_factory=dict)

    def seconds(self) -> float:
        """Of all of them. Those of fewest and most examples are timed and the others lie between; each shot is timed,
        which is no number of examples."""
        if family(self._one).divides == "classes":
            return sum(len(of) * _cost(of[0]).seconds for of in self.counts.values())
        sizes = {labels: examples(of[0].experiment) for labels, of in self.counts.items()}
        few, many = (choose(sizes, key=lambda one: sizes[one]) for choose in (min, max))
        ends = _cost(self.counts[few][0]), _cost(self.counts[many][0])
        least, most = (cost.seconds - self._once(cost) for cost in ends)
        slope = (most - least) / max(1, sizes[many] - sizes[few])
        runs = sum(len(of) * (least + slope * (sizes[labels] - sizes[few])) for labels, of in self.counts.items())
        return runs + max(self._once(cost) for cost in ends)

    @property
    def _one(self) -> Experiment:
        return next(iter(self.counts.values()))[0].experiment

    def _once(self, cost: Cost) -> float:
        """Of a bench the pass through the network, whose features are kept for all that ask again."""
        return cost.seconds_per_epoch if family(self._one).view == "bench" else 0.0


def study_seconds(study: Study, cancelled: Cancel | None = None) -> float:
    """Of all runs of a study, one after the other, without reading the data; some seconds of work, most of it in torch.

    Raises `ExperimentError` where a run of it cannot be, `Cancelled` when asked to stop.
    """
    total = 0.0
    for alike in _alike(study):
        if cancelled is not None and cancelled():
            raise Cancelled
        total += alike.seconds()
    return total


def _alike(study: Study) -> Iterator[Alike]:
    found: dict[Like, Alike] = {}
    for cell in cells(study):
        what = "" if cell.arm is not None else _first(cell.experiment)
        of = found.setdefault((cell.arm, cell.rate, what), Alike())
        of.counts.setdefault(cell.labels, []).append(cell)
    yield from found.values()


def _first(experiment: Experiment) -> str:
    """What is trained first, whatever its split."""
    data = experiment.dataset.model_copy(update={"split_seed": 0})
    return experiment.model_copy(update={"dataset": data, "seed": 0}).digest()


def examples(experiment: Experiment) -> int:
    """That a run learns from."""
    return len(split_images(load(experiment.dataset), experiment.dataset, experiment.seed).train)


def _cost(cell: Cell) -> Cost:
    """As if its network were there: what is trained first is not yet, and how long steps take hangs on no weights. What
    a cluster works is timed on this machine's processor."""
    known = {"weights": "random", "what_it_keeps": "not measured"}
    backbone = cell.experiment.backbone.model_copy(update=known)
    device = "cpu" if cell.experiment.device == CLUSTER else cell.experiment.device
    return estimate(cell.experiment.model_copy(update={"backbone": backbone, "device": device}))
