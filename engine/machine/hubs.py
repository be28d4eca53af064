"""Libraries of hubs that others may have installed: they ask no network and tell nobody anything from here."""

from __future__ import annotations

import os

QUIET = {
    "HF_HUB_OFFLINE": "1",  # read once, when the library is imported
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_SYMLINKS_WARNING": "1",
    "DO_NOT_TRACK": "1",
}


def keep_quiet() -> None:
    """Before any such library is imported; processes that are started inherit it."""
    os.environ.update(QUIET)
