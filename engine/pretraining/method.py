"""What every way to pretrain without labels is: a question that images or texts answer themselves. Torch-free.

A method makes a `Pretext`: what is changed in them, the heads that are thrown away afterwards, and a loss. The trunk
alone is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from engine.layers import HEAD, Treatment
from engine.method import REGULAR, SCHEDULE, STOPPING, HyperparameterModel, Method, hyper
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext

COLLAPSING, COLLAPSED = 0.2, 0.05  # of the spread of projections, see `engine.pretraining.gauges`
GOING_ON = 2e-4  # rate from trained weights: larger ones destroy what suits the images, smaller ones learn nothing
TEXTS_GOING_ON = 3e-5  # of encoders of texts
SENTENCES_GOING_ON = 3e-6  # of those that compare sentences already
IN_A_ROW = 3  # looks that show a collapse before it is said
COMPARE, REBUILD, NAME = "Compare views", "Rebuild", "Name the change"
Views = Literal["characters", "characters, gentle", "photos", "photos, gentle", "no change"]


def told_below(first: float) -> float:
    """The spread below which a collapse is told, by that of the first look: without norm layers, random weights begin
    near the usual level, with projections that all point much alike."""
    return min(COLLAPSING, max(COLLAPSED, first / 2))


def is_collapsing(spreads: Sequence[float] | np.ndarray) -> bool:
    """By what the looks so far found, the newest last: three low ones in a row, or one that says the same of all."""
    newest = [float(one) for one in spreads[-IN_A_ROW:]]
    low = len(newest) == IN_A_ROW and max(newest) < told_below(float(spreads[0]))
    return low or bool(newest and newest[-1] < COLLAPSED)


class PretrainHyperparameters(HyperparameterModel):
    """Options of every objective."""

    epochs: int = hyper(50, "Epochs", "How often the images are seen, in whole batches.", low=1, high=5000)
    learning_rate: float = hyper(
        2e-3, "Learning rate",
        "Step size of AdamW at its peak, after the warm-up; usually a tenth where trained weights are gone on from.",
        low=1e-6, high=0.1, log=True,
    )  # fmt: skip
    batch_size: int = hyper(256, "Batch size", "Images per step; comparing views wants many.", low=2, high=4096)
    weight_decay: float = hyper(
        1e-4, "Weight decay", "Pull of the weights towards zero; biases and norms are left alone.",
        low=0.0, high=1.0, log=True, fold=REGULAR,
    )  # fmt: skip
    warm_up: float = hyper(
        0.05, "Warm-up", "Share of the training in which the rate rises; then it falls as a cosine.",
        low=0.0, high=0.5, fold=SCHEDULE,
    )  # fmt: skip
    judged: Literal["nearest neighbours", "no labels"] = hyper(
        "nearest neighbours", "Judged by",
        "Labels of the training and validation images show how well neighbours agree, and choose which weights are "
        "kept; no gradient comes from them.",
        fold=STOPPING,
    )  # fmt: skip
    tested: Literal["best look", "last step"] = hyper(
        "best look", "Weights used for the test", "Those whose neighbours agreed best, or simply the last ones.",
        fold=STOPPING, only_with=("judged", "nearest neighbours"),
    )  # fmt: skip


class TextHyperparameters(PretrainHyperparameters):
    """Of objectives that ask texts: as random weights learn; `TextPretrainMethod.usual` says what trained ones bear."""

    epochs: int = hyper(5, "Epochs", "How often the texts are seen, in whole batches.", low=1, high=5000)
    learning_rate: float = hyper(
        1e-3, "Learning rate",
        "Step size of AdamW at its peak, after the warm-up; usually 3e-5 where trained weights are gone on from, and "
        "3e-6 where these are an encoder of sentences.",
        low=1e-6, high=0.1, log=True,
    )  # fmt: skip
    batch_size: int = hyper(64, "Batch size", "Texts per step.", low=2, high=4096)
    word_vectors: Literal["kept", "learnt"] = hyper(
        "learnt", "Word vectors",
        "Whether the table of words stays as it is: usual from trained weights; random ones must be learnt.",
    )  # fmt: skip


WIDTH, OUTPUT = "Of the head between features and loss.", "Numbers that the loss compares."
WIDE: int = hyper(512, "Projector width", WIDTH, low=8, high=8192, advanced=True)
WIDE_OUTPUT: int = hyper(512, "Projector output", OUTPUT, low=2, high=8192, advanced=True)


class ComparedHyperparameters(PretrainHyperparameters):
    """Of objectives that compare two views of an image."""

    views: Views = hyper(
        "characters", "Views",
        "How the two views of an image differ: characters are bent but never flipped, photos cropped and coloured; "
        "gentle views differ less.",
    )  # fmt: skip
    projector_width: int = hyper(256, "Projector width", WIDTH, low=8, high=8192, advanced=True)
    projector_output: int = hyper(128, "Projector output", OUTPUT, low=2, high=8192, advanced=True)


class PretrainMethod(Method):
    """Training without labels: a subclass makes its `Pretext`."""

    family = "pretrain"
    becomes: ClassVar[tuple[Treatment, Treatment]] = ("trained", "new")
    Hyperparameters = PretrainHyperparameters
    changes: ClassVar[str] = "views"
    learns_labels: ClassVar[bool] = False  # True: the labels of the training images are learnt from
    reads_forwards: ClassVar[bool] = False  # True: of a text nothing may be seen that comes later
    reads: ClassVar[str] = "images"  # what it asks its question of, as `Form.kind` of a backbone says it

    @classmethod
    def usual(cls, trained: bool) -> Mapping[str, Any]:
        """Random weights learn from steps that trained ones forget by."""
        return {"learning_rate": GOING_ON} if trained else {}

    @property
    def passes(self) -> tuple[int, int]:
        """Forward passes per image of a step, and of them those that nothing is learnt through."""
        return 2, 0

    @property
    def keeps_best(self) -> bool:
        """Whether labels choose which weights are kept."""
        values = self.hyperparameters
        return values.judged != "no labels" and values.tested == "best look"

    @property
    def keeps_head(self) -> bool:
        """Its heads are thrown away."""
        return False

    @property
    def epochs(self) -> int:
        return int(self.hyperparameters.epochs)

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        """A new one for this network, with random heads drawn from torch's generator."""
        raise TypeError(f"{type(self).__name__} does not say what it asks of the images")

    def collapsed(self, pool: Pool) -> float | None:
        """The loss where the network says the same of every image; None where that means nothing."""
        return None

    def ignorant(self, pool: Pool) -> float | None:
        """The loss of who knows nothing at all; None where that is the same as `collapsed`, or means nothing."""
        return None

    def answers(self, pool: Pool) -> int:
        """Values of what its heads answer in a step, where these are many beside the network's."""
        return 0

    def remarks(self, pool: Pool, characters: bool) -> Iterator[str]:
        """What a person should know of this question and these images, before it is put."""
        views: str | None = getattr(self.hyperparameters, "views", None)
        if (characters or pool.channels == 1) and views is not None and views.startswith("photos"):
            yield "These views mirror images, which makes others of digits and characters: take the views of these."
        if pool.batch < self.hyperparameters.batch_size:
            yield f"There are {pool.images:,} images to learn from, so that each step sees all of them."

    def kept_blocks(self, blocks: tuple[str, ...]) -> tuple[str, ...]:
        """Of the blocks in order those that do not learn."""
        return ()

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        kept = self.kept_blocks(blocks)
        return {block: "frozen" if block in kept else self.becomes[block == HEAD] for block in blocks}


def asks_of(chosen: type[Method], kind: str) -> bool:
    """Whether a way to learn without labels puts its question to such data ("texts"); true of any other method."""
    return not issubclass(chosen, PretrainMethod) or chosen.reads == kind


class TextPretrainMethod(PretrainMethod):
    """Of texts."""

    Hyperparameters = TextHyperparameters
    changes = "augmentation"
    reads = "texts"

    @classmethod
    def usual(cls, trained: bool) -> Mapping[str, Any]:
        """Devlin et al. 2019 and Gao et al. 2021 go on with 2e-5 to 3e-5."""
        return {"epochs": 1, "learning_rate": TEXTS_GOING_ON, "word_vectors": "kept"} if trained else {}

    def kept_blocks(self, blocks: tuple[str, ...]) -> tuple[str, ...]:
        return blocks[:1] if self.hyperparameters.word_vectors == "kept" else ()

    def remarks(self, pool: Pool, characters: bool) -> Iterator[str]:
        if pool.batch < self.hyperparameters.batch_size:
            yield f"There are {pool.images:,} texts to learn from, so that each step sees all of them."
