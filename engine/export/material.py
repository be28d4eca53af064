"""A saved run as what goes into a graph: its network, how images come to it, and what it makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from engine.adaptation.comparing import class_means
from engine.artifacts.saved import SavedModel
from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.plain import without_kernels
from engine.comparison.unlike import Learnt
from engine.errors import InvalidExperiment
from engine.export.config import Kind
from engine.export.graph import NONE, Assurance, Embed, WholeGraph
from engine.export.kinds import why_alone
from engine.meta.learner import MetaLearner
from engine.preparation.inputs import Preparer
from engine.using.by_hand import refuse_way
from engine.using.calibration import Calibration
from engine.using.predictions import form_of, names_of, stacked
from engine.using.tasks import bins_of

SUPPORT, TARGETS, MEANS = "support", "targets", "means"  # in the file of the classes


@dataclass(frozen=True, eq=False)
class Forward:
    """From prepared images [n, c, s, s], or texts [n, pieces], to features [n, …], and from these to logits, which an
    encoder has none of."""

    embed: Embed
    classify: Embed | None


@dataclass(frozen=True, eq=False)
class Exportable:
    """own: the way of the run's own network, as the program goes it. classes: what the answers stand for. support: of
    classes by example the embedded images, float [n, …], their classes, int64 [n], and the means [way, …].
    calibration: how sure it may be, None where that is not known. learnt: what the training images are like, of a run
    that has learnt its classes. head: name of what answers on frozen features, "" where the method does.
    """

    model: SavedModel
    kind: Kind
    form: Preparer
    own: Forward
    graph: WholeGraph
    classes: tuple[str, ...] = ()
    support: Mapping[str, Tensor] = field(default_factory=dict)
    calibration: Calibration | None = None
    learnt: Learnt | None = None
    head: str = ""

    @property
    def refuses(self) -> bool:
        """Whether it says of images that they are none of its classes."""
        return NONE in self.graph.outputs


def material(
    model: SavedModel, classes: Path | None = None, calibration: Calibration | None = None,
    learnt: Learnt | None = None,
) -> Exportable:  # fmt: skip
    """classes: a folder with one folder of images for each class that a method is to be shown. calibration: how sure it
    may be. learnt: what the training images are like, of a run that has learnt its classes.

    Raises `InvalidExperiment` for a network that reads neither image files nor texts, and where classes are given to a
    run that cannot take them along; `DataError`.
    """
    form = form_of(model)
    if not isinstance(model.method, MetaLearner):
        if classes is not None:
            raise InvalidExperiment(f"{model.method.title} has learnt its classes.", "Leave out the folder of classes.")
        return classifier(model, form, calibration, learnt)
    if classes is not None:
        return by_example(model, model.method, form, *support_of(model, model.method, classes), calibration)
    return encoder(model, model.method, form)


def classifier(
    model: SavedModel, form: Preparer, calibration: Calibration | None, learnt: Learnt | None
) -> Exportable:  # fmt: skip
    own, copy = Forward(model.network.embed, model.network.head), without_kernels(model.network)
    graph = WholeGraph(copy, form, copy.embed, copy.head, in_graph(calibration, learnt), is_fixed(model))
    names = names_of(model)
    return Exportable(model, "classifier", form, own, graph, names, calibration=calibration, learnt=learnt)


def is_fixed(model: SavedModel) -> bool:
    """Whether its graph takes texts of one length alone."""
    return catalog.backbone(model.experiment.backbone.name).family == "recurrent"


def in_graph(calibration: Calibration | None, learnt: Learnt | None = None) -> Assurance:
    if calibration is None:
        return Assurance()
    known = torch.from_numpy(learnt.features) if learnt else None
    return Assurance(calibration.temperature, known, calibration.refusal.threshold)


def encoder(model: SavedModel, method: MetaLearner, form: Preparer) -> Exportable:
    copy = without_kernels(model.network)
    graph = WholeGraph(copy, form, lambda images: method.embed(copy, images), None, fixed=is_fixed(model))
    own = Forward(lambda images: method.embed(model.network, images), None)
    return Exportable(model, "encoder", form, own, graph)


def support_of(
    model: SavedModel, method: MetaLearner, classes: Path
) -> tuple[Mapping[str, Tensor], tuple[str, ...]]:  # fmt: skip
    """The embedded images of a folder of classes, and the names of these."""
    refuse_adapting(method)
    bins = bins_of(classes, model.reader.form, model.read_as)
    refuse_way(bins, method.fixed_way(model.network))
    pixels, targets = stacked([image.pixels for image in bins.images]), torch.from_numpy(bins.targets)
    with torch.no_grad():
        features = method.embed(model.network, model.reader.prepared(pixels)).float().contiguous()
    means = class_means(features, targets, len(bins.names))
    return {SUPPORT: features, TARGETS: targets, MEANS: means}, bins.names


def refuse_adapting(method: MetaLearner) -> None:
    """Raise `InvalidExperiment` for a method whose answers are more than a function of features and of classes."""
    alone = "Leave out the classes, and its network goes alone, giving features."
    if why := why_alone(method):
        raise InvalidExperiment(why, alone)


def by_example(
    model: SavedModel, method: MetaLearner, form: Preparer, support: Mapping[str, Tensor], names: tuple[str, ...],
    calibration: Calibration | None = None,
) -> Exportable:  # fmt: skip
    """With the classes in the graph, as numbers that stay."""

    def way_of(network: Backbone) -> Forward:
        with torch.no_grad():
            classify = method.classify_features(network, support[SUPPORT], support[TARGETS], len(names))
        return Forward(lambda images: method.embed(network, images), classify)

    copy = without_kernels(model.network)
    way = way_of(copy)
    graph = WholeGraph(copy, form, way.embed, way.classify, in_graph(calibration), is_fixed(model))
    own = way_of(model.network)
    return Exportable(model, "classes by example", form, own, graph, names, support, calibration)
