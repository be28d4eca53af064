"""How meta-learning is seen: the two views beside each other, what knowing θ means, and which method reads how."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QGridLayout, QScrollArea, QWidget

from ui.figures.painted import Section
from ui.help.knowing_theta import Entropies, Unrolled
from ui.help.views import Drawing, GraphicalModel, MechanisticView
from ui.widgets.frame import SlimArea
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

TITLE = "How meta-learning is seen"
SHADED = (
    "A filled circle is seen, an empty one is not; a frame is repeated. The examples of a task hang on one φ, so the "
    "support set tells about the test set. Meta-training finds θ from many tasks; adapting finds φ from a few examples."
)
READS = (
    "One network reads a small labelled set and a new image, and answers. MAML and its kin read by gradient steps, "
    "prototypical networks and matching by comparing features, a ridge head by solving for the last layer, CNP and "
    "SNAIL by a network of their own."
)
PATHS = (
    "Without an open path two variables are independent. The reverse need not hold: an open path lets variables depend "
    "on each other, but does not force them to."
)
TWO_COLUMNS = 850  # pixels of the page from which the views stand beside each other
WIDE = [(0, 0, 1), (0, 1, 1), (1, 0, 2), (2, 0, 1), (2, 1, 1), (3, 0, 2)]  # row, column, columns of each part
NOWHERE = Qt.AlignmentFlag(0)
SAME = "Both are the same thing: inferring φ from the support set is what the network does when it reads it."


class TwoViewsDialog(QDialog):
    """A page of help; beside the window, so that one can go on working."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.model, self.network = GraphicalModel(), MechanisticView()
        self.unrolled, self.entropies = Unrolled(), Entropies()
        self.known = QCheckBox("θ is &known")
        self.known.toggled.connect(self.unrolled.set_known)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # the style's own is black in the dark
        buttons.setContentsMargins(16, 0, 16, 0)
        in_column((self._scrolled(), 1), buttons, owner=self, edges=(0, 0, 0, 12))
        self._fit()

    def _fit(self) -> None:
        """As large as the content, inside the screen."""
        room = self.screen().availableSize()
        self.resize(min(920, room.width() - 80), min(820, room.height() - 80))

    def _scrolled(self) -> QScrollArea:
        area = SlimArea(self._page())
        area.setAccessibleName(TITLE)
        return area

    def _page(self) -> QWidget:
        page = QWidget()
        self._grid = grid = QGridLayout(page)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setVerticalSpacing(8)
        below = [self._figure(self.unrolled, self.known), self._figure(self.entropies)]
        self._parts = [self._figure(self.model, Text(SHADED)), self._figure(self.network, Text(READS)),
                       Text(SAME, bold=True), *below, Text(PATHS)]  # fmt: skip
        grid.setColumnStretch(0, 1)
        grid.setRowStretch(len(self._parts), 1)
        self._arrange(False)
        return page

    def _arrange(self, wide: bool) -> None:
        """The views beside each other, or one under the other."""
        self._wide = wide
        places = WIDE if wide else [(row, 0, 1) for row in range(len(self._parts))]
        for part, (row, column, span) in zip(self._parts, places, strict=True):
            self._grid.removeWidget(part)
            self._grid.addWidget(part, row, column, 1, span)
        self._grid.setColumnStretch(1, int(wide))
        self._grid.setHorizontalSpacing(24 if wide else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (wide := self.width() >= TWO_COLUMNS) != self._wide:
            self._arrange(wide)

    def _figure(self, figure: Drawing, *beneath: QWidget) -> QWidget:
        """A drawing under its title, and what belongs below it."""
        box = QWidget()
        column = in_column(Section(figure.title, figure, figure.menu), owner=box)
        for widget in beneath:
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter if widget is self.known else NOWHERE)
        column.addStretch(1)
        return box
