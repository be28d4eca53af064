"""When garbage is collected: in the window's thread, between events, and without what is there for good.

Left to itself Python collects in whichever thread allocates, so that the thread that trains may delete parts of the
window, which Qt does not survive; and a full collection looks through all of torch for half a second.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from ui.background import Background
from ui.window.engine_loading import EngineLoading

OFTEN = 1000  # milliseconds between two looks at what has gathered
PUT_OFF = 30.0  # seconds for which it may wait until no hand moves anything


class Garbage(QObject):
    """Looks now and then from the time pyqtgraph is there, and collects as many generations as are due; never by
    itself, and not while something is scrolled: of a set of 100,000 images that takes longer than a frame."""

    def __init__(self, loading: EngineLoading) -> None:
        super().__init__(QCoreApplication.instance() or loading)  # a window of another workspace needs it too
        gc.disable()
        self._due = time.monotonic()
        self.timer = QTimer(self, interval=OFTEN)
        self.timer.timeout.connect(self._collect)
        loading.plots.connect(self.timer.start)
        loading.engine.connect(self._leave_out)
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(gc.unfreeze)  # else torch's compiler complains of what is left at the end

    def _collect(self) -> None:
        if Background.is_making_way() and time.monotonic() < self._due + PUT_OFF:
            return
        self._due = time.monotonic()
        for generation, (have, most) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)):
            if have <= most:
                return
            gc.collect(generation)

    def _leave_out(self) -> None:
        """What is there now, torch above all, stays to the end: it is not looked through again."""
        gc.freeze()
