"""The backbones, one line each: first those that suit the images, then the others."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo
from engine.comparison.wording import brief
from engine.data.dataset import COLOURS
from engine.data.sources import is_regression
from engine.experiment import DatasetChoice
from engine.provenance.noted import suits
from ui.widgets.choice_list import ChoiceRow
from ui.widgets.column import caption
from ui.widgets.layouts import in_column
from ui.widgets.text import TextPlace


class BackboneRows(QWidget):
    """chosen(name) by a person. What the chosen one is for stands below, in a place of its own."""

    chosen = Signal(str)

    def __init__(self, found: Iterable[BackboneInfo], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found = tuple(found)
        self._group = QButtonGroup(self)
        self._suiting: frozenset[str] | None = None
        self.rows = {info.name: self._row(info) for info in self._found}
        self.first, self.rest = caption("Suit these images"), caption("Others")
        self.idea = TextPlace("", "small", "muted", room=max((said_of(info) for info in self._found), key=len))
        self._column = in_column(owner=self, gap=2)
        self.arrange(suiting(DatasetChoice(), 28, 1))
        self._group.buttonClicked.connect(lambda row: self.chosen.emit(row.key))

    def _row(self, info: BackboneInfo) -> ChoiceRow:
        row = ChoiceRow(info.name, info.title, said_of(info))
        row.set_facts(f"{info.form.words} {info.form.colours}".rstrip())
        self._group.addButton(row)
        return row

    def mark(self, name: str) -> None:
        if name in self.rows:
            self.rows[name].setChecked(True)
            self.idea.setText(said_of(catalog.backbone(name)))

    def arrange(self, names: frozenset[str]) -> None:
        """Put these first; without any of them all stand together."""
        if names == self._suiting:
            return
        self._suiting = names
        for place in reversed(range(self._column.count())):
            self._column.takeAt(place)
        order = [*(info.name for info in self._found if info.name in names)]
        others = [info.name for info in self._found if info.name not in names]
        parts = [self.first, *(self.rows[name] for name in order), self.rest, *(self.rows[name] for name in others)]
        for widget in (*parts, self.idea):
            self._column.addWidget(widget)
        self.first.setVisible(bool(order))
        self.rest.setVisible(bool(order and others))

    def in_order(self) -> tuple[QWidget, ...]:
        items = [self._column.itemAt(place) for place in range(self._column.count())]
        widgets = [item.widget() for item in items if item is not None]
        return tuple(widget for widget in widgets if isinstance(widget, ChoiceRow))


def said_of(info: BackboneInfo) -> str:
    return f"{info.idea} {brief(info.parameters)} parameters.".replace(" k ", "\u00a0k ").replace(" M ", "\u00a0M ")


def suiting(choice: DatasetChoice, side: int, channels: int) -> frozenset[str]:
    """Names of the backbones that read such data well. side, channels: of its images."""
    if is_regression(choice):
        return frozenset(info.name for info in catalog.backbones() if info.form.kind != "images")
    if channels > COLOURS:
        return frozenset(info.name for info in catalog.backbones() if info.form.channels > COLOURS)
    return frozenset(info.name for info in catalog.image_backbones() if suits(info, side, channels))
