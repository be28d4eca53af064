"""The backbones, one line each, those that suit the images first; and what is set of the chosen one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QWidget

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo, suits
from engine.comparison.wording import brief
from engine.data.dataset import COLOURS
from engine.data.sources import is_regression
from engine.experiment import DatasetChoice
from ui.widgets.choice_list import ChoiceRow, GroupHeading
from ui.widgets.column import caption
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import IntField
from ui.widgets.layouts import in_column
from ui.widgets.reset_mark import fill, on_change, refresh_marks
from ui.widgets.text import Text, TextPlace

LEAST, MOST, STEP = 8, 1024, 32  # pixels on a side
MISFITS = "Do not suit"


class BackboneRows(QWidget):
    """chosen(name) by a person. What the chosen one is for stands below, in a place of its own."""

    chosen = Signal(str)

    def __init__(self, found: Iterable[BackboneInfo], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found = tuple(found)
        self._group = QButtonGroup(self)
        self._suiting: frozenset[str] | None = None
        self.rows = {info.name: self._row(info) for info in self._found}
        self._further: list[ChoiceRow] = []  # of all weights, the last one chosen on top
        self.first, self.rest = caption("Suit these images"), GroupHeading(MISFITS)
        self.rest.toggled.connect(lambda _: self._open())
        self.idea = TextPlace("", "small", "muted", room=max((said_of(info) for info in self._found), key=len))
        self._column = in_column(owner=self, gap=2)
        self.arrange(DatasetChoice(), 28, 1)
        self._group.buttonClicked.connect(lambda row: self.chosen.emit(row.key))

    def _row(self, info: BackboneInfo) -> ChoiceRow:
        row = ChoiceRow(info.name, info.title, said_of(info))
        row.set_facts(f"{info.form.words} {info.form.colours}".rstrip())
        self._group.addButton(row)
        return row

    def mark(self, name: str) -> None:
        if name in self.rows:
            self.rows[name].setChecked(True)
            self._open()
            self.idea.setText(said_of(catalog.backbone(name)))

    def add(self, info: BackboneInfo) -> None:
        """One that is not among the usual ones, above all others."""
        row = self.rows[info.name] = self._row(info)
        self._further.insert(0, row)
        if self._suiting is not None:
            self._lay_out(self._suiting)

    def arrange(self, choice: DatasetChoice, side: int, channels: int) -> None:
        """Put those that suit such data first and the others behind a heading that opens; where none does all stand
        together. side, channels: of its images, 0 where there are none."""
        names = suiting(choice, side, channels)
        for info in self._found:
            self.rows[info.name].setToolTip(
                said_of(info) if info.name in names or not side else why(info, side, channels)
            )
        if names != self._suiting:
            self._suiting = names
            self._lay_out(names)

    def _lay_out(self, names: frozenset[str]) -> None:
        for place in reversed(range(self._column.count())):
            self._column.takeAt(place)
        order = [*(info.name for info in self._found if info.name in names)]
        others = [info.name for info in self._found if info.name not in names]
        parts = [self.first, *(self.rows[name] for name in order), self.rest, *(self.rows[name] for name in others)]
        for widget in (*self._further, *parts, self.idea):
            self._column.addWidget(widget)
        self.first.setVisible(bool(order))
        self.rest.setVisible(bool(order and others))
        self._open()

    def _open(self) -> None:
        """Those that do not suit are seen while their heading is open; closed it names the one that is chosen."""
        suit = self._suiting or frozenset()
        others = [self.rows[info.name] for info in self._found if info.name not in suit]
        for info in self._found:
            self.rows[info.name].setVisible(not suit or info.name in suit or self.rest.isChecked())
        chosen = next((row.text() for row in others if row.isChecked()), "")
        self.rest.set_summary(", ".join(row.text() for row in others), chosen)

    def in_order(self) -> tuple[QWidget, ...]:
        items = [self._column.itemAt(place) for place in range(self._column.count())]
        widgets = [item.widget() for item in items if item is not None]
        return tuple(widget for widget in widgets if isinstance(widget, ChoiceRow | GroupHeading))


def why(info: BackboneInfo, side: int, channels: int) -> str:
    """Why a network does not suit, and the way out."""
    form = f"{info.form.words} {info.form.colours}".rstrip()
    colours = {1: "grey", COLOURS: "in colour"}.get(channels, f"of {channels} bands")
    return f"Made for {form}; these images are {side} px {colours}. They are scaled, which costs time or detail."


def said_of(info: BackboneInfo) -> str:
    return f"{info.idea} {brief(info.parameters)} parameters.".replace(" k ", "\u00a0k ").replace(" M ", "\u00a0M ")


def suiting(choice: DatasetChoice, side: int, channels: int) -> frozenset[str]:
    """Names of the backbones that read such data well. side, channels: of its images."""
    if is_regression(choice):
        return frozenset(info.name for info in catalog.backbones() if info.form.kind != "images")
    if channels > COLOURS:
        return frozenset(info.name for info in catalog.backbones() if info.form.channels > COLOURS)
    return frozenset(info.name for info in catalog.image_backbones() if suits(info, side, channels))


class SideField(IntField):
    """Pixels on a side; the arrow keys go by multiples of 32."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(LEAST, MOST, parent)
        self.set_unit("px")

    def step(self, steps: int) -> int:
        below = self.value() // STEP if steps > 0 else -(-self.value() // STEP)
        return (below + steps) * STEP


class ImageSize(QWidget):
    """changed: another size. `asked()` is None while it is the backbone's own."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = 0
        self.field = SideField()
        grid = FieldGrid(dense=True)
        grid.add("Image size", self.field, "", lambda: self._own)
        in_column(grid, owner=self, gap=4, edges=(0, 8, 0, 0))
        on_change(self.changed.emit, self.field)

    def asked(self) -> int | None:
        return self.field.value() if self.field.value() != self._own else None

    def show_size(self, own: int, asked: int | None, fixed: bool) -> None:
        """own: the size the backbone was made for. fixed: it reads no other."""
        self._own = own
        fill({self.field: asked or own})
        why = "It reads no other size." if fixed else "A smaller one is faster and sees less."
        words = f"Pixels on a side; the backbone's own is {own}. {why}"
        self.field.setAccessibleDescription(words)
        self.field.setToolTip(words)
        refresh_marks(self)


class KeepHead(QWidget):
    """Shown for the weights of a saved run. changed: by a person."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QCheckBox("Keep its head")
        help = "Go on with the classes this run has learned, in their order, instead of a new head."
        self.box.setToolTip(help)
        self.box.setAccessibleDescription(help)
        in_column(self.box, Text(help, "small", "muted"), owner=self, gap=4, edges=(12, 0, 0, 4))
        on_change(self.changed.emit, self.box)

    def is_kept(self) -> bool:
        return self.box.isChecked()

    def show_kept(self, kept: bool, offered: bool) -> None:
        """offered: the weights chosen are those of a run."""
        fill({self.box: kept})
        self.setVisible(offered)
