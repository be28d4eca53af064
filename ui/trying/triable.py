"""What can answer on Try it: saved runs whose weights are still there; exported folders are in `triable_folder`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.errors import ExperimentError, InvalidExperiment
from engine.events import Preparing
from engine.experiment import Experiment
from engine.families import MULTITASK, named
from engine.multitask.titles import learnt, titled
from storage.rows import RunRow

if TYPE_CHECKING:
    from engine.artifacts.saved import SavedModel
    from engine.data.labelled_set import LabelledSet
    from engine.tuning.material import Material
    from engine.using.answerer import Answerer
    from engine.using.nearest import Gallery
    from storage.store import RunStore

WEIGHTS = ("best.safetensors", "last.safetensors")
TOGETHER = "This task was learnt together with others, and cannot be learnt again without them."
MEASURED_SOON = "how sure it may be is being measured, and these answers are given anew then"
Key = int | tuple[int, int] | Path  # of a run its number, with a task's place, of a folder where it lies
Stamp = tuple[tuple[str, int, int], ...]


class Triable(Protocol):
    """key: no other one has it. title: as people call it. reads: "images" or "texts". All the rest takes a while,
    yields `Preparing` and raises `ExperimentError`, also where it is more than this one can do."""

    @property
    def key(self) -> Key: ...
    @property
    def title(self) -> str: ...
    @property
    def reads(self) -> str: ...

    @property
    def stamp(self) -> Stamp:
        """Of the files it is opened from: another where it has learnt on."""
        ...

    def opened(self) -> Generator[Preparing, None, Answerer]: ...

    def unmeasured(self) -> Answerer:
        """What answers while `opened` still measures."""
        ...

    def gallery(self, network: Answerer) -> Generator[Preparing, None, tuple[Gallery, LabelledSet]]:
        """The training images or texts, as the network sees them and as they are."""
        ...

    def learnt_from(self, network: Answerer) -> Generator[Preparing, None, tuple[Material, Experiment]]:
        """The images that it learnt from, and how."""
        ...


@dataclass(frozen=True, slots=True)
class TriableRun:
    """A run with its folder, and the names of its classes as its results tell them; empty where they do not."""

    row: RunRow
    folder: Path
    told: tuple[str, ...] = ()

    @property
    def reads(self) -> str:
        return reads_of(self.row.experiment.backbone.name)

    @property
    def key(self) -> Key:
        return self.row.id

    @property
    def title(self) -> str:
        return self.row.name

    @property
    def stamp(self) -> Stamp:
        return stamp_of(self.folder, WEIGHTS)

    def opened(self) -> Generator[Preparing, None, Answerer]:
        """It is measured once how sure it may be."""
        from engine.using.assured import assured

        return (yield from assured(self._model(), self.folder))

    def unmeasured(self) -> Answerer:
        from engine.using.assured import Assured

        return Assured(self._model(), None, None, MEASURED_SOON)

    def _model(self) -> SavedModel:
        from engine.artifacts.saved import SavedModel

        return SavedModel.open(self.folder, self.row.experiment, self.told)

    def gallery(self, network: Answerer) -> Generator[Preparing, None, tuple[Gallery, LabelledSet]]:
        from engine.data.sources import load
        from engine.using.assured import Assured
        from engine.using.nearest import gallery

        assert isinstance(network, Assured)
        found = yield from gallery(network.model, self.folder)
        return found, load(self.row.experiment.dataset)

    def learnt_from(self, network: Answerer) -> Generator[Preparing, None, tuple[Material, Experiment]]:
        from engine.using.assured import Assured
        from engine.using.own_images import own_images

        assert isinstance(network, Assured)
        material = yield from own_images(network.model, self.folder)
        return material, self.row.experiment


@dataclass(frozen=True, slots=True)
class TaskOfRun:
    """One task of a run that learnt several. place: among them."""

    row: RunRow
    place: int

    @property
    def key(self) -> Key:
        return self.row.id, self.place

    @property
    def name(self) -> str:
        return titled(self.row.name, self.row.experiment, self.place)


@dataclass(frozen=True, slots=True)
class TriableTask:
    """A task of a run, which answers as a run of its own. folder: of the whole run."""

    task: TaskOfRun
    folder: Path

    @property
    def reads(self) -> str:
        return reads_of(self.task.row.experiment.backbone.name)

    @property
    def key(self) -> Key:
        return self.task.key

    @property
    def title(self) -> str:
        return self.task.name

    @property
    def stamp(self) -> Stamp:
        return stamp_of(self.folder, WEIGHTS)

    def opened(self) -> Generator[Preparing, None, Answerer]:
        return (yield from self._alone().opened())

    def unmeasured(self) -> Answerer:
        return self._alone().unmeasured()

    def gallery(self, network: Answerer) -> Generator[Preparing, None, tuple[Gallery, LabelledSet]]:
        return (yield from self._alone().gallery(network))

    def learnt_from(self, network: Answerer) -> Generator[Preparing, None, tuple[Material, Experiment]]:
        yield from ()
        raise InvalidExperiment(TOGETHER, "Write what you labelled as a data set, and train on that from its weights.")

    def _alone(self) -> TriableRun:
        """For the background: what is written there on the first time."""
        from engine.multitask.alone import as_one_task
        from engine.multitask.titles import of_one

        row, place = self.task.row, self.task.place
        folder = as_one_task(self.folder, place, row.experiment)
        return TriableRun(replace(row, experiment=of_one(row.experiment, place)), folder)


@dataclass(frozen=True, slots=True)
class TriableRuns:
    """The newest first, of a run of several tasks each task that it learnt. meets: ended runs that have no classes of
    their own. silent: those that keep no weights."""

    runs: tuple[RunRow | TaskOfRun, ...]
    meets: int = 0
    silent: int = 0


def read_triable(store: RunStore) -> TriableRuns:
    """For the storage thread."""
    ended = [row for row in store.runs() if not row.is_live and row.is_readable and not row.archived]
    kept = [row for row in ended if keeps_weights(store.directory(row))]
    fixed = [row for row in kept if named(row.family) is MULTITASK or _has_classes(row)]
    order = sorted(fixed, key=lambda row: -(row.ended or row.created))
    runs = tuple(one for row in order for one in (tasks_of_run(row) if named(row.family) is MULTITASK else (row,)))
    return TriableRuns(runs, len(kept) - len(fixed), len(ended) - len(kept))


def _has_classes(row: RunRow) -> bool:
    return named(row.family).divides == "images" and named(row.family).answers


def tasks_of_run(row: RunRow) -> tuple[TaskOfRun, ...]:
    """None where this version does not know its method any more."""
    with suppress(ExperimentError):
        return tuple(TaskOfRun(row, place) for place in learnt(row.experiment))
    return ()


def keeps_weights(folder: Path) -> bool:
    return any((folder / name).is_file() for name in WEIGHTS)


def stamp_of(folder: Path, names: Sequence[str]) -> Stamp:
    """Name, time and size of each of these files that is there."""
    found = []
    for name in names:
        with suppress(OSError):
            seen = (folder / name).stat()
            found.append((name, seen.st_mtime_ns, seen.st_size))
    return tuple(found)


def read_one(store: RunStore, key: int | tuple[int, int]) -> TriableRun | TriableTask:
    """For the storage thread; raises `StorageError`."""
    if isinstance(key, int):
        row = store.run(key)
        return TriableRun(row, store.directory(row), store.class_names(row.id))
    row = store.run(key[0])
    return TriableTask(next(one for one in tasks_of_run(row) if one.place == key[1]), store.directory(row))


def reads_of(backbone: str) -> str:
    """What a network answers: "images", also where it is not known any more, or "texts"."""
    from engine.backbones import catalog

    return catalog.backbone(backbone).form.kind if catalog.is_known(backbone) else "images"
