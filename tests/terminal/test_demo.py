"""The demo without a display: arms, table, verdict and picture; without Qt everything but the picture."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from storage.store import RunStore
from storage.workspace import Workspace
from tests.terminal.conftest import REPOSITORY

Command = Callable[..., Any]
NO_DISPLAY = {"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
QUICK = (
    "run",
    "--data",
    "digits",
    "--method",
    "scratch",
    "--classes",
    "3",
    "--labels-per-class",
    "2",
    "--set",
    "epochs=1",
)
NO_QT = "sys.modules.update(dict.fromkeys(['PySide6', 'shiboken6', 'pyqtgraph']))"
MINUTES, CORES = 2, 2


@pytest.fixture
def small_plan(tmp_path: Path) -> str:
    """The demo with two short arms on digits in place of its own; returns the line that puts it there."""
    data = {"name": "digits", "classes": 3, "labels_per_class": 2}
    arms = [{"dataset": data, "method": {"name": "scratch", "hyperparameters": {"epochs": n}}} for n in (3, 4)]
    presets = tmp_path / "presets"
    presets.mkdir()
    plan = {"name": "demo", "title": "Does it take two?", "description": "Two arms.", "experiments": arms}
    (presets / "demo.json").write_text(json.dumps(plan))
    return f"import engine.plan, pathlib; engine.plan.PRESETS = pathlib.Path({str(presets)!r})"


def curves_span(picture: Path) -> float:
    """How much of the picture's width its right half fills with coloured lines."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape[1] > 1000
    coloured = np.ptp(pixels, axis=2) > 60
    columns = np.flatnonzero(coloured[:, pixels.shape[1] // 2 :].any(axis=0))
    return float(np.ptp(columns)) / pixels.shape[1]


def test_without_qt_it_leaves_the_table_and_says_why(program: Command, small_plan: str, own_workspace: Path) -> None:
    """And a single run works as well, in the same process."""
    run = f"import main; assert main.main({list(QUICK)!r}) == 0"
    answer = program("demo", env=NO_DISPLAY, before=f"{NO_QT}\n{run}\n{small_plan}")
    assert (answer.code, answer.err) == (0, "")
    for words in ("Does it take two?", "Run 2 (1 of 2)", "test accuracy", "From scratch, epochs 4"):
        assert words in answer.out
    assert "No picture was drawn. The window needs PySide6" in answer.out
    assert not list(own_workspace.glob("*.png"))
    with RunStore(Workspace(own_workspace)) as store:
        assert [run.plan for run in store.runs()] == ["demo", "demo", ""]


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


PARTS = ("main.py", "engine/", "storage/", "ui/", "resources/")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The files that a wheel of the tracked files puts into place."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a clone")
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, tmp_path / "clone" / name)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*build, "-w", str(tmp_path), str(tmp_path / "clone")], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(tmp_path / "installed")
        told = {name for name in files.namelist() if ".dist-info/" not in name}
    assert told == {name for name in listed.stdout.split("\0") if name.startswith(PARTS)}
    return tmp_path / "installed"


@pytest.mark.slow
def test_the_real_demo_shows_what_a_warm_start_is_worth(
    program: Command, warmstart: Command, own_workspace: Path, installed: Path
) -> None:
    """From a wheel, which has all that it needs; without a display it leaves a table and a picture."""
    before = processor_seconds()  # of every subprocess of the suite so far
    here = f"import engine; assert engine.__file__.startswith({str(installed)!r})"
    answer = program("demo", env=NO_DISPLAY, at=installed, before=here)
    assert (answer.code, answer.err) == (0, "")
    assert processor_seconds() - before < MINUTES * 60 * CORES / 2, "more than one core's share of two minutes"
    picture = own_workspace / "demo-comparison.png"
    assert f"Picture: {picture}" in answer.out
    assert curves_span(picture) > 0.25
    events = warmstart("compare", 1, 2, 3, "--json").objects()
    scores = {event["title"]: event["value"] for event in events if event["event"] == "arm"}
    assert scores["LP-FT"] - scores["From scratch"] >= 0.15  # one seed; over five it is 0.32, see BENCHMARKS.md
    assert scores["LP-FT"] > scores["Full fine-tuning"]
    verdicts = {event["a"]: event["kind"] for event in events if event["event"] == "verdict"}
    assert verdicts["LP-FT"] == "one seed"  # far ahead, but of one seed nothing is said
