"""Keeps torch from loading its compiler for the first optimiser: 900 modules and 1.3 s, to be left alone by it."""

from __future__ import annotations

TOLD = "__dynamo_disable"  # where torch keeps a function once its compiler was told
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
