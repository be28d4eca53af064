"""A device that is no CPU, without one: torch's FakeTensorMode on "meta", where shapes are computed and no values are.

What a GPU would have to wait for fails here and names its place: a tensor of another device, a value that the program
asks for (`.item()`, `bool(tensor)`, `.tolist()`), a copy to the CPU, a shape that depends on values, and in a step a
copy from the CPU that blocks or comes from memory that is not pinned. Numbers that come from the CPU are allowed.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils import _foreach_utils
from torch.utils._pytree import tree_leaves

DEVICE = torch.device("meta")
FUSED = ("torch.optim.optimizer", "torch.utils._foreach_utils")  # ask which devices know fused steps


class Waits(AssertionError):
    """The program would wait for the device, or uses a tensor of another one."""


class Elsewhere(FakeTensorMode):
    """While open, tensors on the CPU and on "meta" are two devices. What is read from the latter is 1, or zeros; in a
    `step` it may not be read but for `reads` times."""

    def __init__(self, doubles: bool = True) -> None:
        """doubles: it knows float64; Apple's GPUs do not."""
        super().__init__(allow_non_fake_inputs=True)
        self.reads, self.doubles = math.inf, doubles

    @contextmanager
    def step(self, reads: int = 0) -> Iterator[None]:
        before, self.reads = self.reads, reads
        try:
            yield
        finally:
            self.reads = before

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        leaves = tree_leaves((args, kwargs))
        given = [value.device.type for value in leaves if isinstance(value, Tensor)]
        goes_to = next((value.type for value in leaves if isinstance(value, torch.device)), None)
        if DEVICE.type not in (*given, goes_to) and not any(isinstance(value, FakeTensor) for value in leaves):
            return func(*args, **(kwargs or {}))  # what is drawn and counted on the CPU has values
        if DEVICE.type in given and (goes_to == "cpu" or str(func) == "aten._local_scalar_dense.default"):
            return self._read(func, args[0], (kwargs or {}).get("dtype"))
        if given[:1] == ["cpu"] and goes_to == DEVICE.type and not isinstance(args[0], FakeTensor):
            self._sent(args[0], bool((kwargs or {}).get("non_blocking")))
            args = (args[0].detach(), *args[1:])  # its gradient is not asked for here
        if str(func).startswith(("aten.index.", "aten.index_put")) and len(set(given)) > 1:
            raise Waits(f"{place()}: {func} with places that lie on another device")
        if str(func) == "aten._fused_sgd_.default" and set(given) == {DEVICE.type}:
            return None  # it works in place; torch knows no shapes of it
        try:
            found = super().__torch_dispatch__(func, types, args, kwargs)
        except Exception as error:
            raise Waits(f"{place()}: {func}: {' '.join(str(error).split())[:150]}") from error
        return self._checked(func, found)

    def _checked(self, func: Any, found: Any) -> Any:
        made = [value.dtype for value in tree_leaves(found) if isinstance(value, Tensor) and value.device == DEVICE]
        if torch.float64 in made and not self.doubles:
            raise Waits(f"{place()}: {func} gives float64, which the device does not know")
        return found

    def _read(self, func: Any, values: Tensor, dtype: torch.dtype | None) -> Any:
        if self.reads < 1:
            raise Waits(f"{place()}: {func} waits for the device")
        self.reads -= 1
        return torch.zeros(values.shape, dtype=dtype or values.dtype) if "scalar" not in str(func) else 1

    def _sent(self, values: Tensor, non_blocking: bool) -> None:
        if not (math.isinf(self.reads) or (non_blocking and getattr(values, "pinned", False))):
            raise Waits(f"{place()}: a copy to the device waits for all work before it")


def pin(values: Tensor) -> Tensor:
    """In place of torch's own, which needs a driver: a copy that is known as one."""
    found = values.clone()
    found.pinned = True  # type: ignore[attr-defined]
    return found


def place() -> str:
    """The line nearest to torch that is not of torch, nor of this file."""
    own = [f for f in traceback.extract_stack() if "site-packages" not in f.filename and f.filename != __file__]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name}"


@contextmanager
def elsewhere(doubles: bool = True) -> Iterator[Elsewhere]:
    """With the fused optimisers, which torch allows where there are kernels of them, and pinned memory."""
    known = [*_foreach_utils._get_fused_kernels_supported_devices(), DEVICE.type]
    with pytest.MonkeyPatch.context() as patch:
        for module in map(import_module, FUSED):
            patch.setattr(module, "_get_fused_kernels_supported_devices", lambda: known, raising=False)
        patch.setattr(Tensor, "pin_memory", pin)
        with Elsewhere(doubles) as mode:
            yield mode


def there(mode: Elsewhere, values: Any) -> Any:
    """A tensor, or a network with all of its tensors (in place), on that device."""
    if isinstance(values, Tensor):
        return mode.from_tensor(values.detach().to(DEVICE))
    for layer in values.modules():
        for name, value in layer._parameters.items():
            if value is not None:
                layer._parameters[name] = nn.Parameter(there(mode, value), requires_grad=value.requires_grad)
        for name, value in layer._buffers.items():
            layer._buffers[name] = None if value is None else there(mode, value)
    return values
