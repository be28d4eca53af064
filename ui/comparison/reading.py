"""What the Compare page asks the storage thread and the background for; nothing here waits in the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine import metrics
from engine.errors import StorageError
from engine.experiment import Experiment
from ui.background import Background
from ui.comparison.sides import ComparedRun, load, load_curves
from ui.figures.kept_paths import CURVES, is_kept
from ui.widgets.large_image import Found

if TYPE_CHECKING:
    from storage.store import Curve, RunRow, RunStore

Answer = Callable[[list[Found]], None]
FEW = 12  # up to so many changed runs are read one by one
TILE = 64  # pixels of the images behind a cell
LARGE = 1024  # and of one of them alone


@dataclass(frozen=True, eq=False)
class Loaded:
    """The chosen runs, the metrics they recorded, and the curves of one of them by run id. kept: of what runs keep
    of their source, where that was watched."""

    runs: list[ComparedRun]
    metrics: list[str]
    metric: str
    curves: Mapping[int, Curve]
    kept: Mapping[int, Mapping[str, Curve]]


def read_chosen(store: RunStore, run_ids: Sequence[int], metric: str) -> Loaded:
    """Everything the comparison needs; a metric that none of them has becomes the one they are watched by."""
    runs = load(store, run_ids)
    names = list(dict.fromkeys(name for run_id in run_ids for name in store.metric_names(run_id)))
    if metric not in names and names:
        metric = watched if (watched := metrics.watched(names)) in names else names[0]
    return Loaded(runs, names, metric, load_curves(store, run_ids, metric), load_kept(store, run_ids, names))


def load_kept(store: RunStore, run_ids: Sequence[int], names: Collection[str]) -> dict[int, dict[str, Curve]]:
    """Run id -> name -> curve, of runs that were watched; none where no run recorded such a curve."""
    if not any(is_kept(name) for name in names):
        return {}
    by_name = {name: load_curves(store, run_ids, name) for name in CURVES}
    return {run_id: {name: found[run_id] for name, found in by_name.items() if run_id in found} for run_id in run_ids}


def read_rows(changed: Collection[int]) -> Callable[[RunStore], tuple[bool, list[RunRow]]]:
    """Ask for the runs that changed, or for all; the answer says whether it is all of them."""

    def question(store: RunStore) -> tuple[bool, list[RunRow]]:
        if not changed or len(changed) > FEW:
            return True, store.runs()
        try:
            return False, [store.run(run_id) for run_id in changed]
        except StorageError:
            return True, store.runs()

    return question


def image_reader(background: Background) -> Callable[[Experiment, np.ndarray, bool, Answer], None]:
    """What answers `CellImages.wanted`; where the data are gone the numbers of the images remain."""

    def read(experiment: Experiment, ids: np.ndarray, large: bool, answer: Answer) -> None:
        key = "large image" if large else "images of a cell"
        background.run(images_of(experiment, ids, large), answer, lambda _: answer([]), key=key)

    return read


def images_of(
    experiment: Experiment, ids: np.ndarray, large: bool = False
) -> Callable[[Callable[[], bool]], list[Found]]:
    """Work for the background: the images with these numbers and what their files are called; as tiles, or large and
    whole, but cut to the square of the run where it shifted them."""

    def work(cancelled: Callable[[], bool]) -> list[Found]:
        from engine.data import shifts, sources
        from engine.data.images import ImageSet
        from engine.data.samples import file_of, samples_of, whole

        data = sources.load(experiment.dataset, cancelled=cancelled)
        inside, shift = ids[ids < len(data.labels)], experiment.dataset.shift
        if not isinstance(data, ImageSet) or (large and not shift):
            shown = [whole(data, int(place), LARGE) for place in inside]
        elif shift:
            size = min(LARGE if large else TILE, *data.typical_size)
            pixels = data.pixels(inside, size, data.shown_channels, cancelled=cancelled)
            shown = list(shifts.shifted(pixels, shift, inside))
        else:
            shown = samples_of(data, inside, min(TILE, *data.typical_size), cancelled)
        places = [int(place) for place in inside]
        return [
            Found(one, data.image_name(place), file_of(data, place)) for one, place in zip(shown, places, strict=True)
        ]

    return work
