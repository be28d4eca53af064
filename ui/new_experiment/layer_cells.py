"""The cells of the layer table: what can be changed of a block, and a mark that takes a change back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget

from engine.comparison.wording import compact
from engine.layers import LayerRow
from ui import icons, theme
from ui.figures.block_picture import paint_dot, paint_plate, paint_swatch
from ui.widgets.buttons import icon_button
from ui.widgets.card import paint_focus
from ui.widgets.fields import Choice, FloatField, IntField, next_round, previous_round
from ui.widgets.layouts import in_row

LEAST_RATE = 0.001  # below it the arrow keys freeze
MARK = 18  # pixels kept for the mark, so that nothing moves when it appears


class RateField(FloatField):
    """A factor; 0 is shown as “frozen”, and the arrow keys go 0.001, 0.002, 0.005 … from there."""

    def __init__(self) -> None:
        super().__init__(0.0, 1000.0, log=True)
        self.setSpecialValueText("frozen")

    def step(self, steps: int) -> float:
        value = self.value()
        for _ in range(abs(steps)):
            value = max(LEAST_RATE, next_round(value)) if steps > 0 else previous_round(value)
        return value if value >= LEAST_RATE * (1 - 1e-9) else 0.0


def _wait() -> IntField:
    field = IntField(0, 100_000)
    field.setSpecialValueText("at once")
    field.setPrefix("after ")
    return field


def _anchor() -> FloatField:
    field = FloatField(0.0, 1000.0, log=True)
    field.setSpecialValueText("none")
    return field


TRAINS: list[tuple[object, str]] = [
    ("everything", "Everything"), ("biases and norms", "Biases and norms"), ("norms", "Norms only"),
    ("low-rank", "Low rank"),
]  # fmt: skip
NORMS: list[tuple[object, str]] = [("batch statistics", "Batch"), ("pretrained statistics", "Pretrained")]
STARTS: list[tuple[object, str]] = [(False, "Pretrained"), (True, "Random")]


@dataclass(frozen=True)
class CellKind:
    """A column of the table. width: of the input. signal, read, write: how its value is followed, taken and set."""

    column: str
    title: str
    width: int
    make: Callable[[], QWidget]
    signal: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], object]

    @property
    def help(self) -> str:
        return HELP[self.column]

    def words(self, value: Any) -> str:
        """A value as the cell shows it."""
        names = {"trains": TRAINS, "batch_norm": NORMS, "fresh": STARTS}.get(self.column)
        if names:
            return dict(names)[value]
        zero = {"rate": "frozen", "from_epoch": "at once", "anchor": "none"}[self.column]
        return zero if value == 0 else f"after {value}" if self.column == "from_epoch" else compact(value)


HELP = {
    "rate": "Times the learning rate; 0 keeps the block frozen.",
    "from_epoch": "How many epochs pass before the block learns.",
    "trains": "Which of the block's parameters learn.",
    "batch_norm": "What batch norm uses while the block learns: statistics of the batch, or those it came with.",
    "fresh": "Where its weights start: pretrained, or random as without pretraining.",
    "anchor": "Pull towards the weights it starts from (alpha of L2-SP); 0 is none.",
}


def _number(column: str, title: str, width: int, make: Callable[[], QWidget]) -> CellKind:
    return CellKind(column, title, width, make, "valueChanged", lambda w: w.value(), lambda w, v: w.setValue(v))


def _choice(column: str, title: str, width: int, options: list[tuple[object, str]]) -> CellKind:
    return CellKind(column, title, width, lambda: Choice(options), "currentIndexChanged", lambda w: w.key(),
                    lambda w, v: w.set_key(v))  # fmt: skip


KINDS = (
    _number("rate", "Rate ×", 88, RateField),
    _number("from_epoch", "Begins", 92, _wait),
    _choice("trains", "What learns", 128, TRAINS),
    _choice("batch_norm", "Batch norm", 96, NORMS),
    _choice("fresh", "Starts", 96, STARTS),
    _number("anchor", "Anchor", 64, _anchor),
)


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
        getattr(self.input, kind.signal).connect(lambda *_: self.edited.emit(kind.read(self.input)))

    def show_row(self, row: LayerRow, own: LayerRow, fixed: str = "", random: bool = False) -> None:
        """The block's row and the method's own. fixed: why this cell cannot be changed; "" when it can. random: the
        block starts from random weights, whatever its row says."""
        value, usual = getattr(row, self.kind.column), getattr(own, self.kind.column)
        blocker = QSignalBlocker(self.input)
        self.kind.write(self.input, True if random and self.kind.column == "fresh" else value)
        blocker.unblock()
        self.input.setEnabled(not fixed)
        self.input.setToolTip(fixed or self.kind.help)
        words = f"Back to “{self.kind.words(usual)}”, the method's own"
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
