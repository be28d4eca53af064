"""The pad, drawn on with real events of mouse and pen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.widgets.drawing_pad import DrawingPad

WIDTH = 0.05


@pytest.fixture
def pad(qtbot: QtBot) -> DrawingPad:
    shown = DrawingPad(WIDTH)
    qtbot.addWidget(shown)
    shown.resize(200, 200)
    shown.show()
    return shown


def draw(qtbot: QtBot, pad: DrawingPad, *points: tuple[int, int]) -> None:
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(*points[0]))
    for point in points[1:]:
        qtbot.mouseMove(pad, QPoint(*point))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(*points[-1]))


def test_a_stroke_lies_where_it_was_drawn_as_wide_as_told(qtbot: QtBot, pad: DrawingPad) -> None:
    with qtbot.waitSignal(pad.drawn):
        draw(qtbot, pad, (20, 100), (180, 100))
    ink = pad.ink(100)
    assert ink.shape == (100, 100)
    assert ink[50, 50] == 0
    assert ink[20, 50] == 255
    assert ((255 - ink[:, 50].astype(float)) / 255).sum() == pytest.approx(100 * WIDTH, abs=0.3)
    assert len(np.unique(ink)) > 2  # smooth edges
    assert np.array_equal(ink, pad.ink(100))
    pad.resize(360, 300)  # the drawing is the same on a paper of another size
    assert np.array_equal(ink, pad.ink(100))


def test_strokes_are_taken_back_one_by_one_and_all_at_once(qtbot: QtBot, pad: DrawingPad) -> None:
    said: list[int] = []
    pad.drawn.connect(lambda: said.append(len(pad.strokes)))
    draw(qtbot, pad, (20, 20), (60, 60))
    one = pad.ink(50)
    draw(qtbot, pad, (100, 100))  # a dot
    assert pad.ink(50)[25, 25] < 200
    qtbot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(pad.ink(50), one)
    qtbot.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.is_empty
    assert (pad.ink(50) == 255).all()
    pad.undo()
    pad.clear()
    assert said == [1, 2, 1, 0]


def pen(pad: DrawingPad, kind: QEvent.Type, x: int, pressure: float) -> None:
    at, up = QPointF(x, 100), kind == QEvent.Type.TabletRelease
    button = Qt.MouseButton.NoButton if up else Qt.MouseButton.LeftButton
    device = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Pressure | QInputDevice.Capability.Position, 1, 1,
    )  # fmt: skip
    event = QTabletEvent(
        kind, device, at, QPointF(pad.mapToGlobal(at.toPoint())), pressure, 0, 0, 0, 0, 0,
        Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, button,
    )  # fmt: skip
    QApplication.sendEvent(pad, event)


def test_a_pen_that_presses_harder_draws_wider(pad: DrawingPad) -> None:
    widths = []
    for pressure in (0.2, 0.9):
        pen(pad, QEvent.Type.TabletPress, 20, pressure)
        pen(pad, QEvent.Type.TabletMove, 180, pressure)
        pen(pad, QEvent.Type.TabletRelease, 180, pressure)
        widths.append(float((255.0 - pad.ink(100)[:, 50]).sum()))
        pad.clear()
    assert widths[1] > 1.5 * widths[0] > 0
