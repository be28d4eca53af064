"""Where everything is kept, and what is said when it cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import StorageError
from storage.store import RunStore
from storage.workspace import Workspace, default_root


def test_the_workspace_is_the_flag_then_the_variable_then_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMSTART_WORKSPACE", str(tmp_path / "variable"))
    assert default_root(tmp_path / "flag") == tmp_path / "flag"
    assert default_root() == tmp_path / "variable"
    monkeypatch.delenv("WARMSTART_WORKSPACE")
    assert default_root().name == "Warmstart"


def test_opening_makes_the_folders_and_making_one_does_not(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "new" / "place")
    assert not workspace.root.exists()
    workspace.open()
    assert all(path.is_dir() for path in (workspace.runs, workspace.cache, workspace.datasets))
    if os.name == "posix":
        assert workspace.root.stat().st_mode & 0o777 == 0o700, "nobody else reads a person's runs and photos"


def test_a_workspace_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(StorageError, match="is a file, not a folder") as caught:
        RunStore(Workspace(tmp_path / "notes.txt"))
    assert "--workspace" in caught.value.advice
    assert (tmp_path / "notes.txt").read_text() == "hello"


def test_a_workspace_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(StorageError, match="cannot be written") as caught:
        RunStore(Workspace(tmp_path / "notes.txt" / "below"))
    assert caught.value.advice


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that nobody can write")
def test_a_workspace_that_even_root_cannot_make_is_refused() -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        RunStore(Workspace("/proc/warmstart"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_workspace_is_refused(workspace: Workspace) -> None:
    workspace.open()
    workspace.root.chmod(0o555)
    try:
        with pytest.raises(StorageError, match="cannot be written"):
            RunStore(workspace)
    finally:
        workspace.root.chmod(0o755)


def test_a_file_that_is_no_database_is_refused_and_left_alone(workspace: Workspace) -> None:
    workspace.open().database.write_bytes(b"these are not the bytes of a database" * 100)
    before = workspace.database.read_bytes()
    with pytest.raises(StorageError, match="is not a database") as caught:
        RunStore(workspace)
    assert "Move it away" in caught.value.advice
    assert workspace.database.read_bytes() == before


def test_a_damaged_database_is_told_in_words(workspace: Workspace) -> None:
    RunStore(workspace).close()
    content = bytearray(workspace.database.read_bytes())
    content[100:4096] = b"\xff" * 3996
    workspace.database.write_bytes(content)
    with pytest.raises(StorageError, match=r"damaged|not a database"):
        RunStore(workspace)
