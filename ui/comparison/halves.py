"""The Compare page's two halves: the table of all runs above, what is said of the chosen or the listed ones below."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSplitter, QWidget

from ui.widgets.frame import Segment
from ui.widgets.invitation import Invitation
from ui.widgets.layouts import in_column, in_row, one_of

LARGEST = 16_777_215  # Qt's own limit of a height


class Halves(QSplitter):
    """Until something is compared the table has the height but for a few words; then each half what it had.

    pane: of the chosen runs. lines: of all listed ones, shown while its segment is chosen.
    """

    def __init__(self, table: QWidget, pane: QWidget, lines: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setObjectName("compare rows")
        self.setChildrenCollapsible(False)
        self.pane, self.lines, self.invitation = pane, lines, Invitation("", "")
        self._chosen = False  # whether there is something to compare
        self._tall = True
        self.stack, self.below = one_of(self.invitation, pane, lines), QWidget()
        in_column(self._segments(), (self.stack, 1), owner=self.below, gap=0)
        self.addWidget(table)
        self.addWidget(self.below)
        self.setStretchFactor(0, 2)
        self.setStretchFactor(1, 3)
        self._kept = self._usual()
        self._show()

    def _segments(self) -> QHBoxLayout:
        self.side, self.parallel = Segment("Chosen side by side"), Segment("All as lines")
        self.parallel.setToolTip("The listed runs over the settings on which they differ (parallel coordinates)")
        self._group = QButtonGroup(self)
        for one in (self.side, self.parallel):
            self._group.addButton(one)
        self.side.setChecked(True)
        self.parallel.toggled.connect(lambda _: self._show())
        return in_row(self.side, self.parallel, ..., gap=4, edges=(16, 4, 16, 4))

    def _usual(self) -> QByteArray:
        """A third for the table, the rest for the comparison."""
        self.setSizes([260, 480])
        return super().saveState()

    @property
    def comparing(self) -> bool:
        return self.stack.currentWidget() is self.pane

    def invite(self, heading: str, words: str) -> None:
        """Say what to choose."""
        self.invitation.say(heading, words)
        self._chosen = False
        self._show()

    def show_pane(self) -> None:
        """There is something to compare."""
        self._chosen = True
        self._show()

    def _show(self) -> None:
        wanted = self.lines if self.parallel.isChecked() else self.pane if self._chosen else self.invitation
        tall = wanted is not self.invitation
        if self._tall and not tall:
            self._kept = super().saveState()
        self.stack.setCurrentWidget(wanted)
        few = self.side.sizeHint().height() + 3 * self.fontMetrics().lineSpacing() + 40  # a heading and two lines
        self.below.setMaximumHeight(LARGEST if tall else few)
        if tall and not self._tall:
            super().restoreState(self._kept)
        self._tall = tall

    def reset_layout(self) -> None:
        self._kept = self._usual()

    # What the window remembers is how high the halves are while the lower one is in use

    def saveState(self) -> QByteArray:
        return super().saveState() if self._tall else self._kept

    def restoreState(self, state: QByteArray | bytes | bytearray | memoryview) -> bool:
        self._kept = QByteArray(state)
        return super().restoreState(state) if self._tall else True
