"""How the hyperparameters of an experiment are searched: plain data, a part of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from engine.frozen import Frozen, as_before
from engine.given import MOST_MINUTES

Strategy = Literal["bayesian", "random", "sweep"]


class RangeChoice(Frozen):
    """Where a search looks for one hyperparameter; what is empty is as the method has it."""

    low: float | None = Field(None, description="smallest value")
    high: float | None = Field(None, description="largest value")
    log: bool | None = Field(None, description="by equal ratios, not by equal differences")
    values: int = Field(3, ge=2, le=100, description="how many values a sweep tries, ends included")


class SearchChoice(Frozen):
    """Hyperparameters chosen by cross-validation on the training images alone, before the run itself."""

    trials: int = Field(20, ge=1, le=1000, description="settings to try")
    folds: int = Field(5, ge=2, le=20, description="parts of the training examples; leave-one-out up to 5 labels")
    parameters: tuple[str, ...] = Field(
        (), max_length=100, description="hyperparameters to choose; the method's usual ones if empty"
    )
    pruning: bool = Field(True, description="give up a setting that is behind after some folds")
    strategy: Strategy = Field("bayesian", description="how settings are proposed; a sweep tries all combinations")
    minutes: float | None = Field(
        None, gt=0, le=MOST_MINUTES, description="end the search after this many minutes and train with the best"
    )
    ranges: dict[str, RangeChoice] = Field(default_factory=dict, description="ranges that differ from the usual ones")

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return as_before(serialise(self), {"strategy": "bayesian", "minutes": None, "ranges": {}})
