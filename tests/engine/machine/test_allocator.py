"""Where the threads of the program take their memory from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.machine import allocator

REPOSITORY = Path(__file__).resolve().parents[3]
THREADS = """
import ctypes, sys, threading
from engine.machine.allocator import share_one_arena
shared = len(sys.argv) > 2 and share_one_arena()
held, ready = [], threading.Barrier(5)
def work():
    held.append(ctypes.CDLL(None).malloc(1000))
    ready.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
ready.wait()
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(library.fopen(sys.argv[1].encode(), b"w"))
library.malloc_info(0, file)
library.fclose(file)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's arenas")
@pytest.mark.parametrize("shares", [True, False])
def test_threads_share_one_arena(tmp_path: Path, shares: bool) -> None:
    asked = [sys.executable, "-c", THREADS, str(tmp_path / "arenas.xml"), *(["shares"] if shares else [])]
    subprocess.run(asked, cwd=REPOSITORY, check=True, timeout=200)
    arenas = (tmp_path / "arenas.xml").read_text().count("<heap nr=")
    assert (arenas == 1) is shares


SPLIT = """
import ctypes, sys
from engine.machine.allocator import FreedMemory, keep_freed_memory, resident
library = ctypes.CDLL(None)
library.malloc.restype = library.realloc.restype = ctypes.c_void_p
library.malloc.argtypes, library.realloc.argtypes = [ctypes.c_size_t], [ctypes.c_void_p, ctypes.c_size_t]
keep_freed_memory()
kept = FreedMemory(look_every=0, rest=0, spare=16 * 2**20)
most = 0
for step in range(int(sys.argv[1])):
    size = 2 * 2**20 + 8192 * step  # the holes of the steps before are a little too small for it
    for block in [library.malloc(size), library.malloc(size)]:
        ctypes.memset(ctypes.c_void_p(block), 1, size)
        library.realloc(block, 4096)  # what outlives the step
    if len(sys.argv) > 2:
        kept.hold()
    most = max(most, resident())
print(most)
"""


def most_taken(steps: int, *bounded: str) -> int:
    asked = [sys.executable, "-c", SPLIT, str(steps), *bounded]
    return int(subprocess.run(asked, cwd=REPOSITORY, check=True, timeout=200, capture_output=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap")
def test_what_steps_leave_of_memory_does_not_grow_with_their_number() -> None:
    """The heap is split by what outlives each step; by hand: a hole of 2 MB and more is left by each."""
    few, many, unbounded = most_taken(20, "bounded"), most_taken(60, "bounded"), most_taken(60)
    assert unbounded > 60 * 2 * 2**20
    assert many < few + 8 * 2**20


def test_memory_is_given_back_at_most_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that need more than those before pay for their pages once, not in every step."""
    taken, times, clock = [100, 1000, 1000, 1000, 1000, 1000, 2000], [], iter(range(0, 70, 4))
    monkeypatch.setattr(allocator, "resident", lambda: taken[len(times)])
    monkeypatch.setattr(allocator, "return_freed_memory", lambda: given.append(len(times)))
    given: list[int] = []
    kept = allocator.FreedMemory(look_every=1, rest=10, spare=0)
    for _ in taken:
        now = next(clock)
        kept.hold(lambda now=now: float(now))
        times.append(now)
    assert given == [1, 6]
