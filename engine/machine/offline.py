"""Whether nothing may be asked of a network, for this process and those that it starts."""

from __future__ import annotations

import os

VARIABLE = "WARMSTART_OFFLINE"
OFF = ("", "0", "no", "off", "false")


def is_offline() -> bool:
    """As the variable WARMSTART_OFFLINE says."""
    return os.environ.get(VARIABLE, "").strip().lower() not in OFF


def work_offline() -> None:
    """From now on."""
    os.environ[VARIABLE] = "1"
