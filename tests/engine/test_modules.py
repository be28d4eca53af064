"""What is added as a file is known by one name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import engine.backbones.nets
import engine.data.sets
import engine.methods.tuning
from engine.backbones.catalog import backbones
from engine.data.sources import sets
from engine.registry import methods


@pytest.mark.parametrize(
    ("package", "file", "listed", "name"),
    [
        (engine.data.sets, "digits", sets, "digits"),
        (engine.backbones.nets, "conv4", backbones, "conv4"),
        (engine.methods.tuning, "linear_probe", methods, "linear_probe"),
    ],
)
def test_two_files_of_one_name_are_refused(
    package: object, file: str, listed: Callable[[], object], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a file was copied to begin with, and its name was left."""
    (folder,) = package.__path__  # type: ignore[attr-defined]
    shutil.copy(Path(folder, f"{file}.py"), tmp_path / "copied_to_begin_with.py")
    monkeypatch.setattr(package, "__path__", [folder, str(tmp_path)])
    listed.cache_clear()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=f"called “{name}”. Give one of them another name"):
        listed()
