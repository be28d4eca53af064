"""Where the threads of the program take their memory from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    subprocess.run(asked, cwd=REPOSITORY, check=True, timeout=60)
    arenas = (tmp_path / "arenas.xml").read_text().count("<heap nr=")
    assert (arenas == 1) is shares
