"""Features of images from a frozen backbone: every image is embedded once, and the result is kept on disk.

One file per (data, weights, image size, shift, precision), holding the features of the images embedded so far; a bench
of heads, another seed and the adviser so share one pass over the images. What the head that came with weights says of
them is kept likewise.
"""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.artifacts.source_head import source_head
from engine.artifacts.weights import build_backbone, saved_file
from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.info import GREY
from engine.backbones.precision import rounded
from engine.data.cutting import PLAIN
from engine.data.hashes import short_hash
from engine.data.labelled_set import LabelledSet
from engine.data.shifts import changes_pixels
from engine.errors import WeightsError
from engine.events import Preparing
from engine.experiment import BackboneChoice, Experiment, Shift
from engine.machine.devices import torch_device
from engine.machine.files import replacing, trim
from engine.machine.transfers import sent
from engine.preparation.inputs import Normaliser, Pieces, Preparer, normaliser
from engine.preparation.rows import as_rows
from engine.preparation.shrunk import shrunk

Ids = NDArray[np.int64]
Features = NDArray[np.float32]
CHUNK, TEXTS = 64, 16  # images and texts that go through the network together
MOST_BYTES = 2**30  # of all files together; the ones not used for longest go first
FORMAT = "1"  # a change of what is computed makes old files worthless
ROWS = 4096  # texts whose pieces are counted at a time
KEEP_EVERY, COST = 5.0, 20  # seconds between two writes, and at least so many times what one took


@dataclass(frozen=True)
class FeatureKind:
    """What features depend on beside the images. seed: of random weights. runs: the folder of saved runs. gives:
    features, or instead the probabilities of the head that came with the weights, or the images made small."""

    backbone: BackboneChoice
    runs: Path
    seed: int = 0
    shift: Shift | None = None
    precision: str = "float32"
    device: str = "cpu"
    gives: Literal["features", "answers", "pixels"] = "features"

    @classmethod
    def of(cls, experiment: Experiment, runs: Path, shift: Shift | None = None) -> FeatureKind:
        """For a run of this experiment. shift: of the images; a label shift changes none."""
        seen = shift if changes_pixels(shift) else None
        precision = "bfloat16" if experiment.precision == "bfloat16" else "float32"  # automatic is of training alone
        return cls(experiment.backbone, runs, experiment.seed, seen, precision, experiment.device)

    @property
    def file(self) -> Path:
        """Where the features of the images embedded so far are kept, but for the name of the data."""
        parts = (
            FORMAT, self.backbone.name, self.weights_key(), str(catalog.image_size(self.backbone)), self.precision,
            self.shift.model_dump_json() if self.shift else "", *self._cut(),
            *(() if self.gives == "features" else (self.gives,)),
        )  # fmt: skip
        return cache_folder(self.runs) / f"{short_hash(*parts)}.npz"

    @property
    def shape(self) -> Preparer:
        """How images or texts are read; where they are not for a network, in their own values."""
        shape = normaliser(self.backbone)
        return replace(shape, wanted=GREY) if self.gives == "pixels" and isinstance(shape, Normaliser) else shape

    def _cut(self) -> tuple[str, ...]:
        cut = self.shape.cut
        return () if cut == PLAIN else (repr(cut),)

    def weights_key(self) -> str:
        """Changes whenever the weights do."""
        weights = self.backbone.weights
        if self.gives == "pixels":
            return "none"
        if weights == "random":
            return f"random {self.seed}"
        if weights.startswith("run:"):
            file = saved_file(weights.removeprefix("run:"), self.runs)
        else:
            known = {info.name: info.file for info in catalog.weights(self.backbone.name)}
            file = Path(known.get(weights, ""))
        return file_hash(file, file.stat().st_mtime_ns) if file.is_file() else weights


def cache_folder(runs: Path) -> Path:
    """The workspace's cache folder, which lies beside its runs; runs that lie loose keep a cache among them."""
    root = runs.parent if runs.name == "runs" else runs
    return root / "cache" / "features"


@lru_cache(maxsize=64)
def file_hash(file: Path, changed: int) -> str:
    """SHA-256 of a file, computed again only when it changed (nanoseconds of its last change)."""
    with file.open("rb") as body:
        return hashlib.file_digest(body, "sha256").hexdigest()


def embedded(data: LabelledSet, ids: Ids, kind: FeatureKind) -> Generator[Preparing, None, Features]:
    """Yields `Preparing`, returns float32 [len(ids), features]: eval mode, no gradient, channels last.

    Only images that were never embedded in this way are read. Raises `ExperimentError` when the weights or the
    images cannot be had; a cache that cannot be read or written costs time, nothing else.
    """
    plain = kind.backbone.model_copy(update={"head": "new"})
    return (yield from _kept(data, ids, kind, lambda: build_backbone(plain, None, kind.seed, kind.runs)))


def answered(data: LabelledSet, ids: Ids, kind: FeatureKind) -> Generator[Preparing, None, Features | None]:
    """Yields `Preparing`, returns probabilities float32 [len(ids), source classes] by the head that came with the
    weights, in float32; None where none did. Raises as `embedded` does."""
    network = source_head(kind.backbone, kind.runs)
    if network is None:
        return None
    last = nn.Sequential(network, nn.Flatten(), nn.Softmax(1)).to(memory_format=torch.channels_last)
    return (yield from _kept(data, ids, replace(kind, gives="answers", precision="float32"), lambda: last))


