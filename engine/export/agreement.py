"""Whether an exported graph says what the program says, on images or texts of the person's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.comparison.wording import count
from engine.data.files.loose import LooseExamples, LooseImages
from engine.data.files.loose_texts import LooseTexts
from engine.data.findings import ids_of
from engine.data.images import Cancel, Progress, check
from engine.data.labelled_set import Rows
from engine.data.splits import ClassSplit
from engine.errors import DataError, ExperimentError, StorageError
from engine.experiment import Experiment
from engine.export.config import TORCHS
from engine.export.graph import FEATURES, LOGITS, NONE, UNLIKE, WholeGraph
from engine.export.material import Exportable
from engine.heads.nearest_mean import unit
from engine.preparation.inputs import Pieces
from engine.provenance.seen import divided
from engine.using.predictions import stacked

LEAST, MOST, MOST_TEXTS = 32, 64, 200  # images, or texts
TOLERANCE = 1e-4  # of the range of all logits
BATCHES = (1, 2, 5, 16)  # images at a time, in turn: any number is to give the same
Answers = NDArray[np.floating]
Said = Mapping[str, Answers]  # by the names of a graph's outputs; of what is told by yes and no 1 and 0
REPORT = "Nothing was exported; please report it with the name of the network."


@dataclass(frozen=True, slots=True)
class Agreement:
    """images: how many were looked at. which: in words. difference: the largest between a logit of the graph and of the
    program, as a share of the program's range of logits. same: images with the same answer, or as good a one: two
    classes whose logits are nearer than the tolerance are one answer. Of an encoder both are of features. judged:
    images that are, or are not, none of the classes in both, as unlike all that was learnt within the tolerance; None
    where that is not said."""

    images: int
    which: str
    difference: float
    same: int
    judged: int | None = None

    @property
    def holds(self) -> bool:
        return self.difference <= TOLERANCE and self.same == self.images and self.judged in (None, self.images)


def compared(found: Answers, expected: Answers, which: str) -> Agreement:
    """found, expected: logits, or features, float32 [n, …] of the graph and of the program."""
    found, expected = found.reshape(len(found), -1), expected.reshape(len(expected), -1)
    spread = float(np.ptp(expected)) or 1.0
    difference = float(np.abs(found.astype(np.float64) - expected).max() / spread)
    chosen = np.take_along_axis(expected, found.argmax(1)[:, None], 1)[:, 0]
    same = int((expected.max(1) - chosen <= TOLERANCE * spread).sum())
    if not np.isfinite(difference):
        difference = float("inf")
    few = f", fewer than the {LEAST} that it should be" if len(found) < LEAST else ""
    return Agreement(len(found), which + few, difference, same)


def judged_alike(unlike: Answers, none: Answers, expected: Answers, threshold: float) -> int:
    """unlike, none: of the graph, [n]. expected: how unlike the program finds the same images; one that is as near to
    the threshold as rounding may be on either side of it."""
    near = np.abs(unlike - expected) <= TOLERANCE
    return int(
        (near & ((none.astype(bool) == (expected > threshold)) | (np.abs(expected - threshold) <= TOLERANCE))).sum()
    )


def agreement(
    of: Exportable, graph: Path, pixels: Rows, which: str, progress: Progress, cancelled: Cancel
) -> Agreement:  # fmt: skip
    """pixels: uint8 [n, size, size, channels], or int32 [n, pieces]. Raises `StorageError` where they do not agree,
    `Cancelled`."""
    answer = opened(graph, of.graph)
    found: list[Said] = []
    expected: list[Said] = []
    for part in parts(len(pixels)):
        check(cancelled)
        found.append(answer(pixels[part]))
        expected.append(programs(of, pixels[part]))
        progress(part.stop / len(pixels))
    result = both(of, joined(found), joined(expected), which)
    if not result.holds:
        raise StorageError(f"The exported graph does not say what the program says: {differences(result)}.", REPORT)
    return result


def joined(parts: Sequence[Said]) -> Said:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def both(of: Exportable, found: Said, expected: Said, which: str) -> Agreement:
    main = FEATURES if of.kind == "encoder" else LOGITS
    result = compared(found[main], expected[main], which)
    if of.calibration is None or UNLIKE not in found:
        return result
    threshold = of.calibration.refusal.threshold
    return replace(result, judged=judged_alike(found[UNLIKE], found[NONE], expected[UNLIKE], threshold))


def differences(result: Agreement) -> str:
    judged = "" if result.judged is None else f", {result.judged} are judged alike to be none of the classes or not"
    return (
        f"of {result.images} images {result.same} have the same answer{judged}, and numbers differ by up to "
        f"{result.difference:.1e} of their range"
    )


def parts(count: int) -> list[slice]:
    found: list[slice] = []
    start = 0
    while start < count:
        size = BATCHES[min(len(found), len(BATCHES) - 1)]
        found.append(slice(start, min(count, start + size)))
        start += size
    return found


def opened(graph: Path, of: WholeGraph) -> Callable[[Rows], Said]:
    """From pixels to all outputs of the file, by torch of its own kind, else by onnxruntime; on the processor."""
    if graph.name == TORCHS:
        whole = torch.export.load(graph).module()

        def by_torch(pixels: Rows) -> Said:
            found = whole(torch.from_numpy(of.fed(pixels)))
            return {name: one.detach().float().numpy() for name, one in zip(of.outputs, found, strict=True)}

        return by_torch
    import onnxruntime

    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def by_onnx(pixels: Rows) -> Said:
        found = session.run(list(of.outputs), {of.input: of.fed(pixels)})
        return {name: one.astype(np.float32) for name, one in zip(of.outputs, found, strict=True)}

    return by_onnx


@torch.no_grad()
def programs(of: Exportable, pixels: Rows) -> Said:
    """What the program's own network says, in float32."""
    images = of.model.reader.prepared(stacked(list(pixels)))
    features = of.own.embed(images)
    found: dict[str, Answers] = {FEATURES: features.float().numpy()}
    if of.own.classify is not None:
        found[LOGITS] = of.own.classify(features).float().numpy()
    if of.learnt is not None:
        found[UNLIKE] = of.learnt.unlikeness(unit(found[FEATURES]))
    return found


