"""What answers after it met classes by hand: a saved meta-learner, or a head on the features of a network that stays.

Where images are embedded each by itself, the features of each are computed once and kept: one more example costs one
more image. What adapts the network itself starts from the support set each time.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.artifacts.saved import TOGETHER, SavedModel
from engine.backbones.backbone import Backbone
from engine.backbones.precision import rounded
from engine.data.files.read_as import PLAIN, ReadAs
from engine.data.images import Cancel, check
from engine.errors import InvalidExperiment
from engine.heads.head import Features, Head, Scorer, prepared
from engine.meta.learner import MetaLearner
from engine.method import Classifier
from engine.preparation.inputs import Preparer
from engine.using.bins import Bins, HandedImage
from engine.using.calibration import Calibration
from engine.using.kept_features import KeptFeatures
from engine.using.predictions import form_of, stacked, unstacked

Shares = NDArray[np.float32]
UNMEASURED = "shares of classes that it has just met; how often such answers are right was not measured"
OTHERWISE = "how sure it may be of tasks of another shape was not measured"
NEED_TWO = "Expected more than 1 value per channel"  # torch, of batch norm by a single image


class ByHand(ABC):
    """form, read_as: how its images are read. way: classes it always tells apart, None for any number. together:
    whether an answer depends on the other images that are asked about. in_order: whether it depends on the order in
    which examples were given. learns_tasks: it is a meta-learner. calibration: how sure it may be of classes that it
    has just met, None where that was not measured."""

    way: int | None = None
    together = False
    in_order = False
    learns_tasks = False
    calibration: Calibration | None = None

    def __init__(self, title: str, form: Preparer, read_as: ReadAs) -> None:
        self.title, self.form, self.read_as = title, form, read_as
        self.features = KeptFeatures(self._embed)
        self._alone = threading.Lock()

    def answers(self, bins: Bins, asked: Sequence[HandedImage], cancelled: Cancel | None = None) -> list[Shares]:
        """Of each image asked about the shares float32 [n, classes] that the classes get, which add up to 1: after 0,
        1, … inner steps where the method takes such, else once. bins: those that have images. Threads wait for each
        other. Raises `InvalidExperiment` for another number of classes than it can tell apart, `Cancelled`."""
        refuse_way(bins, self.way)
        found = list[Shares]()
        if not asked:
            return found
        with self._alone, told_if_alone():
            queries = self._read(asked, cancelled)
            for classify in self._classifiers(bins, cancelled):
                check(cancelled)
                found.append(self._shares(classify, queries).cpu().numpy())
        return found

    def meet(self, bins: Bins) -> MetClasses:
        """To be asked about any number of images, batch by batch; raises as `answers`."""
        refuse_way(bins, self.way)
        *_, last = self._classifiers(bins, None)
        return MetClasses(self, last, bins.names)

    def _shares(self, classify: Classifier, queries: Tensor) -> Tensor:
        """As many together as a run's own test has."""
        temperature = self.calibration.temperature if self.calibration else 1.0
        parts = [(classify(part).detach().float() / temperature).softmax(1) for part in queries.split(TOGETHER)]
        return torch.cat(parts)

    @property
    def words(self) -> str:
        """What its shares rest on."""
        return UNMEASURED if self.calibration is None else f"shares {self.calibration.rests_on}; {OTHERWISE}"

    @abstractmethod
    def _classifiers(self, bins: Bins, cancelled: Cancel | None) -> Iterator[Classifier]:
        """After each inner step, from what `_read` gives to outputs [n, classes]."""

    @abstractmethod
    def _read(self, asked: Sequence[HandedImage], cancelled: Cancel | None) -> Tensor:
        """What its classifiers take."""

    @abstractmethod
    def _embed(self, pixels: Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class MetClasses:
    """names: of the classes, in the order of the answers."""

    by: ByHand
    classify: Classifier
    names: tuple[str, ...]

    def predict(self, inputs: Tensor) -> Tensor:
        """Images uint8 [n, c, s, s] or texts int32 [n, pieces] -> shares float32 [n, classes]; the same as
        `ByHand.answers`."""
        asked = [HandedImage("", one) for one in unstacked(inputs)]
        with told_if_alone():
            return self.by._shares(self.classify, self.by._read(asked, None))


class TaskLearner(ByHand):
    """A saved meta-learner, which gives what `SavedModel.adapt` gives on the same support set; as shares by its
    calibration, where it was measured."""

    learns_tasks = True

    def __init__(
        self, model: SavedModel, method: MetaLearner, title: str, calibration: Calibration | None = None
    ) -> None:
        super().__init__(title, form_of(model), model.read_as)
        self.calibration = calibration
        self.model, self.method = model, method
        self.way, self.in_order = method.fixed_way(model.network), method.meets.in_order
        self.together = method.meets.together or "transductive" in method.batch_norm_mode

    @property
    def embeds(self) -> bool:
        """Whether each image is embedded by itself, in a network that stays."""
        return not self.method.meets.count

    def _classifiers(self, bins: Bins, cancelled: Cancel | None) -> Iterator[Classifier]:
        way, targets = len(bins.bins), torch.from_numpy(bins.targets).to(self.model.reader.device)
        support = self._read(bins.images, cancelled)
        if self.embeds:
            classify = self.method.classify_features(self.model.network, support, targets, way)
            yield torch.no_grad()(classify)
        else:
            yield from self.method.classifiers(self.model.network, support, targets, way, self.method.test_steps)

    def _read(self, asked: Sequence[HandedImage], cancelled: Cancel | None) -> Tensor:
        if self.embeds:
            return self.features.of(asked, cancelled)
        return self._prepared(stacked([image.pixels for image in asked]))

    def _embed(self, pixels: Tensor) -> Tensor:
        return self.method.embed(self.model.network, self._prepared(pixels))

    def _prepared(self, pixels: Tensor) -> Tensor:
        reader = self.model.reader
        return reader.prepared(reader(pixels)[:])


class HeadLearner(ByHand):
    """A head on the features of a network that stays as it is. Its settings are chosen on the examples alone."""

    def __init__(
        self, network: Backbone, head: Head, title: str, form: Preparer, read_as: ReadAs = PLAIN, bf16: bool = False
    ) -> None:
        super().__init__(title, form, read_as)
        self.network, self.head, self._bf16 = network, head, bf16

    def _classifiers(self, bins: Bins, cancelled: Cancel | None) -> Iterator[Classifier]:
        known = self._read(bins.images, cancelled).cpu().numpy()
        prepare, score = fitted(self.head, known, bins.targets, len(bins.bins), cancelled)
        yield lambda queries: torch.from_numpy(score(prepare(queries.cpu().numpy())))

    def _read(self, asked: Sequence[HandedImage], cancelled: Cancel | None) -> Tensor:
        return self.features.of(asked, cancelled)

    def _embed(self, pixels: Tensor) -> Tensor:
        device = next(self.network.parameters()).device
        with rounded(self.network, self._bf16):
            return self.network.embed(self.form(pixels.to(device))).float()


def fitted(
    head: Head, known: NDArray[np.float32], labels: NDArray[np.int64], classes: int, cancelled: Cancel | None = None
) -> tuple[Callable[[Features], Features], Scorer]:
    """How the head wants its features, and its scores of what that gives, learnt from these [n, d]; its settings are
    chosen on them. Raises `Cancelled`."""
    prepare = prepared(head, known)
    tuned = head.tuned(prepare(known), labels, classes, 0)
    check(cancelled)
    return prepare, tuned.fit(prepare(known), labels, classes)


def of_run(
    model: SavedModel, head: Head, title: str, calibration: Calibration | None = None
) -> TaskLearner | HeadLearner:
    """A meta-learner answers in its own way; of another run the head does, on the features of its network. calibration:
    as the run's folder has it. Raises `InvalidExperiment` for a run that reads neither images nor texts."""
    if isinstance(model.method, MetaLearner):
        return TaskLearner(model, model.method, title, calibration)
    return HeadLearner(model.network, head, f"{head.title} on {title}", form_of(model), model.read_as, model.bf16)


def refuse_way(bins: Bins, way: int | None) -> None:
    """Raise `InvalidExperiment` where so many classes cannot be told apart."""
    there = len(bins.bins)
    if way is not None and there != way:
        raise InvalidExperiment(
            f"This network tells {way} classes apart, and {there} {'has' if there == 1 else 'have'} examples.",
            f"Make {way}.",
        )
    if there < 2:
        raise InvalidExperiment("One class leaves nothing to tell apart.", "Give a second class an example.")


@contextmanager
def told_if_alone() -> Iterator[None]:
    """Batch norm by a single image of one value per channel is refused in words."""
    try:
        yield
    except ValueError as error:
        if NEED_TWO not in str(error):
            raise
        raise InvalidExperiment(
            "This network normalises the images it is asked about together, and one alone is not enough.",
            "Add another image to classify.",
        ) from error
