"""The networks that can look at images for a map. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from engine.backbones.info import HERE
from engine.backbones.shelf import rows
from engine.experiment import BackboneChoice, Experiment


@dataclass(frozen=True)
class Eye:
    """A network that looks at the images. title: as a person calls it. seed: of random weights."""

    title: str
    choice: BackboneChoice
    seed: int = 0


def local_eyes() -> tuple[Eye, ...]:
    """All weights that are on this machine, the usual ones first."""
    here = (row for row in rows() if row.state in HERE and row.weights != "random")
    return tuple(Eye(row.title, BackboneChoice(name=row.backbone, weights=row.weights)) for row in here)


def before_and_after(experiment: Experiment, uid: str, title: str) -> tuple[Eye, Eye]:
    """What a run began with and what it ended with, on images of the size that it trained with."""
    began = experiment.backbone.model_copy(update={"head": "new"})
    ended = began.model_copy(update={"weights": f"run:{uid}"})
    return Eye(f"Before {title}", began, experiment.seed), Eye(f"After {title}", ended, experiment.seed)
