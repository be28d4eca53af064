"""What Try it asks of a network, be it a saved run's or an exported folder's."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.data.files.read_as import ReadAs
from engine.preparation.inputs import Preparer
from engine.using.predictions import Judged
from engine.using.where_it_looked import Heat


class Answerer(Protocol):
    """form, read_as: how image files or texts come to it; `InvalidExperiment` where it reads neither. classes: what its
    answers stand for, in order. words: what they rest on. Inputs are images uint8 [n, c, s, s] of its form, or texts
    int32 [n, pieces]."""

    @property
    def form(self) -> Preparer: ...
    @property
    def read_as(self) -> ReadAs: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def words(self) -> str: ...

    def judge(self, inputs: Tensor) -> Judged: ...

    def features(self, inputs: Tensor) -> NDArray[np.float32]:
        """[n, d], as its last layer is given them."""
        ...

    def looked(self, pixels: Tensor, place: int) -> Heat:
        """Where in an image, uint8 [c, s, s], this class is seen."""
        ...

    def logits(self, inputs: Tensor) -> Tensor:
        """[n, classes], before they become probabilities."""
        ...
