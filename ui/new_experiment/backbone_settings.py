"""What is set of the chosen backbone: the size of the images or texts it reads, and whether a run's head is kept."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from engine.backbones.info import ImageForm, TextForm
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import IntField
from ui.widgets.layouts import in_column
from ui.widgets.reset_mark import fill, on_change, refresh_marks

LEAST, MOST, STEP = 8, 1024, 32  # pixels on a side, or pieces of a text
SIDE = "Image size", "Pixels on a side"


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
        head, _ = grid.add("Image size", self.field, "", lambda: self._own)
        label = head.findChild(QLabel)
        assert label is not None
        self._label = label
        in_column(grid, owner=self, gap=4, edges=(0, 8, 0, 0))
        on_change(self.changed.emit, self.field)

    def asked(self) -> int | None:
        return self.field.value() if self.field.value() != self._own else None

    def show_size(self, form: ImageForm | TextForm, asked: int | None) -> None:
        """form: of the backbone, with the size it was made for."""
        self._own, texts = form.size, isinstance(form, TextForm)
        title, what = ("Longest text", "Word pieces that are read of a text") if texts else SIDE
        self._label.setText(title)
        self.field.setAccessibleName(title)
        self.field.set_unit("pieces" if texts else "px")
        fill({self.field: asked or form.size})
        why = "It reads no other size." if form.fixed else "A smaller one is faster and sees less."
        words = f"{what}; the backbone's own is {form.size}. {why}"
        self.field.setAccessibleDescription(words)
        self.field.setToolTip(words)
        refresh_marks(self)


class KeepHead(QObject):
    """Two boxes, shown for the weights of a saved run: whether its head is kept, and whether it is measured what else
    is. Whoever has them lays them out. changed: by a person."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.box = QCheckBox("Keep its head")
        help = "Go on with the classes this run has learned, in their order, instead of a new head."
        self.box.setToolTip(help)
        self.box.setAccessibleDescription(help)
        self.watch = QCheckBox("Forgetting")
        self.watch.setAccessibleName("Measure what it keeps")
        help = (
            "Measure after each epoch how well it still tells this run’s classes, by the old head and by a fresh "
            "probe. That takes a pass over up to 1,500 of the run’s examples and changes nothing of the training."
        )
        self.watch.setToolTip(help)
        self.watch.setAccessibleDescription(help)
        self.boxes = (self.box, self.watch)
        on_change(self.changed.emit, self.box, self.watch)

    def is_kept(self) -> bool:
        return self.box.isChecked()

    def is_watched(self) -> bool:
        return self.watch.isChecked()

    def show_kept(self, kept: bool, watched: bool, offered: bool) -> None:
        """offered: the weights chosen are those of a run."""
        fill({self.box: kept, self.watch: watched})
        for box in self.boxes:
            box.setVisible(offered)

    def set_enabled(self, enabled: bool) -> None:
        for box in self.boxes:
            box.setEnabled(enabled)
