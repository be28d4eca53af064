"""What a task is judged by: cross-entropy and accuracy where its targets are classes, squared error where numbers."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from engine.data.target import CLASSES, NUMBERS, asked


def loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Scalar. outputs: [n, way] logits or [n, 1] predictions; targets: int64 [n] or float [n, 1]."""
    if asked(targets) == NUMBERS:
        return F.mse_loss(outputs, targets)
    return F.cross_entropy(outputs, targets)


def score(outputs: Tensor, targets: Tensor) -> Tensor:
    """Scalar without gradient: accuracy as a fraction, or the mean squared error."""
    if asked(targets) == NUMBERS:
        return F.mse_loss(outputs.detach(), targets)
    return (outputs.detach().argmax(1) == targets).float().mean()


def figures(outputs: Tensor, targets: Tensor, value: Tensor) -> dict[str, Tensor]:
    """What one task adds to the curves: {"loss": …} and, for classes, {"accuracy": …}; no gradient, no sync."""
    found = {"loss": value.detach()}
    if asked(targets) == CLASSES:
        found["accuracy"] = score(outputs, targets)
    return found
