"""Lets the C library keep freed memory for the next step instead of giving it back to the system at once.

Each training step frees and asks again for hundreds of megabytes; with glibc's defaults every step pays for the same
pages anew. Measured with ProtoNet 60-way on one core: 0.85 s a step by default, 0.55 s so (no page faults at all).
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8  # from malloc.h
KEEP, STEP = 2**31 - 1, 64 * 2**20


@cache
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


@cache
def share_one_arena() -> bool:
    """All threads take their memory from one place; call it before any is started. False where there is no glibc.

    An arena of a thread's own never gives its top back, and each run's thread comes to another: measured, 50 MB more
    whenever a training first met one, and 85 MB less from the start without them.
    """
    library = _glibc()
    return library is not None and library.mallopt(M_ARENA_MAX, 1) == 1


@cache
def keep_freed_memory() -> bool:
    """Set once for the process, before the training threads start; False where the C library is not glibc."""
    library = _glibc()
    if library is None:
        return False
    share_one_arena()
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEEP), (M_TOP_PAD, STEP))
    return all(library.mallopt(name, value) == 1 for name, value in settings)


def return_freed_memory() -> None:
    """Give what is free back to the system: at the end of a run."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
