"""Settings, Machines: the panel in a window of its own, beside which one goes on working."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from ui.machines.panel import MachinesPanel
from ui.parts import Parts
from ui.widgets.frame import WordsArea
from ui.widgets.layouts import in_column
from ui.widgets.place import fit


class MachinesDialog(QDialog):
    """Looks at the cluster while it is open."""

    def __init__(self, parts: Parts, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Machines")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.panel = MachinesPanel(parts.machines, parts.background)
        buttons = QDialogButtonBox()
        buttons.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        in_column((WordsArea(self.panel), 1), buttons, owner=self, gap=8, edges=16)
        fit(self, 820, 520)
        parts.machines.watch(True)
        self.finished.connect(lambda _: parts.machines.watch(False))


def show_machines(parts: Parts, window: QWidget, explained: bool = False) -> None:
    """In a window of its own; one is enough. explained: with what happens when."""
    dialog = window.findChild(MachinesDialog) or MachinesDialog(parts, window)
    if explained:
        dialog.panel.explained.button.setChecked(True)
    dialog.show()
    dialog.activateWindow()
