"""Runs as points of many dimensions: every setting on which they differ, and figures such as time and accuracy.

For parallel coordinates (Inselberg 1985): one axis per dimension, one line per run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.comparison.differences import HYPERPARAMETER, LABELS, NONE, Value, fields_of, flatten, label, methods_of
from engine.experiment import Experiment

LEFT_OUT = ("dataset.path",)  # told by the name of the data
LOG = frozenset({"dataset.labels_per_class", "backbone.image_size"})  # usually tried by equal ratios


@dataclass(frozen=True, slots=True)
class Dimension:
    """One axis. values: one per run, None where the run has none. choices: in order, where they are words.

    log: by equal ratios, all values above zero. figure: what came out, not what was set; share: of it, told in percent.
    """

    key: str
    label: str
    values: tuple[Value | None, ...]
    choices: tuple[str, ...] = ()
    log: bool = False
    figure: bool = False
    share: bool = False

    @property
    def known(self) -> list[Value]:
        return [value for value in self.values if value is not None]


def dimensions(
    experiments: Sequence[Experiment],
    figures: Iterable[Dimension] = (),
    flats: Sequence[Mapping[str, Value]] | None = None,
) -> list[Dimension]:
    """The settings on which these experiments differ: data, network and method first, then hyperparameters, those that
    most runs have before others; the seed; then the figures. What has one value or none is left out.

    flats: each experiment as `differences.flatten` gives it, where that is known already.
    """
    flats = [flatten(experiment) for experiment in experiments] if flats is None else flats
    keys = [key for key in dict.fromkeys(key for flat in flats for key in flat) if key not in LEFT_OUT]
    found = [_setting(key, [flat.get(key) for flat in flats], experiments) for key in keys]
    places = list(LABELS)
    found.sort(key=lambda one: (one.key == "seed", one.key not in places,
                                places.index(one.key) if one.key in places else -len(one.known)))  # fmt: skip
    return [one for one in (*found, *figures) if len(set(one.known)) > 1]


def _setting(key: str, values: Sequence[Value | None], experiments: Sequence[Experiment]) -> Dimension:
    known = [None if value == NONE else value for value in values]
    named = label(key, experiments)
    if all(isinstance(value, int | float) for value in known if value is not None):
        return Dimension(key, named, tuple(known), log=_by_ratios(key, known, experiments))
    words = tuple(None if value is None else str(value) for value in known)
    return Dimension(key, named, words, choices=tuple(sorted({w for w in words if w is not None}, key=_in_order)))


def _in_order(word: str) -> tuple[bool, float, str]:
    """Numbers by size before words."""
    try:
        return False, float(word), ""
    except ValueError:
        return True, math.inf, word.casefold()


def _by_ratios(key: str, values: Sequence[Value | None], experiments: Sequence[Experiment]) -> bool:
    if any(isinstance(value, int | float) and value <= 0 for value in values):
        return False
    name = key.removeprefix(HYPERPARAMETER)
    return key in LOG or (
        name != key
        and any(field.name == name and field.log for method in methods_of(experiments) for field in fields_of(method))
    )
