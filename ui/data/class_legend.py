"""The classes of a map with their colours: searched, pointed at, chosen, so that the others turn faint."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from ui import theme
from ui.colours import is_dark
from ui.listing.card_list import OnCard
from ui.widgets.layouts import in_column
from ui.widgets.text import plain

PLACE = Qt.ItemDataRole.UserRole
FEW, GOLDEN = 6, 0.381966  # colours of the palette; turn from one hue to the next
FURTHER = ("#8C6BC8", "#A0705F", "#D9364A", "#8A8F98", "#A3A61F", "#17A7B8")  # read well on both grounds
SWATCH = 12  # pixels


def class_colour(place: int, count: int) -> QColor:
    """Of few classes those of the palette; of many, hues as far from each other as can be."""
    if count <= FEW + len(FURTHER):
        return theme.curve_colour(place) if place < FEW else QColor(FURTHER[place - FEW])
    light = (0.62, 0.52, 0.72)[place % 3] if is_dark() else (0.42, 0.52, 0.34)[place % 3]
    return QColor.fromHslF((place * GOLDEN) % 1.0, 0.75, light)


class ClassLegend(QWidget):
    """looked_at(classes): a frozenset of those that are not to be faint, empty for all. wanted(class): all its images
    are to be chosen."""

    looked_at = Signal(object)
    wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(clearButtonEnabled=True)
        self.search.setPlaceholderText("Find a class")
        self.search.setAccessibleName("Find a class")
        self.list = _Lines()
        self.list.setToolTip("Click a class to see it alone, again to see all; double-click to choose its points")
        OnCard(self.list, "Classes of the map")
        self.list.setSelectionMode(QListWidget.SelectionMode.MultiSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # of a long name the count behind it is seen as well
        in_column(self.search, (self.list, 1), owner=self, gap=4)
        self.search.textChanged.connect(self._filter)
        self.list.itemSelectionChanged.connect(self._say)
        self.list.itemEntered.connect(lambda item: self._say(item.data(PLACE)))
        self.list.left.connect(self._say)
        self.list.entered_class.connect(self.wanted)

    def show_classes(self, names: Sequence[str], counts: Sequence[int]) -> None:
        """counts: of the images shown; classes without any are left out."""
        self.list.clear()
        self.search.clear()
        for place, (name, count) in enumerate(zip(names, counts, strict=True)):
            if count:
                item = QListWidgetItem(f"{name}  {count:,}")
                item.setData(PLACE, place)
                item.setToolTip(plain(item.text()))
                self.list.addItem(item)
        self.search.setVisible(self.list.count() > FEW)
        self._colour(len(names))

    def _colour(self, count: int) -> None:
        self._classes = count
        for row in range(self.list.count()):
            item = self.list.item(row)
            swatch = QPixmap(SWATCH, SWATCH)
            swatch.fill(class_colour(item.data(PLACE), count))
            item.setIcon(QIcon(swatch))

    def chosen(self) -> frozenset[int]:
        return frozenset(item.data(PLACE) for item in self.list.selectedItems())

    def _say(self, *pointed: int) -> None:
        """pointed: a class that the mouse is on, with those that are chosen."""
        self.looked_at.emit(self.chosen() | frozenset(pointed))

    def _filter(self, typed: str) -> None:
        """Classes that are found are looked at while something is typed."""
        found = set()
        for row in range(self.list.count()):
            item = self.list.item(row)
            is_found = typed.casefold() in item.text().casefold()
            item.setHidden(not is_found)
            if is_found:
                found.add(item.data(PLACE))
        self.looked_at.emit(frozenset(found) if typed.strip() and found else self.chosen())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.list.count():
            self._colour(self._classes)


class _Lines(QListWidget):
    """entered_class(place): by double click or Return. left: the mouse has gone."""

    entered_class = Signal(int)
    left = Signal()

    def mouseDoubleClickEvent(self, event: object) -> None:
        self._enter(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.left.emit()

    def _enter(self, index: QModelIndex) -> None:
        if index.isValid():
            self.entered_class.emit(index.data(PLACE))