def as_they_are(data: LabelledSet, ids: Ids, kind: FeatureKind) -> Generator[Preparing, None, Features]:
    """Yields `Preparing`, returns float32 [len(ids), values] in 0 .. 1: the images as the network would read them, made
    small, whatever its weights; kept and raised as by `embedded`."""
    return (yield from _kept(data, ids, replace(kind, gives="pixels", precision="float32"), Shrunk))


class Shrunk(nn.Module):
    """float32 [n, c, s, s] -> [n, values]."""

    def forward(self, images: Tensor) -> Tensor:
        return shrunk(images)


def _kept(
    data: LabelledSet, ids: Ids, kind: FeatureKind, build: Callable[[], nn.Module]
) -> Generator[Preparing, None, Features]:
    file = kind.file.with_name(f"{data.fingerprint}-{kind.file.name}")
    known = read(file)
    missing = np.setdiff1d(ids, known[0])
    if len(missing):
        fresh = yield from _embed(data, missing, kind, build, lambda some: write(file, *merged(known, some)))
        known = merged(known, fresh)
    return known[1][np.searchsorted(known[0], ids)]


def _embed(
    data: LabelledSet, ids: Ids, kind: FeatureKind, build: Callable[[], nn.Module], keep: Callable[[Known], None]
) -> Generator[Preparing, None, Known]:
    """keep: is given what there is so far now and then, so that a long pass can go on, and all of it at the end."""
    device, shape = torch_device(kind.device), kind.shape
    what, chunk = ("texts", TEXTS) if isinstance(shape, Pieces) else ("images", CHUNK)
    words = f"Embedding {what} with the frozen backbone" if kind.gives != "pixels" else "Reading the pixels"
    yield Preparing(words)
    model = build().to(device).eval()
    ids = _by_length(data, ids, shape, kind.shift)
    parts, due = [], time.monotonic() + KEEP_EVERY
    for start in range(0, len(ids), chunk):
        yield Preparing(words, start / len(ids))
        pixels = seen_pixels(data, ids[start : start + chunk], shape, kind.shift)
        features = forward(model, shape, sent(pixels, device), kind.precision == "bfloat16").cpu().numpy()
        if not np.isfinite(features).all():
            raise WeightsError("The network gives features that are not numbers.", "Choose other weights or float32.")
        parts.append(features)
        if start + chunk >= len(ids) or time.monotonic() >= due:
            begin, found = time.monotonic(), np.concatenate(parts)
            keep(ordered(ids[: len(found)], found))
            due = time.monotonic() + max(KEEP_EVERY, COST * (time.monotonic() - begin))
    return ordered(ids, np.concatenate(parts))


def _by_length(data: LabelledSet, ids: Ids, shape: Preparer, shift: Shift | None) -> Ids:
    """Texts from the longest on, as each batch is as long as its longest; images as they come."""
    if not isinstance(shape, Pieces):
        return ids
    pieces = [(data.read(ids[at : at + ROWS], shape, shift) != 0).sum(1) for at in range(0, len(ids), ROWS)]
    return ids[np.argsort(-np.concatenate(pieces), kind="stable")]


def seen_pixels(data: LabelledSet, ids: Ids, shape: Preparer, shift: Shift | None) -> Tensor:
    """Images uint8 [n, c, s, s] or texts int32 [n, pieces], shifted as asked."""
    return torch.from_numpy(np.ascontiguousarray(as_rows(data.read(ids, shape, shift))))


@torch.no_grad()
def forward(model: nn.Module, shape: Preparer, pixels: Tensor, bf16: bool) -> Tensor:
    """Features, or what another network gives, float32 [n, values] of images uint8 [n, c, s, s], on their device."""
    with rounded(model, bf16):
        images = shape(pixels)
        found: Tensor = model.embed(images) if isinstance(model, Backbone) else model(images)
        return found.float()


# On disk

Known = tuple[Ids, Features]


def read(file: Path) -> Known:
    """(ids ascending, their features) of a cache file; nothing when it is missing or damaged."""
    empty = np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    try:
        with file.open("rb") as body, np.load(body, allow_pickle=False) as kept:
            ids, features = kept["ids"], kept["features"]
        os.utime(file)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return empty
    whole = ids.dtype == np.int64 and features.dtype == np.float32 and ids.shape == features.shape[:1]
    return (ids, features) if whole and np.isfinite(features).all() else empty


def merged(old: Known, new: Known) -> Known:
    """Both, in the order of the ids."""
    if not len(old[0]):
        return new
    return ordered(np.concatenate([old[0], new[0]]), np.concatenate([old[1], new[1]]))


def ordered(ids: Ids, features: Features) -> Known:
    """By rising ids."""
    order = np.argsort(ids)
    return ids[order], features[order]


def write(file: Path, ids: Ids, features: Features) -> None:
    """Keep features; the file is the old one or the new one, whole. A full or locked disk keeps none."""
    try:
        with replacing(file, shared=True) as part, part.open("wb") as body:
            np.savez(body, ids=ids, features=features)
    except OSError:
        return
    trim(file.parent, file, MOST_BYTES)
