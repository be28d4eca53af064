"""What this program is called and which version of it is installed."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path


def version() -> str:
    try:
        return metadata.version("warmstart")
    except metadata.PackageNotFoundError:
        return "not installed, run from its folder"


def about(workspace: Path) -> str:
    """For the dialog of the Help menu."""
    return (
        f"Warmstart {version()}\n\nTransfer learning and meta-learning, side by side.\n\nRuns are kept in {workspace}"
    )
