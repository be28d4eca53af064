"""Test images whose figures a person had seen before choosing weights by hand: beside a kept mixture. Torch-free.

Who chooses among many mixtures with their test figures in sight chooses by the test images too, and the figure of what
was chosen is then too good. Whatever starts from such weights says so on these images.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.findings import Finding
from engine.data.labelled_set import LabelledSet
from engine.experiment import BackboneChoice
from engine.machine.files import write_text
from engine.provenance.seen import NOTHING, RUN, Digests

KEY = "chosen in sight"  # in the protocol of a figure
FILE = "chosen_in_sight_of.json"


def write(images: Digests, directory: Path) -> None:
    """Digests of the images, beside the weights that were chosen by hand; raises OSError."""
    write_text(directory / FILE, json.dumps([format(one, "x") for one in images.tolist()]) + "\n")


def in_sight(choice: BackboneChoice, runs: Path) -> Digests:
    """Digests of all such images of these weights, and of those that they began with."""
    found, weights, met = [NOTHING], choice.weights, set[str]()
    while weights.startswith(RUN) and weights not in met:
        met.add(weights)
        folder = runs / weights.removeprefix(RUN)
        found.append(_read(folder))
        weights = _begun_with(folder)
    return np.unique(np.concatenate(found))


def chosen_by_hand(choice: BackboneChoice, data: LabelledSet, test: NDArray[np.int64], runs: Path) -> list[Finding]:
    """What must be said of a test on these images [n] of weights that were chosen so."""
    seen = int(np.isin(data.contents[test], in_sight(choice, runs)).sum())
    if not seen:
        return []
    words = f"weights chosen by hand with the figures of {seen:,} of {len(test):,} test examples in sight"
    return [Finding(KEY, words, f"{words[:1].upper()}{words[1:]}: their test figure may be too good.")]


def _read(folder: Path) -> Digests:
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return np.array([int(one, 16) for one in said], np.uint64)
    except (OSError, ValueError, TypeError):
        return NOTHING


def _begun_with(folder: Path) -> str:
    try:
        return str(json.loads((folder / "experiment.json").read_text(encoding="utf-8"))["backbone"]["weights"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""
