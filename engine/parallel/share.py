"""The process that computes a share of each batch of a run for the run's own process, its leader.

    leader -> share: lines. First the task, then for each pass a `PassOrder`, and `BACK` for its gradients
    share -> leader: a line when it is there, and one with what is wrong

Tensors go through the `Ranks`. It ends when the leader says no more.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any, BinaryIO

import torch
from torch import Tensor

from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import Backbone
from engine.backbones.kernels.whole_norm import WholeNorm
from engine.backbones.precision import rounded
from engine.experiment import BackboneChoice
from engine.machine.devices import computing
from engine.parallel.passes import ALONE, BACK, PassOrder, as_it_was, collected, in_full, sent_together, tensors_of
from engine.parallel.ranks import Ranks

LOST = 1  # exit code


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what others print is not for the leader
    said: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, said), name="leader", daemon=True).start()
    try:
        with computing():
            _work(said, out)
    except Exception:  # noqa: BLE001 - the boundary of the process, which ends by `_exit` alone
        _say(out, {"fault": traceback.format_exc()})
        os._exit(LOST)


def _listen(commands: BinaryIO, said: SimpleQueue[str]) -> None:
    """Until the leader says no more, which is the end of this process, whatever it waits for."""
    for line in commands:
        said.put(line.decode().rstrip("\n"))
    os._exit(LOST)


def _say(out: BinaryIO, what: Mapping[str, Any]) -> None:
    out.write(json.dumps(what).encode() + b"\n")
    out.flush()


def _work(said: SimpleQueue[str], out: BinaryIO) -> None:
    task = json.loads(said.get())
    model = network(task)
    _say(out, {"there": True})
    share = Share(model, Ranks(task["meeting"], task["rank"], task["size"], _device_of(model)))
    while True:
        line = said.get()
        if line == BACK:
            share.backward()
        else:
            share.forward(PassOrder(**json.loads(line)))


def network(task: Mapping[str, Any]) -> Backbone:
    """One of the run's kind on its device; the weights come with each pass."""
    device = torch.device(task["device"])
    if device.type == "cuda":
        torch.cuda.set_device(device)
    choice = BackboneChoice.model_validate(task["backbone"])
    model = build_backbone(choice, task["outputs"], seed=0, pretrained=False)
    return model.to(device, getattr(torch, task["kind"]))


def _device_of(model: Backbone) -> torch.device:
    return next(model.parameters()).device


class Share:
    """The network, its weights as they were sent last, and this process's part of the last pass that learns."""

    def __init__(self, model: Backbone, group: Ranks) -> None:
        self._model, self._group, self._device = model, group, _device_of(model)
        self._modules = list(model.modules())
        self._known = {name: one.detach() for name, one in tensors_of(model, 0, answers=True).items()}
        self._out: Tensor | None = None
        self._learns: list[Tensor] = []
        self._count = 0

    def forward(self, order: PassOrder) -> None:
        values = torch.empty(order.shape, dtype=getattr(torch, order.kind), device=self._device)
        self._group.broadcast(values)
        weights, learns = self._received(order), order.learns is not None
        with torch.set_grad_enabled(learns), WholeNorm(self._group.total), rounded(self._model, order.bf16):
            own = as_it_was(values)[self._group.share(len(values))]
            out = in_full(ALONE(self._model, own, order.start, order.answers, weights))
        self._group.gathered(out.detach(), len(values))
        if order.learns is not None:  # else a teacher may have been asked before the student goes back
            known = list(weights.values())
            self._out, self._count, self._learns = out, len(values), [known[place] for place in order.learns]

    def _received(self, order: PassOrder) -> dict[str, Tensor]:
        """Weights by name. What is new has memory of its own: a pass that goes back later needs the old."""
        for module, trains in zip(self._modules, order.trains, strict=True):
            module.training = trains == "1"
        names = list(tensors_of(self._model, order.start, order.answers))
        for place in order.fresh:
            self._known[names[place]] = torch.empty_like(self._known[names[place]], requires_grad=False)
        sent_together(self._group, [self._known[names[place]] for place in order.fresh])
        for place in order.learns or ():
            self._known[names[place]].requires_grad_(True)
        torch.manual_seed(order.seed)
        return {name: self._known[name] for name in names}

    def backward(self) -> None:
        """Of the last pass that learns; what it made is let go."""
        out, self._out = self._out, None
        assert out is not None
        gradient = out.new_empty(self._count, *out.shape[1:])
        self._group.broadcast(gradient)
        own = gradient[self._group.share(self._count)]
        collected(self._group, torch.autograd.grad(out, self._learns, own, allow_unused=True))


if __name__ == "__main__":
    main()
