"""Curves, images and regions ask for different networks and methods: choosing one kind of data brings what fits it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject

from engine import registry
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice
from engine.families import FAMILIES
from engine.meta.learner import MetaLearner
from engine.preflight.tasks import is_regression, kinds

if TYPE_CHECKING:
    from ui.new_experiment.backbone_section import BackboneSection
    from ui.new_experiment.data_section import DataSection
    from ui.new_experiment.method_section import MethodSection

Kind = Literal["images", "curves", "regions"]
Pair = tuple[BackboneChoice, MethodChoice]
FIRST_FOR_CURVES, FIRST_FOR_REGIONS = "maml", "protonet"
COVERS = 6  # classes of a region


class TaskKind(QObject):
    """Changes backbone and method when the data change from one kind to another, unless they fit already; what was
    chosen for the other kind comes back with it."""

    def __init__(self, data: DataSection, backbone: BackboneSection, method: MethodSection) -> None:
        super().__init__(data)
        self._data, self._backbone, self._method = data, backbone, method
        self._kind: Kind = "images"
        self._kept: dict[Kind, Pair] = {}
        data.changed.connect(self._follow)

    def expect(self, choice: DatasetChoice) -> None:
        """These data come with a backbone and a method of their own, right or wrong."""
        self._kind = kind_of(choice)

    def _follow(self) -> None:
        before, self._kind = self._kind, kind_of(self._data.choice())
        if self._kind == before or self._fits(self._kind):
            return
        self._kept[before] = self._backbone.choice(), self._method.choice()
        images = self._kept.get("images")
        backbone, method = self._kept.get(self._kind) or usual(self._kind, images[1] if images else None)
        with suppress(InvalidExperiment):
            self._backbone.fill(backbone)
            self._method.fill(method)

    def _fits(self, kind: Kind) -> bool:
        with suppress(InvalidExperiment):
            reads = self._backbone.info()
            if reads.inputs != ("numbers" if kind == "curves" else "images"):
                return False
            if kind == "images" and reads.channels > 3:
                return False
            return suits(self._method.choice(), kind)
        return False


def kind_of(choice: DatasetChoice) -> Kind:
    """What tasks of this data are made of."""
    if is_regression(choice):
        return "curves"
    return "regions" if choice.name == "regions" else "images"


def suits(choice: MethodChoice, kind: Kind) -> bool:
    """Whether the method learns from such tasks; from those of a region with at most its six covers at a time."""
    method = registry.method(choice.name)
    if kind != "regions":
        return ("regression" if kind == "curves" else "classification") in kinds(method)
    if FAMILIES[method.family].divides != "classes" or "classification" not in kinds(method):
        return False
    built = method.from_values(choice.hyperparameters)
    return isinstance(built, MetaLearner) and max(built.training_way, built.hyperparameters.way) <= COVERS


def usual(kind: Kind, before: MethodChoice | None = None) -> Pair:
    """What a person starts with who has chosen nothing for this kind of data yet. before: the method for images, which
    stays for regions if it learns from tasks, with no more classes than they have."""
    if kind == "images":
        return BackboneChoice(weights=""), MethodChoice()
    if kind == "curves":
        values = registry.method(FIRST_FOR_CURVES).presets["Sinusoid"]
        return BackboneChoice(name="sine_mlp"), MethodChoice(name=FIRST_FOR_CURVES, hyperparameters=dict(values))
    fewer = {"way": 5, "training_way": 5}
    network = BackboneChoice(name="bands_cnn")
    if before is not None:
        own = {name: value for name, value in fewer.items() if name in before.hyperparameters}
        kept = before.model_copy(update={"hyperparameters": {**before.hyperparameters, **own}})
        if suits(kept, kind):
            return network, kept
    return network, MethodChoice(name=FIRST_FOR_REGIONS, hyperparameters=fewer)
