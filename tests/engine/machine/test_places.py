"""Where data sets and weights lie: below the workspace that is open, for every thread and process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.machine.places import data_home, home, settle, weights_home
from storage.workspace import Workspace
from ui.terminal.commands import run_command


def test_data_lies_where_the_workspace_says_also_for_processes(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "mine")
    settle(workspace.root)
    assert (data_home(), weights_home()) == (workspace.datasets, workspace.root / "weights")
    code = "from engine.machine.places import data_home; print(data_home())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == str(workspace.datasets)


def test_every_command_settles_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list", "presets", "--workspace", str(tmp_path / "other")]) == 0
    assert home() == tmp_path / "other"


def test_without_a_workspace_it_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARMSTART_HOME")
    assert home().name == "Warmstart"
