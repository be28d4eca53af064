"""How well a run's network tells texts that are of none of its classes, where the source has set such apart."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray

from engine.backbones.backbone import Backbone
from engine.backbones.precision import rounded
from engine.comparison.unlike import Learnt, Threshold, threshold_of, told_apart
from engine.comparison.wording import percent
from engine.data.hashes import short_hash
from engine.data.text_set import TextSet
from engine.events import Evaluated, Preparing
from engine.heads.nearest_mean import unit
from engine.metrics import AT_THRESHOLD
from engine.preparation.inputs import Inputs, images
from engine.tuning.learners import batches
from engine.tuning.material import Material

METRIC = "test/none of these"
TEXT = "Testing on texts of none of its classes"
MOST = 5_000  # texts of each kind; of more so many are drawn


def none_of_these(model: Backbone, material: Material, bf16: bool) -> Generator[Preparing | Evaluated, None, None]:
    """Nothing where no text is known to be of none of the classes. Nothing is learnt from these texts: the threshold
    rests on validation alone."""
    data = material.data
    if not isinstance(data, TextSet) or len(data.outside) < 2 or len(material.test) < 2:
        return
    parts = (material.train.inputs, material.validation.inputs, material.test.inputs, _outside(data, material))
    found = []
    for inputs in parts:
        found.append((yield from _features(model, material, inputs, bf16)))
    learnt = Learnt(found[0])
    validation, test, outside = (learnt.unlikeness(one) for one in found[1:])
    notes = {AT_THRESHOLD: at_threshold(threshold_of(validation), test, outside)} if len(validation) else {}
    yield told(test, outside, data.what).given(notes=notes)


def told(test: NDArray[np.float64], outside: NDArray[np.float64], what: str) -> Evaluated:
    """How well those of no class are told, by how unlike all that was learnt each is: test [n], outside [m]."""
    area = told_apart(test, outside)
    words = f"95 %, DeLong, {len(outside):,} of none of the classes against {len(test):,} test {what}"
    return Evaluated(METRIC, area.value, area.low, area.high, area.n, what, notes={"interval": words})


def at_threshold(chosen: Threshold, test: NDArray[np.float64], outside: NDArray[np.float64]) -> str:
    """ "62.0 % of those of no class and 5.3 % of the test texts are called none of these; …"."""
    caught, wronged = ((one > chosen.threshold).mean() for one in (outside, test))
    return (
        f"{percent(caught)} of those of no class and {percent(wronged)} of the test texts are called none of these; "
        f"chosen on {chosen.n:,} validation texts"
    )


def of_none(data: TextSet) -> TextSet:
    """The texts of no class as a set of their own."""
    return TextSet(
        name=data.name, title=data.title, licence=data.licence, labels=np.zeros(len(data.outside), np.int64),
        class_names=("none of these",), fingerprint=short_hash(data.fingerprint, "outside"), texts=data.outside,
    )  # fmt: skip


def _outside(data: TextSet, material: Material) -> Inputs:
    """The texts of no class, read as the run reads its own."""
    places = np.arange(len(data.outside))
    return images(of_none(data), places, material.shape, material.train.device, material.shift)


@torch.no_grad()
def _features(
    model: Backbone, material: Material, inputs: Inputs, bf16: bool
) -> Generator[Preparing, None, NDArray[np.float32]]:
    """float32 [n, d] of length 1, of at most `MOST` drawn at random."""
    model.eval()
    drawn = torch.from_numpy(np.sort(np.random.default_rng(0).permutation(len(inputs))[:MOST]))
    found = [np.zeros((0, model.features), np.float32)]
    for part in batches(len(drawn)):
        yield Preparing(TEXT, part.start / len(drawn))
        with rounded(model, bf16):
            values = model.embed(material.shape(inputs[drawn[part]]))
        found.append(values.float().cpu().numpy())
    return unit(np.concatenate(found))
