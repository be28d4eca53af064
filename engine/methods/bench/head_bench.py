"""Head bench: the trunk is frozen, every image is embedded once, and all heads learn from the same features.

Each head is met at every number of labels, over several draws of the labelled images, and judged twice: by
cross-validation on the labelled images, which is what a choice may rest on, and on the test images. Features with a
small head are the best value on a small machine (Chen et al. 2019; Tian et al. 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.heads.catalog import HEADS
from engine.heads.counted_words import CountedWords
from engine.heads.head import Head
from engine.heads.raw_pixels import RawPixels
from engine.method import HyperparameterModel, Method, hyper

COUNTS = (1, 2, 5, 10, 20)
ALL = "all"
ALONE: tuple[Head, ...] = (CountedWords(), RawPixels())
INSTEAD = {head.title: "texts" if head.of_texts else "images" for head in ALONE}  # what each can be asked of


class HeadBenchHyperparameters(HyperparameterModel):
    most_labels: Literal["1", "2", "5", "10", "20", "all"] = hyper(
        ALL, "Labels per class up to", "Every step of 1, 2, 5, 10, 20 and all labels up to this one."
    )
    repeats: int = hyper(
        10, "Draws", "How often the labelled examples are drawn anew at each count.", unit="draws", low=1, high=100
    )
    heads: Literal[
        "all", "Nearest mean", "Nearest mean, cosine", "Nearest mean, centred", "Nearest mean, power",
        "Cosine classifier", "Logistic regression", "Ridge regression", "Shrunk Mahalanobis",
        "Counted words, no network", "Raw pixels, no network",
    ] = hyper(
        "all", "Heads",
        "All heads, or one of them; or what needs no network, to be better than: the words or the pixels alone.",
        advanced=True, of=INSTEAD,
    )  # fmt: skip


class HeadBench(Method):
    name = "head_bench"
    order = 130
    title = "Head bench"
    family = "bench"
    group = "Frozen features"
    idea = "Embed every example once and compare all heads at all label counts."
    paper = "Chen et al. 2019, A Closer Look at Few-shot Classification, arXiv 1904.04232"
    Hyperparameters = HeadBenchHyperparameters
    becomes = "frozen", "new"
    presets = {"Usual values": {}, "Quick look": {"most_labels": "5", "repeats": 3}}

    @classmethod
    def without_network(cls, values: Mapping[str, Any]) -> bool:
        return values.get("heads") in INSTEAD

    @property
    def all_heads(self) -> bool:
        return bool(self.hyperparameters.heads == "all")

    @property
    def alone(self) -> Head | None:
        """The head of which nothing of the network is asked, where it is the only one."""
        return next((head for head in ALONE if head.title == self.hyperparameters.heads), None)

    @property
    def heads(self) -> tuple[Head, ...]:
        """Those that learn from features alone."""
        wanted = self.hyperparameters.heads
        return tuple(head for head in HEADS if self.all_heads or head.title == wanted)

    @property
    def counts(self) -> tuple[int | None, ...]:
        """Labels per class to be met, rising; None stands for all."""
        most = self.hyperparameters.most_labels
        return (*COUNTS, None) if most == ALL else tuple(count for count in COUNTS if count <= int(most))
