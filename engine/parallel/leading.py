"""The run's own process at the head of those that compute shares of its batches."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.func import functional_call

from engine.backbones.backbone import Backbone
from engine.backbones.kernels.whole_norm import WholeNorm
from engine.experiment import Experiment
from engine.machine.devices import several
from engine.parallel.helpers import Helpers
from engine.parallel.passes import (
    ALONE,
    BACK,
    Passes,
    PassOrder,
    Weights,
    as_it_lies,
    collected,
    in_full,
    sent_together,
    tensors_of,
)
from engine.parallel.ranks import LEADER, Ranks


class together:
    """The passes of a run on all of its devices, while open; of one on a single device they are `ALONE`.

    What goes wrong in another process ends the run in words: raises `ExperimentError` where one is gone, `RuntimeError`
    with its traceback where it failed. None is left behind.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._helpers: Helpers | None = None

    def __enter__(self) -> Passes:
        own, *others = several(self._experiment.device)
        if not others:
            return ALONE
        self._helpers = Helpers(others)
        return SharedPasses(self._helpers, self._experiment, own)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._helpers is None:
            return
        try:
            lost = isinstance(error, RuntimeError | OSError)
            if lost and (fault := self._helpers.fault()) is not None:
                raise fault from error
        finally:
            self._helpers.end()


class SharedPasses(Passes):
    """Each process computes its share of the rows; this one has what all of them made."""

    def __init__(self, helpers: Helpers, experiment: Experiment, device: str) -> None:
        self._helpers, self._choice, self._device = helpers, experiment.backbone, device
        self._group: Ranks | None = None
        self._sent: dict[str, tuple[Tensor, int]] = {}  # weights that they have, as they were then

    def __call__(
        self, model: Backbone, values: Tensor, start: int = 0, answers: bool = True, weights: Weights | None = None
    ) -> Tensor:
        group = self._group = self._group or self._join(model)
        if len(values) < group.size or values.requires_grad:
            self._sent.clear()  # what learns by this pass is theirs no more
            return super().__call__(model, values, start, answers, weights)
        own = tensors_of(model, start, answers)
        used = {name: one for name, one in (weights or {}).items() if name in own}
        tensors = {**own, **used}
        order = self._order(model, values, start, answers, tensors)
        self._helpers.tell(json.dumps(asdict(order)))
        group.broadcast(as_it_lies(values.detach()))
        sent_together(group, [list(tensors.values())[place] for place in order.fresh])
        names = [list(tensors)[place] for place in order.learns or ()]
        if names:
            used |= zip(names, ForAll.apply(group, *(tensors[name] for name in names)), strict=True)
        with WholeNorm(group.total):
            rows = functional_call(model, used, (values[group.share(len(values))], start, answers), tie_weights=False)
        out: Tensor = FromAll.apply(in_full(rows), self._helpers, group, len(values))
        return out

    def _join(self, model: Backbone) -> Ranks:
        """Once the network is there; they have begun long before."""
        first = next(model.parameters())
        head = model.head if isinstance(model.head, nn.Linear) else None
        self._helpers.join({
            "backbone": self._choice.model_dump(mode="json"), "outputs": head and head.out_features,
            "kind": _name(first.dtype),
        })  # fmt: skip
        meeting, size = self._helpers.meeting, self._helpers.size
        group = self._helpers.met(lambda: Ranks(meeting, LEADER, size, first.device))
        self._helpers.watch(group.abort)
        return group

    def _order(
        self, model: Backbone, values: Tensor, start: int, answers: bool, tensors: dict[str, Tensor]
    ) -> PassOrder:
        learning = [place for place, one in enumerate(tensors.values()) if learns(one)]
        shape = list(as_it_lies(values.detach()).shape)
        return PassOrder(
            shape, _name(values.dtype), start, answers,
            trains="".join(str(int(module.training)) for module in model.modules()),
            fresh=self._fresh(tensors), learns=learning or None,
            bf16=torch.is_autocast_enabled(values.device.type), seed=_seed(values.device),
        )  # fmt: skip

    def _fresh(self, tensors: dict[str, Tensor]) -> list[int]:
        """Which of them they do not have as they are now: what may have learnt since, all running statistics, and what
        torch knows to be changed. It does not know of fused optimisers, which step after a pass that learns."""
        fresh = []
        for place, (name, one) in enumerate(tensors.items()):
            if learns(one) or not isinstance(one, nn.Parameter):
                self._sent.pop(name, None)
            elif self._is_sent(name, one):
                continue
            else:
                self._sent[name] = one, one._version
            fresh.append(place)
        return fresh

    def _is_sent(self, name: str, tensor: Tensor) -> bool:
        before, version = self._sent.get(name, (None, 0))
        return before is tensor and version == tensor._version


def learns(tensor: Tensor) -> bool:
    return tensor.requires_grad and torch.is_grad_enabled()


def _name(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")


def _seed(device: torch.device) -> int:
    """Of what layers draw elsewhere, by what they draw from here, which moves on with each draw."""
    state = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()
    return int.from_bytes(hashlib.blake2b(state.numpy().tobytes(), digest_size=6).digest())


class ForAll(Function):
    """Weights as they are; backwards the sum of their gradients in all processes, once all are known here."""

    @staticmethod
    def forward(ctx: Any, group: Ranks, *weights: Tensor) -> tuple[Tensor, ...]:
        ctx.group = group
        ctx.set_materialize_grads(False)
        return tuple(one.view_as(one) for one in weights)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        return None, *collected(ctx.group, gradients)


class FromAll(Function):
    """This process's rows -> all rows; backwards the others are given the gradients of theirs first, so that all go
    back at the same time."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, helpers: Helpers, group: Ranks, count: int) -> Tensor:
        ctx.helpers, ctx.group, ctx.count = helpers, group, count
        return group.gathered(own.detach(), count)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        ctx.helpers.tell(BACK)
        gradient = gradient.contiguous()
        ctx.group.broadcast(gradient)
        return gradient[ctx.group.share(ctx.count)], None, None, None
