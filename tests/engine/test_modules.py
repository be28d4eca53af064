"""What is added as a file is known, and by one name."""

from __future__ import annotations

import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import engine.backbones.nets
import engine.data.sets
import engine.heads
import engine.methods.tuning
import ui.pages
from engine.backbones.catalog import backbones
from engine.data.sources import sets
from engine.registry import methods

HEADS = Path(engine.heads.__file__).with_name("catalog.py")
LISTS = pytest.mark.parametrize(
    ("package", "held"),
    [(engine.heads, lambda: runpy.run_path(str(HEADS))), (ui.pages, lambda: ui.pages.build_page("runs", None))],
)
KINDS = pytest.mark.parametrize(
    ("package", "file", "listed"),
    [
        (engine.data.sets, "digits", sets),
        (engine.backbones.nets, "conv4", backbones),
        (engine.methods.tuning, "linear_probe", methods),
    ],
)


@KINDS
def test_two_files_of_one_name_are_refused(
    package: object, file: str, listed: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a file was copied to begin with, and its name was left."""
    (folder,) = package.__path__  # type: ignore[attr-defined]
    shutil.copy(Path(folder, f"{file}.py"), tmp_path / "copied_to_begin_with.py")
    monkeypatch.setattr(package, "__path__", [folder, str(tmp_path)])
    listed.cache_clear()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=f"called “{file}”. Give one of them another name"):
        listed()


@KINDS
def test_a_file_that_adds_nothing_is_named(
    package: object, file: str, listed: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its constant, or the name of its class, is misspelt: what it holds would be missing without a word."""
    (folder,) = package.__path__  # type: ignore[attr-defined]
    text = Path(folder, f"{file}.py").read_text()
    lost = re.sub(r"^(DATASET|BACKBONE|    name) =", r"\1_ =", text, flags=re.MULTILINE)
    (tmp_path / "passed_over.py").write_text(lost)
    monkeypatch.setattr(package, "__path__", [folder, str(tmp_path)])
    listed.cache_clear()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"passed_over.py has no .*move the file out of engine\."):
        listed()


@LISTS
def test_a_file_that_is_in_no_list_is_named(
    package: ModuleType, held: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forgotten.py").write_text("")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match=rf"{package.__name__}.forgotten is in no list"):
        held()


@LISTS
def test_an_entry_without_a_file_is_named(
    package: ModuleType, held: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "__path__", [str(tmp_path)])
    with pytest.raises(ValueError, match=rf"{package.__name__} lists “\w+”, but has no file \w+.py"):
        held()
