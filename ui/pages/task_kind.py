"""Curves and images ask for different networks and methods: choosing the one kind of data brings what fits it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine import registry
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, MethodChoice
from engine.task_faults import is_regression, kinds

if TYPE_CHECKING:
    from ui.pages.backbone_section import BackboneSection
    from ui.pages.data_section import DataSection
    from ui.pages.method_section import MethodSection

Pair = tuple[BackboneChoice, MethodChoice]
FIRST_FOR_CURVES = "maml"


class TaskKind(QObject):
    """Changes backbone and method when the data change from images to curves and back, unless they fit already; what
    was chosen for the other kind comes back with it."""

    def __init__(self, data: DataSection, backbone: BackboneSection, method: MethodSection) -> None:
        super().__init__(data)
        self._data, self._backbone, self._method = data, backbone, method
        self._regression = False
        self._kept: dict[bool, Pair] = {}
        data.changed.connect(self._follow)

    def _follow(self) -> None:
        regression = is_regression(self._data.choice())
        if regression == self._regression:
            return
        self._regression = regression
        if self._fits(regression):
            return
        self._kept[not regression] = (self._backbone.choice(), self._method.choice())
        backbone, method = self._kept.get(regression) or usual(regression)
        with suppress(InvalidExperiment):
            self._backbone.fill(backbone)
            self._method.fill(method)

    def _fits(self, regression: bool) -> bool:
        with suppress(InvalidExperiment):
            reads_numbers = self._backbone.info().inputs == "numbers"
            kind = "regression" if regression else "classification"
            return reads_numbers == regression and kind in kinds(self._method.method)
        return False


def usual(regression: bool) -> Pair:
    """What a person starts with who has chosen nothing for this kind of data yet."""
    if not regression:
        return BackboneChoice(weights=""), MethodChoice()
    values = registry.method(FIRST_FOR_CURVES).presets["Sinusoid"]
    return BackboneChoice(name="sine_mlp"), MethodChoice(name=FIRST_FOR_CURVES, hyperparameters=dict(values))
