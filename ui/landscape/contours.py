"""The height of a plane in bands of colour, and the scale beside it that says which is which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.comparison.wording import number, percent
from engine.landscape.grids import LossPlane
from ui import theme
from ui.figures.painted_axes import Axis

BANDS, FINE, TAIL = (
    14,
    16,
    98.0,
)  # bands; steps between two points; percentile of the losses that the last band begins at
LOW_TO_HIGH = ("#fdf3d8", "#f3c27b", "#dd8452", "#a84a5f", "#5f2a66", "#241a4a")  # low losses are light, in any theme
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BandScale:
    """Bands between low and high, of equal ratios where log. high_is_light: as with accuracies."""

    low: float
    high: float
    log: bool
    high_is_light: bool = False

    def bands(self, values: Values) -> NDArray[np.int64]:
        """Number of each value's band, 0 to BANDS - 1; what is no number is the worst."""
        ends = np.log([self.low, self.high]) if self.log else np.array([self.low, self.high])
        with np.errstate(invalid="ignore", divide="ignore"):
            at = np.log(values) if self.log else values
        share = (np.nan_to_num(at, nan=ends[1], posinf=ends[1], neginf=ends[0]) - ends[0]) / (ends[1] - ends[0])
        return np.clip(np.floor(share * BANDS), 0, BANDS - 1).astype(np.int64)

    def edge(self, number: int) -> float:
        """Where a band begins."""
        share = number / BANDS
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    def colour(self, band: int) -> QColor:
        share = band / (BANDS - 1)
        share = (1 - share if self.high_is_light else share) * (len(LOW_TO_HIGH) - 1)
        first = min(int(share), len(LOW_TO_HIGH) - 2)
        a, b = QColor(LOW_TO_HIGH[first]), QColor(LOW_TO_HIGH[first + 1])
        return QColor.fromRgbF(*(x + (share - first) * (y - x) for x, y in zip(_parts(a), _parts(b), strict=True)))

    def words(self, value: float) -> str:
        return percent(value, 0) if self.high_is_light else number(value, 2 if value < 10 else 0)


def _parts(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()


def scale_of(planes: list[LossPlane], figure: str, part: str) -> BandScale | None:
    """One for all of them, so that they can be compared; None where nothing can be drawn yet."""
    values = np.concatenate([plane.whole(figure, part).ravel() for plane in planes if plane.coarse] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    if figure == "accuracy":
        low, high = float(values.min()), float(values.max())
        return BandScale(low, max(high, low + 1e-3), log=False, high_is_light=True)
    low = max(float(values.min()), 1e-4)
    return BandScale(low, max(float(np.percentile(values, TAIL)), low * 1.05), log=True)


def smooth(values: Values, log: bool) -> Values:
    """[fine, fine]: by straight lines between the points, of logarithms where the scale has them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        height = np.log(np.maximum(values, 1e-12)) if log else values
    known = np.isfinite(height)
    height = np.where(known, height, height[known].max() if known.any() else np.nan)  # nowhere a number: all the worst
    side = len(height)
    fine = np.linspace(0, side - 1, (side - 1) * FINE + 1)
    across = np.array([np.interp(fine, np.arange(side), row) for row in height])
    found = np.array([np.interp(fine, np.arange(side), column) for column in across.T]).T
    return np.exp(found) if log else found


def image_of(values: Values, scale: BandScale) -> QImage:
    """The bands, the first row at the bottom, with a thin dark line between two of them."""
    bands = scale.bands(smooth(values, scale.log))[::-1]
    colours = 255 * np.array([_parts(scale.colour(band)) for band in range(BANDS)])
    edge = np.zeros(bands.shape, bool)
    edge[:-1] |= bands[:-1] != bands[1:]
    edge[:, :-1] |= bands[:, :-1] != bands[:, 1:]
    pixels = np.where(edge[..., None], 0.72 * colours[bands], colours[bands]).astype(np.uint8)
    padded = np.ascontiguousarray(np.concatenate([pixels, np.full((*bands.shape, 1), 255, np.uint8)], 2))
    height, width = bands.shape
    return QImage(padded.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()


def paint_scale(painter: QPainter, box: QRectF, scale: BandScale, title: str) -> None:
    """The bands from low to high, with the values at every other edge."""
    painter.setFont(theme.font("small", tabular=True))
    high = box.height() / BANDS
    for band in range(BANDS):
        painter.fillRect(QRectF(box.left(), box.bottom() - (band + 1) * high, 14, high + 0.5), scale.colour(band))
    painter.setPen(theme.colour("text"))
    step = 2 if box.height() > 160 else 7
    for edge in range(0, BANDS + 1, step):
        painter.drawText(QPointF(box.left() + 19, box.bottom() - edge * high + 4), scale.words(scale.edge(edge)))
    painter.drawText(QPointF(box.left(), box.top() - 8), title)


def axes_of(plane: LossPlane) -> tuple[Axis, Axis]:
    """What of the plane is shown, across and up."""
    return Axis(float(plane.xs[0]), float(plane.xs[-1])), Axis(float(plane.ys[0]), float(plane.ys[-1]))
