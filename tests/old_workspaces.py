"""Workspaces as earlier versions saved them; tests/data/workspaces/README.md says how they were made."""

import tarfile
from pathlib import Path

KEPT = Path(__file__).with_name("data") / "workspaces"
VERSIONS = ("0.3.0", "0.5.0")


def unpack(version: str, into: Path) -> Path:
    """A copy of what is kept, in `into`: plan.json, experiment.json, study.json; returns its workspace's folder."""
    with tarfile.open(KEPT / f"{version}.tar.gz") as archive:
        archive.extractall(into, filter="data")
    return into / "workspace"
