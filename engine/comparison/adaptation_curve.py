"""What a curve of a meta-test is made of, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Figure(Protocol):
    """What is needed of a final figure, see `engine.events.Evaluated`."""

    @property
    def metric(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def n(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def at(self) -> Mapping[str, str | int]: ...
    @property
    def notes(self) -> Mapping[str, str | float]: ...
    @property
    def scores(self) -> np.ndarray | None: ...
    @property
    def hardness(self) -> np.ndarray | None: ...


@dataclass(frozen=True, eq=False)
class AdaptationCurve:
    """x: float64 [n] inner steps, shots or hardness, rising; y and the edges of its 95 % interval: float64 [n]. own:
    the x of the run's own test, -1 where it is all of them. basis: what the interval speaks about, "over seeds" or
    "over test episodes"."""

    over: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    own: int
    basis: str
