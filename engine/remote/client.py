"""Dask's client as a desk has it: it hears the line, tries to again, or is closed, and leaves nothing."""

from __future__ import annotations

from contextlib import suppress
from traceback import clear_frames

from distributed import Client


class DeskClient(Client):  # type: ignore[misc]
    """Dask's own stays half begun, or deaf, for good where it fails with anything but an `OSError`."""

    async def _ensure_connected(self, timeout: float | None = None) -> None:
        """The first time, and each time the stream broke: an `OSError` is tried again, or closes the client. What it
        wants to hear is said on each stream, as one that broke may have lost that."""
        try:
            await super()._ensure_connected(timeout=timeout)
        except Exception as error:
            clear_frames(error.__traceback__)  # else the stream, known to the line, lives as long as the error
            if isinstance(error, (OSError, ImportError)):
                raise
            raise ConnectionError("The line was not understood.") from error
        for topic in tuple(self._event_handlers) if self.status == "running" else ():
            self._send_to_scheduler({"op": "subscribe-topic", "topic": topic, "client": self.id})

    async def _handle_report(self) -> None:
        """Until it is closed: by somebody, or because it hears nothing any more."""
        with suppress(Exception):
            await super()._handle_report()
        if self.status in ("running", "connecting"):
            await self._close()

    def __del__(self) -> None:
        """Whoever made it has let go of it: Dask's own would wait for a loop that has ended, in whatever runs then."""
