"""What a person may ask a run to be computed by, and what is wrong with what was asked, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.families import family
from engine.machine.choices import THREADS, Value
from engine.machine.devices import usable_cores


def possible(experiment: Experiment) -> dict[str, Sequence[Value]]:
    """Every choice that a run of it makes, with what it may come to on this machine; which of it fits the network and
    the tasks is seen once they are there."""
    return {THREADS: range(1, usable_cores() + 1), **family(experiment).computed(experiment)}


def compute_faults(experiment: Experiment, forced: Mapping[str, Value]) -> Iterator[InvalidExperiment]:
    may = possible(experiment)
    every = ", ".join(f"{name} ({spoken(values)})" for name, values in may.items())
    for name, value in forced.items():
        if name not in may:
            words = f"No run of this experiment is computed by “{name}”."
            yield InvalidExperiment(words, f"Choose one of: {every}.", "compute")
        elif str(value) not in map(str, may[name]):
            words = f"No run of this experiment is computed with “{name}” {value}."
            yield InvalidExperiment(words, f"Choose {spoken(may[name])}.", "compute")


def spoken(values: Sequence[Value]) -> str:
    """ "1 to 16", "float32 or bfloat16"."""
    if isinstance(values, range) and len(values) > 2:
        return f"{values[0]} to {values[-1]}"
    *most, last = map(str, values)
    return f"{', '.join(most)} or {last}" if most else last
