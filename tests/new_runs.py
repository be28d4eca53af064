"""A run as it is saved before it works, with the family that its method has."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.families import FINE_TUNING, family
from storage.store import NewRun


def new_run(experiment: Experiment, name: str = "", plan: str = "", **place: Any) -> NewRun:
    """place: study_id and cell."""
    kind = FINE_TUNING
    with suppress(InvalidExperiment):  # a method that is gone
        kind = family(experiment)
    return NewRun(experiment, kind.key, name, plan, **place)
