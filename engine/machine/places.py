"""Where this person's data sets and weights lie: all below one folder, the workspace that is open."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

VARIABLE = "WARMSTART_HOME"


def home() -> Path:
    """$WARMSTART_HOME, else the user's data folder."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else user_data_path("Warmstart", appauthor=False)


def settle(root: Path) -> None:
    """From now on this is home, also for threads and for the processes that are started."""
    os.environ[VARIABLE] = str(root)


def data_home() -> Path:
    """Data sets that were fetched, one folder or file each."""
    return home() / "datasets"


def runs_home() -> Path:
    """What runs left, a folder each."""
    return home() / "runs"


def weights_home() -> Path:
    """Weights that a person brought."""
    return home() / "weights"
