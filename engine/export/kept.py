"""Classes made by hand as what goes into a graph: the network that tells them apart, and the examples, embedded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.adaptation.comparing import class_means
from engine.artifacts.saved import InputReader, SavedModel
from engine.backbones.backbone import Backbone
from engine.backbones.plain import without_kernels
from engine.data.labelled_set import Rows
from engine.experiment import Experiment
from engine.export.graph import Embed, WholeGraph
from engine.export.head_graph import HeadGraph
from engine.export.material import MEANS, SUPPORT, TARGETS, Exportable, Forward, by_example, is_fixed, refuse_adapting
from engine.heads.head import Head
from engine.preparation.inputs import Pieces, Preparer
from engine.registry import build_method, complete
from engine.texts.tokens import tokens
from engine.using.bins import Bins
from engine.using.by_hand import HeadLearner, TaskLearner, fitted
from engine.using.calibration import Calibration

MOST = 64  # views in all
Pixels = NDArray[np.uint8]
TURNS = (slice(None), slice(None, None, -1), slice(None, None, 2), slice(1, None, 2))  # of the words of a text


def kept_material(
    by: TaskLearner | HeadLearner, bins: Bins, experiment: Experiment, calibration: Calibration | None = None
) -> Exportable:
    """experiment: of the run whose network it is, or one that names the backbone. calibration: of a run that learns
    tasks. Raises `InvalidExperiment` where the
    method adapts its weights, or the head is more than a linear one on features."""
    features, targets = by.features.of(bins.images).cpu().float(), torch.from_numpy(bins.targets)
    means = class_means(features, targets, len(bins.names))
    support = {SUPPORT: features.contiguous(), TARGETS: targets, MEANS: means}
    if isinstance(by, TaskLearner):
        refuse_adapting(by.method)
        return by_example(by.model, by.method, by.form, support, bins.names, calibration)
    return by_head(by, as_model(by, experiment, bins.names), support, bins.names)


def as_model(by: HeadLearner, experiment: Experiment, names: tuple[str, ...]) -> SavedModel:
    experiment = complete(experiment)
    reader = InputReader(experiment, torch.device("cpu"), by.form)
    return SavedModel(experiment, build_method(experiment), by.network, names, reader, False, by.read_as)


def by_head(
    by: HeadLearner, model: SavedModel, support: Mapping[str, Tensor], names: tuple[str, ...]
) -> Exportable:  # fmt: skip
    head = HeadGraph.of(by.head, support[SUPPORT].numpy(), support[TARGETS].numpy(), len(names))
    copy = without_kernels(by.network)
    scores = scoring(by.head, support, len(names))

    def classify(features: Tensor) -> Tensor:
        found = scores(features)
        return found - found.mean(1, keepdim=True)  # as the graph has them: what all classes share is no answer

    graph = WholeGraph(Both(copy, head), by.form, copy.embed, head, fixed=is_fixed(model))
    own = Forward(by.network.embed, classify)
    return Exportable(model, "classes by example", by.form, own, graph, names, support, head=by.head.name)


class Both(torch.nn.Module):
    """Held for their weights."""

    def __init__(self, network: Backbone, head: HeadGraph) -> None:
        super().__init__()
        self.network, self.head = network, head


def scoring(head: Head, support: Mapping[str, Tensor], way: int) -> Embed:
    """From features [n, d] to the scores of a head that learnt from the support set, as it does by hand."""
    known, targets = support[SUPPORT].numpy(), support[TARGETS].numpy()
    prepare, score = fitted(head, known, targets, way)
    return lambda features: torch.from_numpy(score(prepare(features.cpu().numpy())))


def views(bins: Bins, form: Preparer) -> tuple[Rows, str]:
    """Images or texts to check an export on where the examples are all there is: each as it is, turned and mirrored, or
    with its words turned round and halved."""
    if isinstance(form, Pieces):
        return views_of_texts([one.text for one in bins.images], form)
    examples = [np.asarray(image.pixels, np.uint8) for image in bins.images][:MOST]
    turns: list[Callable[[Pixels], Pixels]] = [lambda one, k=k: np.rot90(one, k) for k in range(4)]  # type: ignore[misc]
    whole = [turn(one) for turn in turns for one in examples]
    found = np.ascontiguousarray(np.stack([*whole, *(one[:, ::-1] for one in whole)][:MOST]))
    return found, f"{len(found)} views of {len(examples)} examples of the classes, turned and mirrored"


def views_of_texts(texts: Sequence[str], form: Pieces) -> tuple[Rows, str]:
    found = [" ".join(text.split()[turn]) for turn in TURNS for text in texts[:MOST]]
    rows = tokens(form.tokenizer, [one for one in found if one][:MOST], form.size)
    return rows, f"{len(rows)} views of {min(len(texts), MOST)} examples of the classes, their words turned and halved"
