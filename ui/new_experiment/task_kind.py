"""Curves, images and regions ask for different networks and methods: choosing one kind of data brings what fits it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine import registry
from engine.advice.adviser import usual_start
from engine.backbones import catalog
from engine.backbones.info import suits as reads_well
from engine.data.dataset import Start
from engine.data.sources import bands, kind_of, known, target_of
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice
from engine.families import named
from engine.meta.learner import MetaLearner
from engine.pretraining.method import asks_of

if TYPE_CHECKING:
    from ui.new_experiment.backbone_section import BackboneSection
    from ui.new_experiment.data_section import DataSection
    from ui.new_experiment.method_section import MethodSection

UNLABELLED = Start(method="simclr", preset="Photos")  # images without labels, of whatever size
UNLABELLED_TEXTS = Start("text_transformer", "text_contrast", rather="minilm")
Pair = tuple[BackboneChoice, MethodChoice]


class TaskKind(QObject):
    """Changes backbone and method when the data change to such as are begun with otherwise, unless they fit already;
    what was chosen for the other kind of data comes back with it."""

    def __init__(self, data: DataSection, backbone: BackboneSection, method: MethodSection) -> None:
        super().__init__(data)
        self._data, self._backbone, self._method = data, backbone, method
        self._start = Start()
        self._kept: dict[Start, Pair] = {}
        self._met: tuple[str, str | None] | None = None  # the images that a network was chosen for
        data.changed.connect(self._follow)

    def expect(self, choice: DatasetChoice) -> None:
        """These data come with a backbone and a method of their own, right or wrong."""
        self._start, self._met = start_of(choice), (choice.name, choice.path)

    def meet(self, side: int, channels: int) -> None:
        """Images of this size were read. Other ones than before bring a network that reads them well, where the one
        that is chosen does not."""
        choice = self._data.choice()
        place = choice.name, choice.path
        if place == self._met or self._start not in (Start(), UNLABELLED):
            return
        self._met = place
        with suppress(InvalidExperiment):
            name, weights = usual_start(side, channels)
            chosen, better = self._backbone.info(), catalog.backbone(name)
            if reads_well(better, side, channels) and not reads_well(chosen, side, channels):
                self._backbone.fill(catalog.as_pretrained(BackboneChoice(name=name, weights=weights)))

    def _follow(self) -> None:
        choice = self._data.choice()
        before, self._start = self._start, start_of(choice)
        comes_back = before == UNLABELLED and self._start in self._kept
        if self._start == before or (self._fits(choice) and not comes_back):
            return
        self._kept[before] = self._backbone.choice(), self._method.choice()
        images = self._kept.get(Start())
        backbone, method = self._kept.get(self._start) or usual(choice, images[1] if images else None)
        with suppress(InvalidExperiment):
            if self._start != UNLABELLED:
                self._backbone.fill(backbone)
            self._method.fill(method, backbone)

    def _fits(self, choice: DatasetChoice) -> bool:
        with suppress(InvalidExperiment):
            kind = kind_of(choice)
            return self._backbone.info().form.takes(kind, bands(choice)) and suits(self._method.choice(), choice)
        return False


def start_of(choice: DatasetChoice) -> Start:
    """What a person begins with on these data."""
    if not choice.labelled:
        return UNLABELLED if kind_of(choice) == "images" else UNLABELLED_TEXTS
    return found.start if (found := known(choice.name)) is not None else Start()


def suits(choice: MethodChoice, data: DatasetChoice) -> bool:
    """Whether the method learns from such tasks, with no more classes at a time than they have."""
    method, source = registry.method(choice.name), known(data.name)
    if not data.labelled and named(method.family).needs_labels:
        return False
    if target_of(data).kind not in method.suits or not asks_of(method, kind_of(data)):
        return False
    if source is None or not source.for_tasks:
        return True
    built, most = method.from_values(choice.hyperparameters), source.start.most_way
    if not isinstance(built, MetaLearner):
        return False
    return not most or max(built.training_way, built.hyperparameters.way) <= most


def usual(data: DatasetChoice, before: MethodChoice | None = None) -> Pair:
    """What a person starts with who has chosen nothing for such data yet. before: the method for images, which stays
    if it learns from these tasks with the values that are usual for them."""
    start = start_of(data)
    if start == Start():
        return BackboneChoice(weights=""), MethodChoice()
    name = catalog.begins(start.backbone, start.rather)
    network = BackboneChoice(name=name, weights=catalog.default_weights(name))
    if before is not None:
        own = {name: value for name, value in start.values.items() if name in before.hyperparameters}
        kept = before.model_copy(update={"hyperparameters": {**before.hyperparameters, **own}})
        if own and suits(kept, data):
            return network, kept
    values = registry.usual_values(start, start.method, network)
    return network, MethodChoice(name=start.method, hyperparameters=values)
