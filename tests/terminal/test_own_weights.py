"""`weights`: a file is added, listed, removed; what is none is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbones.kept import kept
from engine.backbones.networks import random_backbone
from ui.terminal.commands import run_command


def test_weights_are_added_listed_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--workspace", str(tmp_path / "workspace")]
    network = random_backbone("conv4", 3).state_dict()
    state = {f"module.{key}": value + 0.1 * ("var" in key) for key, value in network.items()}
    torch.save(state, tmp_path / "mine.pth")
    assert run_command(["weights", "add", str(tmp_path / "mine.pth"), *at]) == 0
    (one,) = kept("conv4")
    said = f"{one.name}: mine.pth for --backbone conv4. 24 of 24 tensors, 100 % of the network; 2 left over"
    assert said in capsys.readouterr().out
    assert run_command(["weights", "list", *at]) == 0
    assert said in capsys.readouterr().out
    assert run_command(["weights", "remove", one.name, *at]) == 0
    assert not kept()
    (tmp_path / "odd.pth").write_bytes(b"<html>")
    odd, none = str(tmp_path / "odd.pth"), str(tmp_path / "none.pth")
    for wrong in (["add", odd], ["add", none], ["add"], ["remove", one.name]):
        assert run_command(["weights", *wrong, *at]) == 2