def own_images(of: Exportable, experiment: Experiment, folder: Path | None) -> tuple[Rows, str]:
    """uint8 [n, size, size, channels] of images, int32 [n, pieces] of texts, and which they are. folder: of a person's
    own instead of the run's.

    Of the run's test set, then of those of its validation, of its training and of the rest, until there are enough.
    Raises `DataError` where there are none.
    """
    if folder is not None:
        with loose(of, folder) as images:
            read = (images.read([place], of.form)[0] for place in range(len(images)))
            pixels = list(islice((one for one in read if not isinstance(one, str)), most(of)))
        if not pixels:
            raise DataError(f"Nothing in “{folder}” can be read.", f"Name a folder of {images.what} to check on.")
        return together(pixels), f"{count(len(pixels), images.what)} of a folder of their own"
    try:
        return of_run(of, experiment)
    except ExperimentError as error:
        raise DataError(
            f"The {of.model.what} of this run cannot be read, so nothing can be checked: {error.message}",
            f"Bring them back, or name a folder of {of.model.what} to check on.",
        ) from error


def most(of: Exportable) -> int:
    return MOST_TEXTS if isinstance(of.form, Pieces) else MOST


def least(of: Exportable) -> int:
    """From how many on no others are asked for: texts take no time."""
    return MOST_TEXTS if isinstance(of.form, Pieces) else LEAST


def loose(of: Exportable, folder: Path) -> LooseExamples:
    return LooseTexts([folder]) if isinstance(of.form, Pieces) else LooseImages([folder], of.model.read_as)


def together(rows: Sequence[Rows]) -> Rows:
    return np.stack(rows)  # type: ignore[return-value]


def of_run(of: Exportable, experiment: Experiment) -> tuple[Rows, str]:
    data, split = divided(experiment)
    parts = {name: getattr(split, name) for name in ("test", "validation", "train")}
    if isinstance(split, ClassSplit):
        parts = {name: ids_of(data, classes) for name, classes in parts.items()}
    rest = np.setdiff1d(np.arange(len(data)), np.concatenate(list(parts.values())))
    ids: dict[str, NDArray[np.int64]] = {}
    for name, whole in {**parts, "further": rest}.items():
        room = most(of) - sum(map(len, ids.values()))
        if len(whole) and (not ids or room > most(of) - least(of)):
            ids[name] = np.random.default_rng(0).permutation(whole)[:room]
    rows = data.read(np.concatenate(list(ids.values())), of.form)
    words = ", ".join(f"{len(found)} {'training' if name == 'train' else name}" for name, found in ids.items())
    return rows, f"{words} {data.what} of {data.title}"
