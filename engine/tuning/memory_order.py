"""Parameters as they lie in memory, for optimisers that work through memory.

torch's fused optimisers copy whatever is not laid out plainly, and on a CPU that took two thirds of a step of AdamW on
the channels-last weights of a ResNet-18. A view of the same values with the dimensions in memory's own order is plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

IN_MEMORY, BACK = (0, 2, 3, 1), (0, 3, 1, 2)  # [out, in, h, w] as channels-last has them, and as they were


class MemoryOrder:
    """Views of parameters, and what an optimiser keeps of them in the parameters' own order of dimensions."""

    def __init__(self) -> None:
        self._owners: dict[Tensor, Tensor] = {}

    def views(self, parameters: Iterable[Tensor]) -> list[Tensor]:
        """One for each channels-last parameter, sharing its memory; the others themselves."""
        return [self._view(parameter) for parameter in parameters]

    def _view(self, parameter: Tensor) -> Tensor:
        plain = parameter.is_contiguous() or not parameter.is_contiguous(memory_format=torch.channels_last)
        if parameter.dim() != len(IN_MEMORY) or plain:
            return parameter
        view = parameter.detach().permute(IN_MEMORY)
        self._owners[view] = parameter
        return view

    def owner(self, view: Tensor) -> Tensor:
        return self._owners.get(view, view)

    def forget_gradients(self) -> None:
        for view, owner in self._owners.items():
            view.grad = owner.grad = None

    def hand_gradients(self) -> None:
        """To the views, copied only where a gradient is laid out otherwise than its parameter."""
        for view, owner in self._owners.items():
            view.grad = None if owner.grad is None else owner.grad.permute(IN_MEMORY).contiguous()

    def told(self, views: Sequence[Tensor], kept: Sequence[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
        """What an optimiser keeps of each view, as of its parameter."""
        return [self._turned(view, one, BACK) for view, one in zip(views, kept, strict=True)]

    def taken(self, views: Sequence[Tensor], kept: Sequence[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
        """What was kept of each parameter, as of its view."""
        return [self._turned(view, one, IN_MEMORY) for view, one in zip(views, kept, strict=True)]

    def _turned(self, view: Tensor, kept: dict[str, Any] | None, order: tuple[int, ...]) -> dict[str, Any] | None:
        if kept is None or view not in self._owners:
            return kept
        return {key: value.permute(order) if _is_moment(value) else value for key, value in kept.items()}


def _is_moment(value: object) -> bool:
    return isinstance(value, Tensor) and value.dim() == len(IN_MEMORY)
