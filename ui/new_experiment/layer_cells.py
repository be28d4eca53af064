"""The cells of the layer table: what can be changed of a block, and a mark that takes a change back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget

from engine.layers import LayerRow
from ui import icons, theme
from ui.figures.block_picture import paint_dot, paint_plate, paint_swatch
from ui.widgets import reset_mark
from ui.widgets.buttons import icon_button
from ui.widgets.card import paint_focus
from ui.widgets.fields import Choice, FloatField, IntField, next_round, previous_round
from ui.widgets.layouts import in_row
from ui.widgets.number_field import NumberField

LEAST_RATE = 0.001  # below it the arrow keys freeze
MARK = 18  # pixels kept for the mark, so that nothing moves when it appears


class RateField(FloatField):
    """A factor; the arrow keys go 0, 0.001, 0.002, 0.005 … from there."""

    def __init__(self) -> None:
        super().__init__(0.0, 1000.0, log=True)

    def step(self, steps: int) -> float:
        value = self.value()
        for _ in range(abs(steps)):
            value = max(LEAST_RATE, next_round(value)) if steps > 0 else previous_round(value)
        return value if value >= LEAST_RATE * (1 - 1e-9) else 0.0


def _number(make: Callable[[], NumberField], zero: str, before: str = "") -> NumberField:
    field = make()
    field.setSpecialValueText(zero)
    field.setPrefix(before)
    return field


TRAINS: list[tuple[object, str]] = [
    ("everything", "Everything"), ("biases and norms", "Biases and norms"), ("norms", "Norms only"),
    ("low-rank", "Low rank"),
]  # fmt: skip
NORMS: list[tuple[object, str]] = [("batch statistics", "Batch"), ("pretrained statistics", "Pretrained")]
STARTS: list[tuple[object, str]] = [(False, "Pretrained"), (True, "Random")]


@dataclass(frozen=True)
class CellKind:
    """A column of the table. width: of the input."""

    column: str
    title: str
    width: int
    make: Callable[[], QWidget]
    help: str


KINDS = (
    CellKind("rate", "Rate ×", 88, partial(_number, RateField, "frozen"),
             "Times the learning rate; 0 keeps the block frozen."),
    CellKind("from_epoch", "Begins", 92, partial(_number, partial(IntField, 0, 100_000), "at once", "after "),
             "How many epochs pass before the block learns."),
    CellKind("trains", "What learns", 128, partial(Choice, TRAINS), "Which of the block's parameters learn."),
    CellKind("batch_norm", "Batch norm", 96, partial(Choice, NORMS),
             "What batch norm uses while the block learns: statistics of the batch, or those it came with."),
    CellKind("fresh", "Starts", 96, partial(Choice, STARTS),
             "Where its weights start: pretrained, or random as without pretraining."),
    CellKind("anchor", "Anchor", 64, partial(_number, partial(FloatField, 0.0, 1000.0, log=True), "none"),
             "Pull towards the weights it starts from (alpha of L2-SP); 0 is none."),
)  # fmt: skip


class LayerCell(QWidget):
    """One input. edited(value) by a person; cleared: the mark was clicked."""

    edited = Signal(object)
    cleared = Signal()

    def __init__(self, kind: CellKind, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self._doubt = kind, ""
        self.input = kind.make()
        self.input.setFixedWidth(kind.width)
        self.input.setAccessibleName(f"{kind.title.removesuffix(' ×')} of {title}")
        self.input.setAccessibleDescription(kind.help)
        self.mark = icon_button("reset", "", self.cleared.emit)
        self.mark.setFixedSize(QSize(MARK, MARK))
        self.mark.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.dress(self.mark, "reset", "accent", 12)
        policy = self.mark.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.mark.setSizePolicy(policy)
        in_row(self.input, self.mark, owner=self, gap=2)
        reset_mark.on_change(lambda: self.edited.emit(reset_mark.read(self.input)), self.input)

    def show_row(self, row: LayerRow, own: LayerRow, fixed: str = "", random: bool = False) -> None:
        """The block's row and the method's own. fixed: why this cell cannot be changed; "" when it can. random: the
        block starts from random weights, whatever its row says."""
        value, usual = getattr(row, self.kind.column), getattr(own, self.kind.column)
        reset_mark.fill({self.input: True if random and self.kind.column == "fresh" else value})
        self.input.setEnabled(not fixed)
        self.input.setToolTip(fixed or self.kind.help)
        words = f"Back to “{reset_mark.shown(self.input, usual)}”, the method's own"
        self.mark.setToolTip(words)
        self.mark.setAccessibleName(f"{self.input.accessibleName()}: {words.lower()}")
        self.mark.setVisible(value != usual)

    def set_doubt(self, words: str) -> None:
        """Mark the input where its value can hardly be meant, or no longer; `show_row` comes first."""
        self._doubt = words
        if words:
            self.input.setToolTip(words)
        self._colour()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _colour(self) -> None:
        wanted = QPalette(self.palette())
        if self._doubt:
            ground, tint = theme.colour("field"), theme.colour("warning")
            wanted.setColor(QPalette.ColorRole.Base, mixed(ground, tint, 0.2))
            wanted.setColor(QPalette.ColorRole.Text, tint)
        if self.input.palette() != wanted:
            self.input.setPalette(wanted)


def mixed(ground: QColor, tint: QColor, share: float) -> QColor:
    def part(of: int, to: int) -> int:
        return round(of + (to - of) * share)

    return QColor(part(ground.red(), tint.red()), part(ground.green(), tint.green()), part(ground.blue(), tint.blue()))


class BlockTile(QAbstractButton):
    """A block of the network in its colour; a click freezes it or lets it learn."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.setText(title)
        self.setFont(theme.font("small"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self._treatment, self._changed = "frozen", False

    def show_treatment(self, treatment: str, changed: bool) -> None:
        self._treatment, self._changed = treatment, changed
        doing = "Let it learn" if treatment == "frozen" else "Freeze it"
        self.setToolTip(f"{self.text()}: {treatment}. {doing} with a click")
        self.setAccessibleDescription(f"{treatment}. Press to {doing[0].lower()}{doing[1:]}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(112, 30)

    minimumSizeHint = sizeHint

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_swatch(painter, self.rect(), self._treatment, self.underMouse())
        paint_plate(painter, self.text(), self.rect())
        if self._changed:
            paint_dot(painter, QPointF(self.width() - 6, 7))
        if self.hasFocus():
            paint_focus(self)
