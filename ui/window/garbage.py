"""When garbage is collected: in the window's thread, between events, and without what is there for good.

Left to itself Python collects in whichever thread allocates, so that the thread that trains may delete parts of the
window, which Qt does not survive; and a full collection looks through all of torch for half a second.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QObject

from ui.window.engine_loading import EngineLoading


class Garbage(QObject):
    """Collects on a timer from the time pyqtgraph, which has one for this, is there; never by itself."""

    def __init__(self, loading: EngineLoading) -> None:
        super().__init__(QCoreApplication.instance() or loading)  # a window of another workspace needs it too
        gc.disable()
        loading.plots.connect(self._begin)
        loading.engine.connect(self._leave_out)
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(gc.unfreeze)  # else torch's compiler complains of what is left at the end

    def _begin(self) -> None:
        from pyqtgraph.util.garbage_collector import GarbageCollector

        self.collector = GarbageCollector()

    def _leave_out(self) -> None:
        """What is there now, torch above all, stays to the end: it is not looked through again."""
        gc.freeze()
