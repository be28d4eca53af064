"""Loads torch gently: in small imports, so that a window in the same process stays responsive."""

from __future__ import annotations

import importlib
import time


def load_torch() -> float:
    """Import torch and what a run needs of torchvision; returns the seconds it took. Safe to call twice."""
    begin = time.perf_counter()
    for module in ("torch", "torchvision.models", "safetensors.torch", "engine.execute", "engine.preflight.cost"):
        importlib.import_module(module)
    return time.perf_counter() - begin
