"""The GPU benchmark runs whole where there is none, small, and compares like with like."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from benchmarks import gpu, meta_speed_arms, speed_arms
from benchmarks.gpu import Found, main, words
from benchmarks.gpu_arms import PRECISIONS, Mixed, Size, sent_ahead
from engine.machine.devices import devices

CPU = torch.device("cpu")
ONE_TEST = "tests/engine/test_on_gpu.py::test_what_is_sent_ahead_arrives_whole_beside_other_work"


def ran(folder: Path, *parts: str) -> tuple[int, list[dict[str, Any]]]:
    """(exit code, rows) of the benchmark on the CPU."""
    flags = ["--device", "cpu", "--rounds", "1", "--workspace", str(folder), "--tests", ONE_TEST]
    with pytest.raises(SystemExit) as ended:
        main([*flags, "--parts", *parts])
    rows = json.loads((folder / "gpu.json").read_text())["rows"]
    assert len((folder / "gpu.txt").read_text().splitlines()) == 1 + len(rows)
    return int(str(ended.value.code)), rows


def arms(rows: list[dict[str, Any]]) -> set[str]:
    return {row["arm"] for row in rows}


def test_without_a_gpu_it_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "devices", lambda: devices()[:1])
    with pytest.raises(SystemExit, match=r"^This machine has no GPU that torch can use"):
        main([])


@pytest.mark.slow
def test_every_arm_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta_speed_arms, "CLASSES", 6)
    monkeypatch.setattr(meta_speed_arms, "PER_CLASS", 3)
    code, rows = ran(tmp_path, "meta", "transfers", "precisions", "shares")
    assert code == 0
    by_part = {part: arms([row for row in rows if row["part"] == part]) for part in gpu.PARTS}
    assert by_part["meta"] == {"plain", "learn2learn's way", "warmstart"}
    assert by_part["transfers"] == {"there already", "plain", "pinned", "pinned, ahead"}
    assert by_part["precisions"] == set(PRECISIONS)
    assert by_part["shares"] == {"one", "2 together"}
    assert all(row["rounds"] == [row["seconds"]] == row["range"][:1] and row["seconds"] > 0 for row in rows)
    assert {row["row"] for row in rows if row["part"] == "meta"} == set(gpu.meta_speed.ROWS)


def test_several_gpus_together_are_not_measured_where_there_is_one() -> None:
    (row,) = gpu.shares(SimpleNamespace(small=False))  # type: ignore[arg-type]
    assert words(row).endswith("not run: it needs two GPUs or more")


def test_tuning_is_measured_in_processes_that_are_told_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here in this one: what such a process is called with is read as it would read it."""
    told: list[Any] = []

    def run(command: list[str], **how: Any) -> Any:
        given = speed_arms.arguments().parse_args([*command[3:], "--workers", "0"])
        told.append((given.arm, given.device, given.precision))
        return SimpleNamespace(returncode=0, stdout=json.dumps(vars(speed_arms.ARMS[given.arm](given))))

    monkeypatch.setattr(subprocess, "run", run)
    code, rows = ran(tmp_path, "tuning")
    assert code == 0
    assert told == [("plain-finetune", "cpu", "float32"), ("warmstart-finetune", "cpu", "float32"),
                    ("warmstart-finetune", "cpu", "automatic")]  # fmt: skip
    assert [row["ratio"].endswith("times plain") for row in rows] == [False, True, True]
    assert all("% of the test photos right" in row["note"] for row in rows)


@pytest.mark.slow
def test_the_tests_marked_gpu_are_run_and_their_end_is_told(tmp_path: Path) -> None:
    code, rows = ran(tmp_path, "tests")
    assert code == 0
    assert rows[-1]["said"].startswith("1 passed")


def test_what_fails_is_told_and_the_rest_has_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(given: Any) -> Any:
        yield {"part": "meta", "row": "first", "said": "well"}
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setitem(gpu.PARTS, "meta", broken)
    monkeypatch.setitem(gpu.PARTS, "tuning", lambda given: iter([{"part": "tuning", "row": "x", "said": "well"}]))
    code, rows = ran(tmp_path, "meta", "tuning")
    assert code == 1
    assert [row["said"] for row in rows] == ["well", "OutOfMemoryError: CUDA out of memory.", "well"]


def test_ratios_are_to_the_fastest_of_what_an_arm_is_compared_with() -> None:
    walls = {"slow": [4.0, 6.0], "plain": [2.0, 4.0], "own": [1.0, 1.0]}
    rows = list(Found("meta", "maml-1", walls, ["slow", "plain"], {"own": 12.4}, {"own": "so"}).rows())
    assert [row["ratio"] for row in rows] == ["", "", "3.00 (2.00-4.00) times plain"]
    told = "meta maml-1 own 1000.000 ms (1000.000-1000.000) 3.00 (2.00-4.00) times plain 12 MB so"
    assert words(rows[2]).split() == told.split()


def test_batches_sent_ahead_come_in_their_order() -> None:
    batches = [torch.full((2,), number) for number in range(4)]
    assert [int(batch[0]) for batch in sent_ahead(iter(batches), CPU)] == [0, 1, 2, 3]


def test_a_scaled_gradient_is_told_unscaled() -> None:
    size = Size(4, 64, 1)
    exact, half = (Mixed(size, CPU, *PRECISIONS[name]).gradient() for name in ("float32", "float16, scaled"))
    assert float((half - exact).norm() / exact.norm()) < 0.3  # scaled it would be thousands
