"""Work counted instead of timed, so that a busy machine changes nothing: bytecodes of Python, elements of arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

STEEPEST = 1.6  # times as steep as linear: what no size changes, and n log n, stay below; n² over 8 sizes is 8


def bytecodes(work: Callable[[], object]) -> int:
    """How many bytecodes Python executes for it in this thread."""
    count = 0

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


class Counted(np.ndarray):
    """An array that counts the elements that comparisons, arithmetic and functions of NumPy are given of it."""

    elements = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        Counted.elements += max(np.size(one) for one in inputs)
        plain = [np.asarray(one) if isinstance(one, Counted) else one for one in inputs]
        return getattr(ufunc, method)(*plain, **options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        Counted.elements += self.size
        plain = [np.asarray(one) if isinstance(one, Counted) else one for one in arguments]
        return function(*plain, **options)


def elements(work: Callable[[], object]) -> int:
    """How many elements of `Counted` arrays are looked at for it."""
    Counted.elements = 0
    work()
    return Counted.elements
