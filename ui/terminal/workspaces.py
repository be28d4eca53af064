"""Which workspace the command line means."""

from __future__ import annotations

from storage.workspace import Workspace, default_root


def open_workspace(given: str | None) -> Workspace:
    """The workspace at --workspace, WARMSTART_WORKSPACE or the usual place; raises `StorageError` in one sentence."""
    return Workspace(default_root(given)).open()
