"""A device that is no CPU, without one: tensors that say "meta" and are computed by others on the CPU, which they hold.

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
from torch.utils import _foreach_utils
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")
ASKED, COPIED = torch.ops.aten._local_scalar_dense.default, torch.ops.aten.copy_.default
FUSED = ("torch.optim.optimizer", "torch.utils._foreach_utils")  # ask which devices know fused steps


class Waits(AssertionError):
    """The program would wait for the device, or uses a tensor of another one."""


class There(Tensor):
    """Lies on the device, as far as the program can tell; `here` is what is computed with."""

    here: Tensor
    mode: Elsewhere

    __torch_function__ = torch._C._disabled_torch_function_impl

    def __new__(cls, here: Tensor, mode: Elsewhere) -> There:
        shape = {"strides": here.stride(), "storage_offset": here.storage_offset()}
        found: There = Tensor._make_wrapper_subclass(cls, here.shape, dtype=here.dtype, device=DEVICE, **shape)
        found.here, found.mode = here, mode
        return found

    def tolist(self) -> Any:
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        mode = next(value.mode for value in tree_leaves((args, kwargs)) if isinstance(value, There))
        return mode.__torch_dispatch__(func, types, args, kwargs)


class Elsewhere(TorchDispatchMode):
    """While open, tensors on the CPU and on "meta" are two devices. What lies on the latter may be read; in a `step`
    `reads` times."""

    def __init__(self, doubles: bool = True) -> None:
        """doubles: it knows float64; Apple's GPUs do not."""
        super().__init__()
        self.reads, self.doubles = math.inf, doubles

    @contextmanager
    def step(self, reads: int = 0) -> Iterator[None]:
        before, self.reads = self.reads, reads
        try:
            yield
        finally:
            self.reads = before

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        leaves = tree_leaves((args, kwargs))
        given = [value for value in leaves if isinstance(value, Tensor)]
        on = {value.device.type for value in given}
        goes_to = next((value.type for value in leaves if isinstance(value, torch.device)), None)
        if DEVICE.type not in (*on, goes_to):
            return func(*args, **kwargs)  # what is drawn and counted on the CPU has values
        if DEVICE.type in on and (goes_to == "cpu" or func is ASKED):
            self._read(func)
            return func(*tree_map(here, args), **tree_map(here, kwargs))
        self._allowed(func, args, kwargs, given, goes_to)
        return self._computed(func, args, kwargs, given)

    def _allowed(self, func: Any, args: Any, kwargs: Any, given: list[Tensor], goes_to: str | None) -> None:
        """Raises `Waits` at what reads values or is of two devices."""
        devices = [value.device.type for value in given]
        if devices[:1] == ["cpu"] and goes_to == DEVICE.type:
            self._sent(given[0], bool(kwargs.get("non_blocking")))
        elif func is COPIED and devices[1:] == ["cpu"] and given[1].dim():
            self._sent(given[1], bool(args[2:] and args[2]))
        elif len(set(devices)) > 1:
            mixed(func, given)
        if by_values(func, args, kwargs):
            raise Waits(f"{place()}: {func} gives what depends on values")

    def _computed(self, func: Any, args: Any, kwargs: Any, given: list[Tensor]) -> Any:
        """On the CPU; what is changed in place stays the tensor that it is."""
        known = {id(value.here): value for value in given if isinstance(value, There)}
        try:
            found = func(*tree_map(here, args), **tree_map(here, kwargs))
        except Exception as error:
            raise Waits(f"{place()}: {func}: {' '.join(str(error).split())[:150]}") from error

        def away(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            return known[id(value)] if id(value) in known else There(value, self)

        return self._checked(func, tree_map(away, found))

    def _checked(self, func: Any, found: Any) -> Any:
        made = [value.dtype for value in tree_leaves(found) if isinstance(value, There)]
        if torch.float64 in made and not self.doubles:
            raise Waits(f"{place()}: {func} gives float64, which the device does not know")
        return found

    def _read(self, func: Any) -> None:
        if self.reads < 1:
            raise Waits(f"{place()}: {func} waits for the device")
        self.reads -= 1

    def _sent(self, values: Tensor, non_blocking: bool) -> None:
        if not (math.isinf(self.reads) or (non_blocking and getattr(values, "pinned", False))):
            raise Waits(f"{place()}: a copy to the device waits for all work before it")


def here(value: Any) -> Any:
    """What this is computed by on the CPU. Another thread may have made a plain one, without values."""
    if isinstance(value, There):
        return value.here
    if isinstance(value, Tensor) and value.device == DEVICE:
        return torch.zeros_like(value, device="cpu")
    return torch.device("cpu") if value == DEVICE else value


def mixed(func: Any, given: list[Tensor]) -> None:
    """Refuses tensors of two devices, but for numbers that come from the CPU."""
    if str(func).startswith(("aten.index.", "aten.index_put")):
        raise Waits(f"{place()}: {func} with places that lie on another device")
    if any(value.device.type == "cpu" and value.dim() for value in given):
        raise Waits(f"{place()}: {func} of tensors on two devices")


def by_values(func: Any, args: Any, kwargs: Any) -> bool:
    """Whether the values decide what comes, or its shape."""
    if torch.Tag.data_dependent_output in func.tags:
        return True
    if func is torch.ops.aten.index.Tensor:
        return any(isinstance(value, Tensor) and value.dtype in (torch.bool, torch.uint8) for value in args[1])
    return torch.Tag.dynamic_output_shape in func.tags and kwargs.get("output_size") is None


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
        return values.detach().to(DEVICE)
    for layer in values.modules():
        for name, value in layer._parameters.items():
            if value is not None:
                layer._parameters[name] = nn.Parameter(there(mode, value), requires_grad=value.requires_grad)
        for name, value in layer._buffers.items():
            layer._buffers[name] = None if value is None else there(mode, value)
    return values
