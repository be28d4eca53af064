"""How buttons and boxes look: Fusion's, but flat, and with an edge that is seen on a dark ground too."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QWidget

from ui.colours import colour, is_dark

BOXES = (QStyle.PrimitiveElement.PE_IndicatorCheckBox, QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck)
BUTTON = QStyle.PrimitiveElement.PE_PanelButtonCommand
RADIUS = 4.0
TICK = ((0.24, 0.52), (0.43, 0.70), (0.77, 0.32))  # parts of the box's side


class FusionLook(QProxyStyle):
    """Fusion with two things drawn otherwise."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if element not in (*BOXES, BUTTON):
            super().drawPrimitive(element, option, painter, widget)
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        (_draw_button if element == BUTTON else _draw_box)(painter, option)
        painter.restore()


def _draw_button(painter: QPainter, option: QStyleOption) -> None:
    """A flat surface in the button's own colour."""
    state, ground = option.state, option.palette.color(QPalette.ColorRole.Button)
    down = bool(state & (QStyle.StateFlag.State_Sunken | QStyle.StateFlag.State_On))
    pointed = bool(state & QStyle.StateFlag.State_MouseOver) and bool(state & QStyle.StateFlag.State_Enabled)
    focused = bool(state & QStyle.StateFlag.State_HasFocus)
    own = ground != colour("card")
    edge = ground if own else colour("border")
    if focused and bool(state & QStyle.StateFlag.State_KeyboardFocusChange):
        edge = colour("text" if own else "accent")
    painter.setPen(QPen(edge, 1.0))
    painter.setBrush(_shaded(ground, own, 2 * down or int(pointed)))
    painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


def _shaded(ground: QColor, own: bool, steps: int) -> QColor:
    """Pointed at (1) and pressed (2) it steps away from what it is."""
    if not own:
        return (ground, colour("hover"), colour("selected"))[steps]
    return ground.lighter(100 + 8 * steps) if is_dark() else ground.darker(100 + 8 * steps)


def _draw_box(painter: QPainter, option: QStyleOption) -> None:
    """Empty, ticked or, for some of several, with a dash."""
    state = option.state
    enabled = bool(state & QStyle.StateFlag.State_Enabled)
    some, ticked = bool(state & QStyle.StateFlag.State_NoChange), bool(state & QStyle.StateFlag.State_On)
    full = colour("accent" if enabled else "faint")
    side = min(option.rect.width(), option.rect.height()) - 1.0
    box = QRectF(0, 0, side, side)
    box.moveCenter(QRectF(option.rect).center())
    pointed = bool(state & QStyle.StateFlag.State_MouseOver) and enabled
    edge = full if ticked or some or pointed else colour("faint" if enabled else "border")
    painter.setPen(QPen(edge, 1.25))
    painter.setBrush(full if ticked or some else colour("field"))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QPen(colour("on accent"), 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    places = [QPointF(box.x() + x * side, box.y() + y * side) for x, y in TICK]
    if some:
        painter.drawLine(QPointF(places[0].x(), box.center().y()), QPointF(places[2].x(), box.center().y()))
    elif ticked:
        painter.drawPolyline(QPolygonF(places))
