"""The GPU that tests marked `gpu` run on: the first of this machine, or the device named by $WARMSTART_TEST_DEVICE.

With WARMSTART_TEST_DEVICE=cpu they run without one, which tells that they are whole, and nothing about a GPU.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from engine.machine.devices import devices
from engine.tuning.objective import Objective

NAME = os.environ.get("WARMSTART_TEST_DEVICE") or next((one.name for one in devices() if one.name != "cpu"), "")
DEVICE = torch.device(NAME or "cpu")
DTYPE = torch.float32 if DEVICE.type == "mps" else torch.float64  # Apple's GPUs know no other
ROUNDING = 1e-3 if DEVICE.type == "mps" else 1e-6  # of what is computed in DTYPE, on the scale of the largest value
marks = [pytest.mark.gpu, pytest.mark.skipif(not NAME, reason="There is no GPU here.")]


@contextmanager
def full_float32() -> Iterator[None]:
    """Convolutions in float32 as a CPU has them: cuDNN rounds them to 10 bits (TF32) where it may."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


@contextmanager
def short_of_memory() -> Iterator[None]:
    """The device has no memory left: the next tensor raises what it raises then. On a CPU the next loss does."""
    memory = {"cuda": torch.cuda, "mps": torch.mps}.get(DEVICE.type)
    if memory is None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Objective, "loss", _no_memory)
            yield
        return
    memory.empty_cache()
    memory.set_per_process_memory_fraction(1e-4)  # of which more is taken: nothing is added
    taken = list(_all_that_is_left())
    try:
        yield
    finally:
        taken.clear()
        memory.set_per_process_memory_fraction(1.0)


def _all_that_is_left() -> Iterator[Tensor]:
    size = 1 << 30
    while size >= 256:
        try:
            yield torch.empty(size, dtype=torch.uint8, device=DEVICE)
        except RuntimeError:
            size //= 2


def _no_memory(*given: object) -> Tensor:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
