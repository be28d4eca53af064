"""What passes over a person's images cost in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PASSES = """
import torch
from engine.artifacts.saved import TOGETHER
from engine.machine.allocator import resident
from engine.using.ahead import read_ahead
before, kept = resident(), []
for _ in read_ahead(list, 4 * TOGETHER):
    made = torch.ones(25_000_000)
    del made
    kept.append(resident())
print(*((now - before) // 10**6 for now in (min(kept), max(kept), resident())))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap")
def test_what_a_pass_frees_is_kept_for_the_next_one_and_goes_back_at_the_end() -> None:
    """By hand: 25 million float32 are 100 MB; asking the system for them anew took half the time of a network.
    A second hole may be made, as a block is a little larger than what it frees."""
    done = subprocess.run([sys.executable, "-c", PASSES], cwd=REPOSITORY, check=True, timeout=120, capture_output=True)
    least, most, after = map(int, done.stdout.split())
    assert 100 <= least <= most < 300
    assert after < 50
