"""What this program uses of the machine right now. Qt-free; each reading takes well under a millisecond."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

GIB = 1 << 30


@dataclass(frozen=True)
class Usage:
    """load: of all cores by this program, 0..1. memory: bytes of this program; total: of the machine."""

    load: float
    memory: int
    total: int


class Machine:
    """Asked now and then; the load is that since the last question."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._cores = psutil.cpu_count() or 1
        self._total = int(psutil.virtual_memory().total)
        self.usage()  # the first reading of a load has nothing to count from

    def usage(self) -> Usage:
        load = self._process.cpu_percent() / (100 * self._cores)
        return Usage(min(1.0, load), int(self._process.memory_info().rss), self._total)


def gigabytes(size: int) -> str:
    """ "1.2 GB" or "340 MB", in binary units as systems show them."""
    return f"{size / GIB:.1f} GB" if size >= GIB else f"{size / (1 << 20):.0f} MB"
