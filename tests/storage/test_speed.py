"""The cheap ones of the figures that `benchmarks/storage.py` prints, by its own code.

Counted in the process's own time and by the best of several rounds, because other programs only ever lengthen them.
"""

from __future__ import annotations

import runpy
import time
from pathlib import Path

import pytest

from storage.store import RunStore

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "storage.py"


@pytest.fixture(scope="module")
def figures() -> dict:
    found = runpy.run_path(str(BENCHMARK), run_name="benchmark")
    found["clock"]["now"] = time.process_time
    return found


def test_long_curves_load_in_a_tenth_of_a_second(store: RunStore, figures: dict) -> None:
    run_id = figures["add_run"](store, 100_000)
    assert min(figures["load_long"](store, run_id, 5)) <= 0.100


def test_a_thousand_runs_are_listed_at_once(store: RunStore, figures: dict) -> None:
    figures["add_copies"](store, figures["add_run"](store, 1, figures["SIX"]), 999)
    assert len(store.runs()) == 1000
    assert min(figures["list_runs"](store, 9)) <= 0.050


def test_recording_costs_the_training_next_to_nothing(store: RunStore, figures: dict) -> None:
    cost = min(figures["recording_cost"](store, n=200) for _ in range(3))
    assert cost <= 4e-6, "the aim is 1 µs on a quiet machine; a commit per point takes 9"
    assert min(figures["flush_costs"](store, 20)) <= 0.005, "a fiftieth of the quarter second between two flushes"


def test_a_point_takes_little_room(figures: dict) -> None:
    assert figures["bytes_per_point"](20_000) <= 33
