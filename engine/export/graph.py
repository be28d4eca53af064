"""What is exported as one graph: from bytes of images, or numbers of word pieces, to answers, preparation's arithmetic
included."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from engine.preparation.inputs import Pieces, Preparer, filled

IMAGES, PIECES = "images", "pieces"
FEATURES, LOGITS, PROBABILITIES = "features", "logits", "probabilities"
UNLIKE, NONE = "unlike", "none_of_these"
OPSET = 20
TOGETHER = 2  # images it is written with: of one the number would be taken for a constant
LEAST_PIECES = 2  # of a batch of texts: of one the number would be taken for a constant too
Embed = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Assurance:
    """temperature: by which logits are divided before the softmax. learnt: what training images are like, float16
    [m, d] of length 1; None where it is not known when an image is none of the classes. threshold: from where it is."""

    temperature: float = 1.0
    learnt: Tensor | None = None
    threshold: float = float("inf")


PLAIN = Assurance()


class WholeGraph(nn.Module):
    """Images uint8 [n, size, size, channels], or texts int32 [n, pieces] -> features [n, …], or logits and
    probabilities [n, classes] and features, and how unlike all that was learnt each is, with whether it is none of the
    classes [n], where that is known.

    network: what learnt, held for its weights. embed, classify: from what is prepared to features and on to logits.
    fixed: texts are all of one length, of its form: a network that goes from word to word is written out for so many.
    """

    def __init__(
        self, network: nn.Module, form: Preparer, embed: Embed, classify: Embed | None, sure: Assurance = PLAIN,
        fixed: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.fixed = fixed
        self.network, self._form, self._embed, self._classify = network, form, embed, classify
        self._temperature, self._threshold = sure.temperature, sure.threshold
        self.register_buffer("learnt", sure.learnt)

    @property
    def outputs(self) -> tuple[str, ...]:
        if self._classify is None:
            return (FEATURES,)
        return (LOGITS, PROBABILITIES, FEATURES) + (UNLIKE, NONE) * (self.learnt is not None)

    @property
    def input(self) -> str:
        return PIECES if isinstance(self._form, Pieces) else IMAGES

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features = self._embed(self._prepared(images))
        if self._classify is None:
            return (features,)
        logits = self._classify(features)
        answers = logits, (logits / self._temperature).softmax(1), features
        return answers if self.learnt is None else (*answers, *self._judged(features))

    def _prepared(self, given: Tensor) -> Tensor:
        if isinstance(self._form, Pieces):
            return given.long()
        return self._form(given.permute(0, 3, 1, 2))

    def fed(self, rows: NDArray[np.uint8] | NDArray[np.int32]) -> NDArray[np.uint8] | NDArray[np.int32]:
        """A batch as the graph is given it: texts no longer than the longest of them needs."""
        if isinstance(self._form, Pieces) and not self.fixed:
            rows = rows[:, : max(LEAST_PIECES, filled(torch.from_numpy(rows) != 0))]
        return np.ascontiguousarray(rows)  # type: ignore[return-value]

    def _judged(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """As `engine.comparison.unlike` does it."""
        length = features.norm(dim=1, keepdim=True)
        assert isinstance(self.learnt, Tensor)
        alike = (features / torch.where(length > 0, length, 1.0)) @ self.learnt.float().T
        unlike = 1 - alike.amax(1)
        return unlike, unlike > self._threshold

    def shapes(self) -> dict[int, Dim]:
        """Which dimensions of what it is given may be of any size."""
        if self.fixed or not isinstance(self._form, Pieces):
            return {0: Dim("n")}
        return {0: Dim("n"), 1: Dim("length", min=LEAST_PIECES, max=self._form.size)}

    def example(self) -> Tensor:
        """Images or texts to write it with."""
        if isinstance(self._form, Pieces):
            return torch.ones(TOGETHER, self._form.size, dtype=torch.int32)
        shape = (TOGETHER, self._form.size, self._form.size, self._form.channels)
        return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def exported(graph: WholeGraph) -> ExportedProgram:
    """As torch itself can load it again, for any number of images or texts."""
    with quiet():
        return torch.export.export(graph.eval(), (graph.example(),), dynamic_shapes=(graph.shapes(),))


@torch.no_grad()
def write_onnx(graph: WholeGraph, path: Path) -> ExportedProgram:
    """One file, weights inside, for any number of images; returns what it was written from. Raises `OSError`."""
    program = exported(graph)
    with quiet():
        found = torch.onnx.export(
            program, (), dynamo=True, opset_version=OPSET, input_names=[graph.input], output_names=list(graph.outputs),
            verbose=False, optimize=True,
        )  # fmt: skip
    assert found is not None
    found.save(path, external_data=False)
    return program


def write_pt2(program: ExportedProgram, path: Path) -> None:
    """For programs that stay with the same version of torch. Raises `OSError`."""
    with quiet():
        torch.export.save(program, path)


@contextmanager
def quiet() -> Iterator[None]:
    """The exporter's remarks are for those who write exporters."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
