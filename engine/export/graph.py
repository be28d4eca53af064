"""What is exported as one graph: from bytes of images to answers, preparation's arithmetic included."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.preparation.inputs import Normaliser

IMAGES, FEATURES, LOGITS, PROBABILITIES = "images", "features", "logits", "probabilities"
UNLIKE, NONE = "unlike", "none_of_these"
OPSET = 20
TOGETHER = 2  # images it is written with: of one the number would be taken for a constant
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
    """uint8 [n, size, size, channels] -> features [n, …], or logits and probabilities [n, classes] and features, and
    how unlike all that was learnt each is, with whether it is none of the classes [n], where that is known.

    network: what learnt, held for its weights. embed, classify: from prepared images to features and on to logits.
    """

    def __init__(
        self, network: nn.Module, form: Normaliser, embed: Embed, classify: Embed | None, sure: Assurance = PLAIN
    ) -> None:
        super().__init__()
        self.network, self._form, self._embed, self._classify = network, form, embed, classify
        self._temperature, self._threshold = sure.temperature, sure.threshold
        self.register_buffer("learnt", sure.learnt)

    @property
    def outputs(self) -> tuple[str, ...]:
        if self._classify is None:
            return (FEATURES,)
        return (LOGITS, PROBABILITIES, FEATURES) + (UNLIKE, NONE) * (self.learnt is not None)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features = self._embed(self._form(images.permute(0, 3, 1, 2)))
        if self._classify is None:
            return (features,)
        logits = self._classify(features)
        answers = logits, (logits / self._temperature).softmax(1), features
        return answers if self.learnt is None else (*answers, *self._judged(features))

    def _judged(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """As `engine.comparison.unlike` does it."""
        length = features.norm(dim=1, keepdim=True)
        assert isinstance(self.learnt, Tensor)
        alike = (features / torch.where(length > 0, length, 1.0)) @ self.learnt.float().T
        unlike = 1 - alike.amax(1)
        return unlike, unlike > self._threshold

    def example(self) -> Tensor:
        """Images to write it with."""
        shape = (TOGETHER, self._form.size, self._form.size, self._form.channels)
        return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def exported(graph: WholeGraph) -> torch.export.ExportedProgram:
    """As torch itself can load it again, for any number of images."""
    with quiet():
        return torch.export.export(graph.eval(), (graph.example(),), dynamic_shapes=({0: torch.export.Dim("n")},))


@torch.no_grad()
def write_onnx(graph: WholeGraph, path: Path) -> None:
    """One file, weights inside, for any number of images. Raises `OSError`."""
    program = exported(graph)
    with quiet():
        found = torch.onnx.export(
            program, (), dynamo=True, opset_version=OPSET, input_names=[IMAGES], output_names=list(graph.outputs),
            verbose=False, optimize=True,
        )  # fmt: skip
    assert found is not None
    found.save(path, external_data=False)


def write_pt2(graph: WholeGraph, path: Path) -> None:
    """For programs that stay with the same version of torch. Raises `OSError`."""
    with quiet():
        torch.export.save(exported(graph), path)


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
