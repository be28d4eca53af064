"""How long a frame of the map of images takes with 5,000 points, while a hand moves something.

    QT_SCALE_FACTOR=2 python benchmarks/map_frames.py [points]

Milliseconds of the window's thread from a gesture to the picture of it, off-screen: median, 99th percentile, longest.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PySide6.QtCore import Qt

    from ui.figures.point_cloud import PointCloud

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

CLASSES, FRAMES, SIZE = 10, 200, (900, 640)


def took(act: Callable[[int], object]) -> str:
    found = []
    for frame in range(FRAMES):
        begun = time.thread_time()
        act(frame)
        found.append(1000 * (time.thread_time() - begun))
    return ", ".join(f"{value:.1f}" for value in np.percentile(found, (50, 99, 100)))


def shown_cloud(count: int) -> tuple[PointCloud, Callable[[int], None]]:
    """On screen, and what moves its points from where they are before training to where they are after it."""
    from ui.data.class_legend import class_colour
    from ui.figures.point_cloud import PointCloud

    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, count)
    first = (rng.normal(0, 4, (CLASSES, 2))[labels] + rng.normal(0, 1, (count, 2))).astype(np.float32)
    last = (rng.normal(0, 4, (CLASSES, 2))[labels] + rng.normal(0, 0.5, (count, 2))).astype(np.float32)
    cloud = PointCloud()
    cloud.resize(*SIZE)
    cloud.show_points(first, labels, [class_colour(one, CLASSES) for one in range(CLASSES)])
    cloud.marked = rng.random(count) < 0.1
    cloud.show()

    def slide(frame: int) -> None:
        cloud.move_points(first + np.float32(frame / FRAMES) * (last - first))
        cloud.repaint()

    return cloud, slide


def dragged(cloud: PointCloud, pressed: Qt.MouseButton) -> str:
    from PySide6.QtCore import QPoint
    from PySide6.QtTest import QTest

    def drag(frame: int) -> None:
        QTest.mouseMove(cloud, QPoint(200 + frame, 200 + frame // 2))
        cloud.repaint()

    QTest.mousePress(cloud, pressed, pos=QPoint(200, 200))
    said = took(drag)
    QTest.mouseRelease(cloud, pressed, pos=QPoint(400, 300))
    return said


def main(count: int) -> None:
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from ui import theme

    app = QApplication([])
    theme.apply(app, "dark")
    cloud, slide = shown_cloud(count)
    app.processEvents()

    def zoom(frame: int) -> None:
        cloud.zoom(1.02 if frame < FRAMES // 2 else 1 / 1.02, QPointF(300, 200))
        cloud.repaint()

    print(f"{count:,} points, {SIZE[0]} x {SIZE[1]} at {cloud.devicePixelRatioF():g}")
    print("from before to after:", took(slide))
    print("wheel:", took(zoom))
    print("drag:", dragged(cloud, Qt.MouseButton.MiddleButton))
    print("loop:", dragged(cloud, Qt.MouseButton.LeftButton))
    print("what is under the pointer:", took(lambda frame: cloud.at(QPointF(100 + frame, 300))))
    print("one point after another:", took(lambda _: (QTest.keyClick(cloud, Qt.Key.Key_Right), cloud.repaint())))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
