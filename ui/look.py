"""How buttons, boxes and scroll bars look: Fusion's, but flat, and with an edge that is seen on a dark ground too."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QStyleOptionComplex, QStyleOptionSlider, QWidget

from ui.colours import colour, is_dark

BOXES = (QStyle.PrimitiveElement.PE_IndicatorCheckBox, QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck)
BUTTON = QStyle.PrimitiveElement.PE_PanelButtonCommand
CORNER = QStyle.PrimitiveElement.PE_PanelScrollAreaCorner  # where two bars meet
BAR = QStyle.ComplexControl.CC_ScrollBar
RADIUS = 4.0
HANDLE, LEAST_HANDLE = 6, 24  # pixels across and along
TICK = ((0.24, 0.52), (0.43, 0.70), (0.77, 0.32))  # parts of the box's side


class FusionLook(QProxyStyle):
    """Fusion with three things drawn otherwise."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if element == CORNER:
            painter.fillRect(option.rect, option.palette.color(QPalette.ColorRole.Window))
            return
        if element not in (*BOXES, BUTTON):
            super().drawPrimitive(element, option, painter, widget)
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        (_draw_button if element == BUTTON else _draw_box)(painter, option)
        painter.restore()

    def drawComplexControl(
        self, control: QStyle.ComplexControl, option: QStyleOptionComplex, painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:  # fmt: skip
        if control != BAR or not isinstance(option, QStyleOptionSlider):
            super().drawComplexControl(control, option, painter, widget)
        else:
            _draw_bar(painter, option)

    def subControlRect(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        part: QStyle.SubControl,
        widget: QWidget | None = None,
    ) -> QRect:
        if control != BAR or not isinstance(option, QStyleOptionSlider):
            return super().subControlRect(control, option, part, widget)  # type: ignore[arg-type]
        return _part_of_bar(option, part)


def _part_of_bar(option: QStyleOptionSlider, part: QStyle.SubControl) -> QRect:
    """A handle and what is before and behind it; no arrows."""
    box, parts = option.rect, QStyle.SubControl
    upright = option.orientation == Qt.Orientation.Vertical
    length, hidden = box.height() if upright else box.width(), option.maximum - option.minimum
    handle = length * option.pageStep // (hidden + option.pageStep) if hidden > 0 else length
    handle = min(length, max(LEAST_HANDLE, handle))
    begin = QStyle.sliderPositionFromValue(
        option.minimum, option.maximum, option.sliderPosition, length - handle, option.upsideDown
    )
    ends = {
        parts.SC_ScrollBarSlider: (begin, begin + handle), parts.SC_ScrollBarGroove: (0, length),
        parts.SC_ScrollBarSubPage: (0, begin), parts.SC_ScrollBarAddPage: (begin + handle, length),
    }  # fmt: skip
    first, last = ends.get(part, (0, 0))
    return box.adjusted(0, first, 0, last - length) if upright else box.adjusted(first, 0, last - length, 0)


def _draw_bar(painter: QPainter, option: QStyleOptionSlider) -> None:
    """Only its handle, which is darker while the mouse is on the bar."""
    painter.fillRect(option.rect, option.palette.color(QPalette.ColorRole.Window))
    if option.maximum <= option.minimum:
        return  # there is nothing to scroll
    handle = QRectF(_part_of_bar(option, QStyle.SubControl.SC_ScrollBarSlider))
    upright = option.orientation == Qt.Orientation.Vertical
    across = ((handle.width() if upright else handle.height()) - HANDLE) / 2
    pointed = bool(option.state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Sunken))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("faint" if pointed else "border"))
    edges = (across, 1, -across, -1) if upright else (1, across, -1, -across)
    painter.drawRoundedRect(handle.adjusted(*edges), HANDLE / 2, HANDLE / 2)
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
