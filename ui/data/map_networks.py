"""The networks whose view of a set can be drawn: weights of this machine, and saved runs before and after training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.events import RunState
from engine.maps.eye import Eye, before_and_after, local_eyes

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet
    from engine.events import Evaluated
    from storage.store import RunRow, RunStore

FILES = ("best.safetensors", "last.safetensors")


@dataclass(frozen=True, eq=False)
class MapNetwork:
    """key: "backbone weights" or "run:<uid>". eyes: one, or those before and after the run."""

    key: str
    title: str
    eyes: tuple[Eye, ...]
    run: RunRow | None = None


@dataclass(frozen=True, eq=False)
class Taken:
    """What a run took its test images `ids` for: names of classes, and whether that was wrong."""

    ids: np.ndarray
    names: tuple[str, ...]
    wrong: np.ndarray


def runs_with_weights(store: RunStore) -> list[RunRow]:
    """Saved runs of networks for images or texts that have ended and whose weights are there, newest first."""
    return [run for run in store.runs() if _has_network(store, run)]


def _has_network(store: RunStore, run: RunRow) -> bool:
    from engine.backbones import catalog

    ended = run.state in (RunState.FINISHED, RunState.STOPPED) and run.is_readable
    name = run.experiment.backbone.name
    if not ended or not catalog.is_known(name) or catalog.backbone(name).form.kind not in catalog.SIZED:
        return False
    return any((store.directory(run) / file).is_file() for file in FILES)


def networks(runs: list[RunRow], data: LabelledSet) -> list[MapNetwork]:
    """Those of this machine, the one that is usual for such images first; then runs, those on this set first. In the
    background."""
    from engine.advice.adviser import usual_start
    from engine.backbones import catalog
    from engine.data.images import ImageSet

    eyes = [eye for eye in local_eyes() if catalog.backbone(eye.choice.name).form.kind == data.what]
    local = [MapNetwork(f"{eye.choice.name} {eye.choice.weights}", eye.title, (eye,)) for eye in eyes]
    if isinstance(data, ImageSet):
        usual = usual_start(min(data.typical_size), data.channels)
        local.sort(key=lambda one: one.key != " ".join(usual))
    runs = [run for run in runs if catalog.backbone(run.experiment.backbone.name).form.kind == data.what]
    here = sorted(runs, key=lambda run: run.facts.get("data") != data.fingerprint)
    return local + [_of_run(run) for run in here]


def _of_run(run: RunRow) -> MapNetwork:
    title = f"Run {run.id}, {run.name}"
    return MapNetwork(f"run:{run.uid}", f"{title}: before and after",
                      before_and_after(run.experiment, run.uid, f"run {run.id}"), run)  # fmt: skip


def taken(results: list[Evaluated], run: RunRow, data: LabelledSet) -> Taken | None:
    """The first of the results that kept its predictions; None where none did, or of other images."""
    kept = next((one for one in results if one.predicted is not None and one.class_names), None)
    if kept is None or kept.ids is None or kept.truth is None or run.facts.get("data") != data.fingerprint:
        return None
    assert kept.predicted is not None
    names = tuple(kept.class_names[place] for place in kept.predicted.tolist())
    return Taken(np.asarray(kept.ids, np.int64), names, np.asarray(kept.truth) != np.asarray(kept.predicted))
