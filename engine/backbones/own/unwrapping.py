"""Finds the network's tensors in what was saved around them, and their names without what was put before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

WRAPPERS = (  # averaged weights first, as those are what people test; then the usual words for a network
    "state_dict_ema", "model_ema", "ema_state_dict", "ema", "params_ema", "teacher", "state_dict", "model_state_dict",
    "model_state", "model", "student", "network", "net", "module", "params", "weights", "online",
)  # fmt: skip
PREFIXES = (
    "module.", "model.", "_orig_mod.", "_forward_module.", "backbone.", "encoder.", "encoder_q.", "student.",
    "teacher.", "base_model.", "base_encoder.", "online_encoder.", "momentum_encoder.", "network.", "net.", "trunk.",
    "feature_extractor.", "visual.", "image_encoder.", "body.", "ema.", "state_dict.", "resnet.", "vit.",
)  # fmt: skip
BESIDES = ("optim", "scheduler", "scaler", "lr_sched", "rng", "hyper_parameters", "callbacks", "loops")
DEEPEST = 12


def tensors(content: Mapping[str, Any]) -> tuple[str, dict[str, Tensor]]:
    """(what was saved around them, name -> tensor), in the order of the file."""
    around: list[str] = []
    while (key := _wrapper(content)) and len(around) < DEEPEST:
        around.append(key)
        content = content[key]
    return ".".join(around), dict(_flat(content, "", 0))


def _wrapper(content: Mapping[str, Any]) -> str:
    return next((key for key in WRAPPERS if isinstance(content.get(key), Mapping) and _holds(content[key], 0)), "")


def _holds(content: Mapping[str, Any], depth: int) -> bool:
    deeper = (value for value in content.values() if isinstance(value, Mapping))
    return any(isinstance(value, Tensor) for value in content.values()) or (
        depth < DEEPEST and any(_holds(value, depth + 1) for value in deeper)
    )


def _flat(content: Mapping[str, Any], before: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    for key, value in content.items():
        name = f"{before}{key}"
        if isinstance(value, Tensor):
            if _is_plain(value):
                yield name, value.detach()
        elif isinstance(value, Mapping) and depth < DEEPEST and not name.lower().startswith(BESIDES):
            yield from _flat(value, f"{name}.", depth + 1)


def _is_plain(value: Tensor) -> bool:
    held = value.layout == torch.strided and not value.is_meta
    return held and not value.is_quantized and not value.is_complex()


def shorter(name: str) -> Iterator[str]:
    """The name, then without one prefix after another."""
    yield name
    while (prefix := next((one for one in PREFIXES if name.startswith(one)), "")) and len(name) > len(prefix):
        name = name.removeprefix(prefix)
        yield name
