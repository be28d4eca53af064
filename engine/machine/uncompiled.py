"""Keeps torch's compiler from being loaded (900 modules, 1 s, 150 MB) by the first optimiser, to be left alone by it,
and by torchvision, to be asked about one operation on boxes."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

TOLD = "__dynamo_disable"  # where torch keeps a function once its compiler was told
BOXES_ASK, BOXES_WANT = "torch._dynamo.utils", "is_compile_supported"
ASKED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def steps_as_they_are() -> None:
    """Nothing is compiled here, so that optimisers need no compiler: their steps are the same functions, without the
    question. A torch that asks otherwise loads it as before. May be called at any time, and twice."""
    import torch
    from torch.optim import SGD, Adam, Optimizer

    for name in ASKED:
        plain = getattr(getattr(Optimizer, name), "__wrapped__", None)
        if plain is not None and not hasattr(plain, TOLD):
            setattr(plain, TOLD, plain)
    for kind in (Adam, SGD):  # AdamW steps as Adam does
        plain = getattr(kind.step, "__wrapped__", None)
        if plain is not None and not hasattr(kind.step, "hooked"):  # which the first optimiser of a kind does
            kind.step = torch.no_grad()(plain)  # type: ignore[method-assign]


def torchvision_as_it_is() -> ModuleType:
    """torchvision with its networks, which are the same without the compiler. What is asked of that while they are
    imported, but for the one function for boxes, loads it as before. May be called at any time, and twice."""
    stand_in = _UntilAsked(BOXES_ASK)
    if "torchvision" not in sys.modules:
        import_module("torch")
        sys.modules.setdefault(BOXES_ASK, stand_in)
    try:
        import_module("torchvision.models")
    finally:
        if sys.modules.get(BOXES_ASK) is stand_in:
            del sys.modules[BOXES_ASK]
    return sys.modules["torchvision"]


class _UntilAsked(ModuleType):
    """In the place of a module of the compiler's, which is loaded by the first question."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _asked_later if name == BOXES_WANT else _real(name)


def _asked_later(device: str) -> bool:
    answer: bool = _real(BOXES_WANT)(device)
    return answer


def _real(name: str) -> Any:
    if isinstance(sys.modules.get(BOXES_ASK), _UntilAsked):
        del sys.modules[BOXES_ASK]
    return getattr(import_module(BOXES_ASK), name)
