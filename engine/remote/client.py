"""Dask's client as a desk has it: whatever goes wrong while it connects, it is away for a while, and leaves nothing."""

from __future__ import annotations

from distributed import Client


class DeskClient(Client):  # type: ignore[misc]
    """Dask's own gives up for good, and half begun, where it fails with anything but an `OSError`."""

    async def _ensure_connected(self, timeout: float | None = None) -> None:
        """The first time, and each time the stream broke: an `OSError` is tried again, or closes the client."""
        try:
            await super()._ensure_connected(timeout=timeout)
        except (OSError, ImportError):
            raise
        except Exception as error:
            raise ConnectionError("The line was not understood.") from error
