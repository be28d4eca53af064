"""Loads what is heavy, or what two threads must not load at once."""

from __future__ import annotations

import importlib
import threading
import time

from engine.machine.uncompiled import steps_as_they_are, torchvision_as_it_is

_alone = threading.Lock()


def load_pydantic() -> None:
    """Import all of pydantic that is used here. Its package is empty until one asks for a part, and the parts import
    each other: where two threads begin at different ones, one of them is handed a module that is half made."""
    with _alone:
        for part in ("main", "fields", "functional_validators", "functional_serializers", "type_adapter", "types"):
            importlib.import_module(f"pydantic.{part}")


def load_torch() -> float:
    """Import torch and what a run needs of torchvision, in small imports, so that a window in the same process stays
    responsive; returns the seconds it took. Safe to call twice."""
    begin = time.perf_counter()
    importlib.import_module("torch")
    torchvision_as_it_is()
    for module in ("safetensors.torch", "engine.execute", "engine.preflight.cost"):
        importlib.import_module(module)
    steps_as_they_are()
    return time.perf_counter() - begin
