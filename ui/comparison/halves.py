"""The Compare page's two halves: the table of all runs above, what is said of the chosen ones below."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from ui.comparison.empty import Invitation

LARGEST = 16_777_215  # Qt's own limit of a height


class Halves(QSplitter):
    """Until something is compared the table has the height but for a few words; then each half what it had."""

    def __init__(self, table: QWidget, pane: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setObjectName("compare rows")
        self.setChildrenCollapsible(False)
        self.pane, self.invitation = pane, Invitation("", "")
        self.below = QStackedWidget()
        self.below.addWidget(self.invitation)
        self.below.addWidget(pane)
        self.addWidget(table)
        self.addWidget(self.below)
        self.setStretchFactor(0, 2)
        self.setStretchFactor(1, 3)
        self._kept = self._usual()

    def _usual(self) -> QByteArray:
        """A third for the table, the rest for the comparison."""
        self.setSizes([260, 480])
        return super().saveState()

    @property
    def comparing(self) -> bool:
        return self.below.currentWidget() is self.pane

    def invite(self, heading: str, words: str) -> None:
        """Say what to choose."""
        if self.comparing:
            self._kept = super().saveState()
        self.invitation.say(heading, words)
        self.below.setCurrentWidget(self.invitation)
        self.below.setMaximumHeight(self.invitation.sizeHint().height() + 24)

    def show_pane(self) -> None:
        if not self.comparing:
            self.below.setMaximumHeight(LARGEST)
            self.below.setCurrentWidget(self.pane)
            super().restoreState(self._kept)

    def reset_layout(self) -> None:
        self._kept = self._usual()

    # What the window remembers is how high the halves are while runs are compared

    def saveState(self) -> QByteArray:
        return super().saveState() if self.comparing else self._kept

    def restoreState(self, state: QByteArray | bytes | bytearray | memoryview) -> bool:
        self._kept = QByteArray(state)
        return super().restoreState(state) if self.comparing else True
