"""Packed curves: what goes in comes out, to the last bit."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.growth_runs import TOLD, write_points
from engine.errors import StorageError
from engine.events import Event, Metrics, RunFinished, RunStarted
from engine.experiment import Experiment
from storage.curves import CHUNK, OpenCurve, pack
from storage.record import record
from storage.store import RunStore
from tests.new_runs import new_run


def recorded(store: RunStore, experiment: Experiment, steps: list[int], values: list[float]) -> int:
    def events() -> Iterator[Event]:
        yield RunStarted(len(steps), 10, 32)
        for step, value in zip(steps, values, strict=True):
            yield Metrics(step, {"val/loss": value})
        yield RunFinished(steps[-1])

    run = store.create(new_run(experiment))
    times = iter(range(10**6))
    for _ in record(store, run.id, events(), clock=lambda: float(next(times))):
        pass
    return run.id


@pytest.mark.parametrize("n", [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1000])
def test_any_length_comes_back_whole(store: RunStore, experiment: Experiment, n: int) -> None:
    values = np.random.default_rng(n).normal(size=n).tolist()
    run_id = recorded(store, experiment, list(range(5, 5 + 10 * n, 10)), values)
    curve = store.curve(run_id, "val/loss")
    assert curve.values.tolist() == values
    assert curve.steps.tolist() == list(range(5, 5 + 10 * n, 10))
    assert np.diff(curve.times).tolist() == [1.0] * (n - 1)
    assert (curve.steps.dtype, curve.times.dtype, curve.values.dtype) == (np.int64, np.float64, np.float64)


def test_irregular_and_repeated_steps_come_back(store: RunStore, experiment: Experiment) -> None:
    steps = np.random.default_rng(0).integers(0, 50, 700).tolist() + [7] * 600
    run_id = recorded(store, experiment, steps, [float(step) for step in steps])
    curve = store.curve(run_id, "val/loss")
    assert curve.steps.tolist() == steps
    assert curve.values.tolist() == [float(step) for step in steps]


def test_nan_and_infinity_are_kept(store: RunStore, experiment: Experiment) -> None:
    values = [float("nan"), 2.0, float("inf"), 0.5, float("-inf"), 1.0, float("nan")]
    run_id = recorded(store, experiment, list(range(7)), values)
    np.testing.assert_array_equal(store.curve(run_id, "val/loss").values, values)
    run = store.run(run_id)
    assert np.isnan(run.last["val/loss"])
    assert run.best["val/loss"] == (float("-inf"), 4)


def test_a_look_before_the_first_step_is_never_the_best(store: RunStore, experiment: Experiment) -> None:
    """Of weights that learnt nothing yet, which no run keeps."""
    run = store.run(recorded(store, experiment, [0, 3, 6], [0.1, 0.5, 0.4]))
    assert run.best["val/loss"] == (0.4, 6)
    assert store.run(recorded(store, experiment, [0], [0.1])).best == {}


def test_a_curve_of_nan_alone_has_no_best(store: RunStore, experiment: Experiment) -> None:
    run = store.run(recorded(store, experiment, [1, 2], [float("nan")] * 2))
    assert run.best == {}
    assert np.isnan(run.last["val/loss"])


def test_numpy_numbers_are_taken(store: RunStore, experiment: Experiment) -> None:
    run_id = recorded(store, experiment, list(np.arange(3)), list(np.arange(3, dtype=np.float32)))
    assert store.curve(run_id, "val/loss").values.tolist() == [0.0, 1.0, 2.0]


def test_a_metric_that_is_not_there_is_empty(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment))
    for metric in ("val/loss", "no such metric"):
        curve = store.curve(run.id, metric)
        assert (len(curve), curve.steps.dtype) == (0, np.int64)


def test_values_may_be_changed_by_who_reads_them(store: RunStore, experiment: Experiment) -> None:
    curve = store.curve(recorded(store, experiment, [1, 2], [1.0, 2.0]), "val/loss")
    curve.values[0] = 9.0
    curve.times[0] = 9.0


@pytest.mark.parametrize(
    "damage",
    ["n = n + 1", "n = -n", "ts = substr(ts, 9)", "vals = substr(vals, 2)", "stride = NULL", "ts = x''"],
)
def test_a_chunk_whose_parts_disagree_is_told(store: RunStore, experiment: Experiment, damage: str) -> None:
    run_id = recorded(store, experiment, list(range(CHUNK + 9)), [0.5] * (CHUNK + 9))
    store._connection.execute(f"UPDATE chunk SET {damage} WHERE seq = 0")
    with pytest.raises(StorageError, match="damaged"):
        store.curve(run_id, "val/loss")


def test_reading_a_curve_takes_the_memory_of_its_points(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment))
    write_points(store, run.id, 200_000)
    tracemalloc.start()
    curve = store.curve(run.id, TOLD)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(curve.values) == 200_000
    assert 4.8e6 <= kept <= most <= 1.1 * kept


def test_regular_steps_take_no_room() -> None:
    assert pack(0, [10, 20, 30], [0.0] * 3, [0.0] * 3).steps is None
    assert pack(0, [10, 20, 31], [0.0] * 3, [0.0] * 3).steps is not None


def test_full_chunks_leave_memory_once_saved() -> None:
    curve = OpenCurve()
    curve.extend(list(range(1000)), [0.0] * 1000, [0.0] * 1000)
    assert [chunk.n for chunk in curve.chunks()] == [256, 256, 256, 232]
    curve.saved()
    assert len(curve.values) == 232
    assert [(chunk.seq, chunk.n) for chunk in curve.chunks()] == [(3, 232)]
    assert not curve.dirty
