"""A whole comparison as one picture, painted off-screen: verdicts, results, curves, settings. Needs no window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from engine import metrics
from storage.rows import Curve
from ui import theme
from ui.comparison.curve_lines import curve_lines
from ui.comparison.curves_pane import metric_title
from ui.comparison.difference_table import table_of
from ui.comparison.result_bars import bars_height, paint_bars
from ui.comparison.sides import ComparedRun, Comparison, compare, sentences
from ui.figures.curve_plot import CurvePlot
from ui.figures.painted import HEADING, paint_title
from ui.figures.plain_table import paint_table, table_height

WIDTH = 1200.0
MARGIN, GAP = 32.0, 32.0
PLOT_HEIGHT = 360.0
SCALE = 2.0


def save_comparison_picture(
    runs: Sequence[ComparedRun],
    curves: Mapping[int, Curve],
    path: Path,
    *,
    title: str = "",
    metric: str = "",
    axis: str = "epoch",
    dark: bool = False,
) -> None:
    """Write a PNG of these runs side by side; makes an off-screen QApplication if there is none.

    runs: from `ui.comparison.sides.load`. curves: of `metric`, by run id, from `load_curves`; runs may lack one.
    ValueError for fewer than two runs; OSError when the file cannot be written.
    """
    comparison = compare(runs)
    if comparison is None:
        raise ValueError("A comparison needs at least two runs.")
    _application = QApplication.instance() or QApplication(["warmstart", "-platform", "offscreen"])
    before = QPalette(QApplication.palette())
    QApplication.setPalette(theme.palette(dark))
    try:
        image = comparison_image(comparison, curves, title, metric or metrics.usual(), axis)
    finally:
        QApplication.setPalette(before)
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    path.write_bytes(bytes(buffer.data().data()))


def comparison_image(comparison: Comparison, curves: Mapping[int, Curve], title: str, metric: str, axis: str) -> QImage:
    """The picture in the palette in use."""
    said = sentences(comparison)
    inner = WIDTH - 2 * MARGIN
    height = page_height(comparison, said, inner)
    image = QImage(QSize(round(WIDTH * SCALE), round(height * SCALE)), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme.colour("page"))
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.scale(SCALE, SCALE)
    painter.translate(MARGIN, MARGIN)
    paint_heading(painter, title or " · ".join(side.title for side in comparison.sides), said, inner)
    painter.translate(0, heading_height(said, inner) + GAP)
    paint_figures(painter, comparison, curves, metric, axis, inner)
    painter.end()
    return image


def page_height(comparison: Comparison, said: Sequence[str], width: float) -> float:
    settings = HEADING + table_height(len(comparison.differences)) + GAP if comparison.differences else 0.0
    return 2 * MARGIN + heading_height(said, width) + GAP + middle_height(comparison) + GAP + settings


def middle_height(comparison: Comparison) -> float:
    """The results and the curves stand beside each other."""
    return max(PLOT_HEIGHT, HEADING + bars_height(len(comparison.sides)))


def heading_height(said: Sequence[str], width: float) -> float:
    metrics = QFontMetricsF(theme.font())
    heights = (metrics.boundingRect(QRectF(0, 0, width, 1e4), WRAPPED, text).height() for text in said)
    return QFontMetricsF(theme.font("title", bold=True)).height() + 8 + sum(height + 6 for height in heights)


WRAPPED = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


def paint_heading(painter: QPainter, title: str, said: Sequence[str], width: float) -> None:
    """The title and one verdict per paragraph."""
    painter.setPen(theme.colour("text"))
    painter.setFont(theme.font("title", bold=True))
    metrics = QFontMetricsF(painter.font())
    painter.drawText(0, round(metrics.ascent()), metrics.elidedText(title, Qt.TextElideMode.ElideRight, width))
    top = metrics.height() + 8
    painter.setFont(theme.font())
    for text in said:
        room = QFontMetricsF(painter.font()).boundingRect(QRectF(0, top, width, 1e4), WRAPPED, text)
        painter.drawText(QRectF(0, top, width, room.height()), WRAPPED, text)
        top += room.height() + 6


def paint_figures(
    painter: QPainter, comparison: Comparison, curves: Mapping[int, Curve], metric: str, axis: str, width: float
) -> None:
    """Results at the left, curves at the right, the settings below."""
    left = (width - GAP) * 0.42
    painter.save()
    paint_title(painter, "Results on the test set")
    painter.translate(0, HEADING)
    paint_bars(painter, left, comparison)
    painter.restore()
    painter.save()
    painter.translate(left + GAP, 0)
    paint_curves(painter, comparison, curves, metric, axis, QSizeF(width - left - GAP, middle_height(comparison)))
    painter.restore()
    if comparison.differences:
        painter.translate(0, middle_height(comparison) + GAP)
        paint_title(painter, "Settings that differ")
        painter.translate(0, HEADING)
        paint_table(painter, width, *table_of(comparison))


def paint_curves(
    painter: QPainter, comparison: Comparison, curves: Mapping[int, Curve], metric: str, axis: str, size: QSizeF
) -> None:
    plot = CurvePlot(metric_title(metric), metrics.of(metric).unit)
    plot.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    plot.resize(size.toSize())
    plot.set_x_axis(axis)
    plot.set_curves(curve_lines(comparison, curves, axis, share=metrics.of(metric).is_share))
    plot.show()  # lays it out; nothing is seen
    plot.paint_figure(painter, size)
    plot.hide()
    plot.deleteLater()
