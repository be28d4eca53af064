"""One download: how far it is, from where and where to, and what may be done with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from engine.downloads.entries import Download
from ui.downloads import words
from ui.downloads.downloads import OFFLINE_WORDS
from ui.widgets.buttons import button, icon_button
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Elided, Text

BADGES = {"waiting": "muted", "at work": "accent", "stopped": "warning", "failed": "bad", "done": "good"}


class DownloadCard(Card):
    """acted: its button was pressed. removed: off the list."""

    acted = Signal()
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Elided(bold=True)
        self.badge = Text(size="small", wrap=False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.words = Text(size="small")
        self.facts = Text(size="small", role="muted")
        self.act = button("Cancel", clicked=self.acted.emit)
        self.act.setFixedWidth(112)
        self.remove = icon_button("close", "Remove", self.removed.emit)
        first = in_row((self.title, 1), self.badge, gap=8)
        left = in_column(first, self.bar, self.words, self.facts, gap=4)
        self.body.addLayout(in_row((left, 1), self.act, self.remove, gap=8))

    def show_download(self, one: Download, offline: bool) -> None:
        """As it is now; nothing moves while only its figures change."""
        title = one.wanted.title
        self.title.setText(title)
        self.badge.setText(one.state)
        self.badge.set_role(BADGES[one.state])
        self.bar.setRange(0, 1000 if one.fraction is not None or one.state != "at work" else 0)
        self.bar.setValue(round(1000 * (1.0 if one.state == "done" else one.fraction or 0.0)))
        self.bar.setAccessibleName(f"Progress of {title}")
        self.words.setText(words.progress(one))
        self.words.set_role("bad" if one.state == "failed" else "text")
        self.facts.setText(words.facts(one.wanted))
        self._show_deeds(one, offline)
        self.setAccessibleName(f"{title}, {one.state}")

    def _show_deeds(self, one: Download, offline: bool) -> None:
        deed = words.DEEDS[one.state]
        self.act.setText(deed)
        self.act.setAccessibleName(f"{deed}: {one.wanted.title}")
        closed = offline and one.state in ("stopped", "failed")
        self.act.setEnabled(not closed)
        self.act.setToolTip(OFFLINE_WORDS if closed else "")
        kept = (
            "Off the list; the files stay"
            if one.state == "done"
            else "Off the list, and what has come of it is deleted"
        )
        self.remove.setToolTip(kept)
        self.remove.setAccessibleName(f"Remove {one.wanted.title}")
