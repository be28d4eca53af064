"""What every figure offers: copy, PNG, SVG, PDF, its numbers as CSV. A figure is a `paint(painter, size)` and a table.

What leaves the window is read on paper and on other people's pages, so it is drawn in ink on white in every theme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QBuffer, QEvent, QMarginsF, QObject, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QAction,
    QGuiApplication,
    QImage,
    QImageWriter,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPaintEvent,
    QPdfWriter,
)
from PySide6.QtWidgets import QMenu, QMessageBox, QStyle, QStyleOptionToolButton, QStylePainter, QToolButton, QWidget

from ui import theme
from ui.widgets.saving import FileKind, ask_where
from ui.widgets.table_text import copy_table, separated
from ui.widgets.text import plain

Orientation = QPageLayout.Orientation
PICTURE_SCALE = 2.0  # pixels of a saved picture per pixel of the window


class Figure(Protocol):
    """What can be saved."""

    def figure_title(self) -> str: ...
    def figure_size(self) -> QSize: ...
    def paint_figure(self, painter: QPainter, size: QSizeF) -> None: ...
    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]: ...


def picture(figure: Figure, scale: float = PICTURE_SCALE) -> QImage:
    """The figure as an image of `scale` pixels per pixel of the window."""
    size = figure.figure_size()
    image = QImage(size * scale, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    _paint_on(image, figure, size)
    return image


def _paint_on(paper: QPaintDevice, figure: Figure, size: QSize) -> None:
    painter = QPainter(paper)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    with theme.on_paper():
        painter.fillRect(QRectF(0, 0, size.width(), size.height()), theme.colour("page"))
        figure.paint_figure(painter, QSizeF(size))
    painter.end()


def svg(figure: Figure) -> bytes:
    """The figure as SVG text with real lines and real words."""
    from PySide6.QtSvg import QSvgGenerator

    buffer = QBuffer()
    size = figure.figure_size()
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setResolution(round(QGuiApplication.primaryScreen().logicalDotsPerInch()))
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(figure.figure_title())
    _paint_on(generator, figure, size)
    return bytes(buffer.data().data())


def pdf(figure: Figure) -> bytes:
    """The figure as one page of its own size, with real lines and real words."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    size, dots = figure.figure_size(), round(QGuiApplication.primaryScreen().logicalDotsPerInch())
    writer = QPdfWriter(buffer)
    writer.setResolution(dots)
    points = QSizeF(size) * (72 / dots)
    writer.setPageLayout(QPageLayout(QPageSize(points, QPageSize.Unit.Point), Orientation.Portrait, QMarginsF()))
    writer.setTitle(figure.figure_title())
    _paint_on(writer, figure, size)
    buffer.close()
    return bytes(buffer.data().data())


def numbers(figure: Figure) -> list[Sequence[object]]:
    """The figure's numbers with their heading."""
    heads, rows = figure.figure_table()
    return [heads, *rows]


def png(figure: Figure) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(picture(figure))
    return bytes(buffer.data().data())


def csv_text(figure: Figure) -> str:
    """The figure's numbers, comma-separated with a heading; an empty cell where there is no value."""
    return separated(numbers(figure))


AS_BYTES: dict[str, Callable[[Figure], bytes]] = {
    ".png": png, ".svg": svg, ".pdf": pdf, ".csv": lambda figure: csv_text(figure).encode(),
}  # fmt: skip


def save(figure: Figure, path: Path) -> None:
    """Write PNG, SVG, PDF or CSV by the ending of `path`; OSError if it cannot be written, KeyError for others."""
    path.write_bytes(AS_BYTES[path.suffix.lower()](figure))


class FigureActions:
    """The entries of a figure's context menu and of its small button; they belong to `owner`."""

    def __init__(self, owner: QWidget, figure: Figure) -> None:
        self.owner, self.figure = owner, figure
        self.actions = [
            self._action("Copy picture", self.copy_picture),
            self._action("Copy numbers", self.copy_numbers),
            self._action("Save as PNG…", lambda: self.ask_and_save("PNG picture", ".png")),
            self._action("Save as SVG…", lambda: self.ask_and_save("SVG drawing", ".svg")),
            self._action("Save as PDF…", lambda: self.ask_and_save("PDF document", ".pdf")),
            self._action("Save numbers as CSV…", lambda: self.ask_and_save("Comma-separated values", ".csv")),
        ]

    def _action(self, text: str, slot: Callable[[], None]) -> QAction:
        action = QAction(text, self.owner)
        action.triggered.connect(lambda _=False: slot())
        return action

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(picture(self.figure))

    def copy_numbers(self) -> None:
        copy_table(numbers(self.figure))

    def ask_and_save(self, kind: str, suffix: str) -> None:
        """kind: what the dialog calls files with this ending, with or without "(*.csv)"."""
        wanted = FileKind(kind.partition(" (*")[0], suffix.lstrip("."))
        path = ask_where(self.owner, "Save the figure", self.figure.figure_title() or "Figure", [wanted])
        if path is not None:
            self.write(path)

    def write(self, path: Path) -> None:
        """Save, and say in a sentence when that is not possible."""
        try:
            save(self.figure, path)
        except OSError as error:
            reason = error.strerror or str(error)
            words = f"“{path.name}” could not be written: {reason}.\nChoose another folder."
            QMessageBox.warning(self.owner, "Not saved", plain(words))


class ExportButton(QToolButton):
    """ "⋯" at rest; "Export ⋯" while the pointer is on the figure or the keyboard on the button. Always as wide as
    that, so that nothing moves."""

    def __init__(self, owner: QWidget, word: str) -> None:
        super().__init__(owner)
        self._owner, self._word = owner, word
        self.setText("⋯")
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        owner.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return False

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(f"{self._word} ⋯") + 14, super().sizeHint().height())

    minimumSizeHint = sizeHint

    def at_rest(self) -> int:
        """Pixels at its right that are never free."""
        return self.fontMetrics().horizontalAdvance("⋯") + 14

    def told(self) -> str:
        """What stands on it now."""
        return f"{self._word} ⋯" if self._owner.underMouse() or self.hasFocus() else "⋯"

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        if self.told() != "⋯":
            painter.fillRect(self.rect(), theme.colour("page"))  # over the end of a long title
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.setPen(theme.colour("text" if self.underMouse() or self.hasFocus() else "muted"))
        beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect().adjusted(0, 0, -6, 0), int(beside), self.told())


def menu_button(owner: QWidget, menu: QMenu, name: str, word: str = "Export") -> ExportButton:
    """The button that opens the menu of the figure `owner`; `name` is what a screen reader says."""
    button = ExportButton(owner, word)
    button.setToolTip("Copy or save this figure")
    button.setAccessibleName(name)
    button.clicked.connect(lambda: menu.popup(button.mapToGlobal(button.rect().bottomLeft())))
    return button
