"""The button of a picker that fetches what is not here, with what a person should know before."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.comparison.wording import percent, size
from engine.downloads.wanted import Wanted
from ui.downloads import words
from ui.downloads.downloads import OFFLINE_WORDS, Downloads
from ui.shelf.list_line import ListLine
from ui.widgets.buttons import button
from ui.widgets.text import Text

RUNNING = ("waiting", "at work")


class Fetching:
    """wanted: what would be fetched for a line, None where nothing can be."""

    def __init__(self, downloads: Downloads, wanted: Callable[[ListLine], Wanted | None]) -> None:
        self._downloads, self._wanted_of = downloads, wanted
        self._wanted: Wanted | None = None
        self._bytes = 0
        self.button = button("Download", "download", clicked=self._act)
        self.button.setAutoDefault(False)
        self.words = Text("", "small", "muted")
        self.show_for(None)

    def show_for(self, entry: ListLine | None) -> None:
        """entry: what may have to be fetched; None where nothing is."""
        missing = entry is not None and not entry.here
        self._wanted = self._wanted_of(entry) if entry is not None and missing else None
        self._bytes = entry.bytes if entry is not None else 0
        self.adjust()

    def adjust(self) -> None:
        """As the download of what is shown stands now."""
        wanted = self._wanted
        self.button.setVisible(wanted is not None)
        self.words.setVisible(wanted is not None)
        if wanted is None:
            return
        running = self._is_running(wanted)
        entry = self._downloads.entry(wanted.key)
        much = f" {size(self._bytes)}" if self._bytes else ""
        self.button.setText("Cancel the download" if running else f"Download{much}")
        self.button.setEnabled(running or not self._downloads.offline)
        self.button.setToolTip("" if running or not self._downloads.offline else OFFLINE_WORDS)
        said = words.progress(entry) if entry is not None and entry.state != "done" else words.facts(wanted)
        self.words.setText(OFFLINE_WORDS if self._downloads.offline and not running else said)

    def progress(self) -> Mapping[str, tuple[str, float | None]]:
        """Words and how far, by the key of each download that is not over."""
        return {
            one.key: (percent(one.fraction, 0) if one.fraction is not None else one.state, one.fraction)
            for one in self._downloads.entries()
            if one.state in RUNNING
        }

    def _is_running(self, wanted: Wanted) -> bool:
        entry = self._downloads.entry(wanted.key)
        return entry is not None and entry.state in RUNNING

    def _act(self) -> None:
        if self._wanted is None:
            return
        if self._is_running(self._wanted):
            self._downloads.cancel(self._wanted.key)
        else:
            self._downloads.ask(self._wanted)
