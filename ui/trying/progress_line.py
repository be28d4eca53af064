"""How far the answers are, and the button that stops them."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count, thousands
from ui import icons
from ui.listing.card_list import ProgressLine
from ui.trying.at_work import TrialWork
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Elided

CANCEL = "Cancel", "stop", "What is answered stays"
GO_ON = "Go on", "play", "Answer the rest"

FIRST = "First answers, not calibrated yet. "


class WorkLine(QWidget):
    """Words over a thin bar."""

    def __init__(self, work: TrialWork) -> None:
        super().__init__()
        self._work, self._other = work, ""
        self.said, self.bar = Elided("", "small", "muted"), ProgressLine("How many are answered")
        self.cancel = button(*CANCEL, self._turn)
        in_row((in_column(self.said, self.bar, gap=4), 1), self.cancel, owner=self, gap=8)
        work.changed.connect(self.adjust)
        self.adjust()

    def say(self, words: str) -> None:
        """What else is at work; "" once it is done."""
        self._other = words
        self.adjust()

    def adjust(self) -> None:
        work, done = self._work, len(self._work.book)
        left = work.total > done or work.is_at_work or work.is_unmeasured
        self.said.setText(self._other or progress(work))
        share = done / max(1, work.total) if work.preparing is None else work.preparing.fraction or 0.0
        self.bar.show_share(share, "accent", self.said.text(), work.is_at_work)
        words, icon, tip = CANCEL if work.is_at_work else GO_ON
        if words != self.cancel.text():
            self.cancel.setText(words)
            self.cancel.setToolTip(tip)
            icons.dress(self.cancel, icon)
        self.cancel.setVisible(work.is_at_work or (work.was_cancelled and left))

    def _turn(self) -> None:
        (self._work.cancel if self._work.is_at_work else self._work.go_on)()


def progress(work: TrialWork) -> str:
    """ "1,240 of 10,000 images, 98 a second"."""
    first = FIRST if work.is_unmeasured else ""
    if work.preparing is not None:
        share = work.preparing.fraction
        return f"{first}{work.preparing.text}, once{f': {100 * share:.0f} %' if share is not None else ''}"
    if not work.total:
        return f"Looking for {work.reads}…" if work.is_at_work else ""
    done = len(work.book)
    unread = f", {thousands(work.book.unread)} not read" if work.book.unread else ""
    if done == work.total and not work.is_at_work:
        known = len(work.book.labelled)
        labelled = f", {thousands(known)} labelled by you" if known else ""
        return f"{first}{count(done, work.reads)}{unread}{labelled}"
    rate = f", {work.rate():.0f} a second" if work.is_at_work and work.rate() else ""
    return f"{first}{thousands(done)} of {count(work.total, work.reads)}{unread}{rate}"
