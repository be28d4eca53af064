"""What is asked before a cluster is begun: by which address other machines reach this one, and at which port."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from ui.widgets.buttons import PrimaryButton
from ui.widgets.card import Card
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import IntField
from ui.widgets.layouts import in_row
from ui.widgets.text import Text

PORT, MOST_PORT = 8786, 65535
ABOUT = (
    "A cluster is a line in which runs stand until a machine takes them. It is kept by this machine, in a process of "
    "its own that stays when Warmstart is closed. All traffic is encrypted, and nobody is let in without its key."
)
BEGIN = "Begin a cluster"


class PortField(IntField):
    """A number that is a name: written without commas."""

    def words(self, value: int) -> str:
        return str(value)


class BeginningCard(Card):
    """wanted(address, port): the button was pressed."""

    wanted = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(BEGIN)
        self.host, self.port = QLineEdit(maxLength=255), PortField(1, MOST_PORT)
        self.port.setValue(PORT)
        self._suggested = "", PORT
        self.go = PrimaryButton(BEGIN)
        self.go.clicked.connect(self._press)
        grid = FieldGrid(dense=True)
        grid.add("Address", self.host, "Of this machine, by which the others reach it; 127.0.0.1 for this one alone.")
        grid.add("Port", self.port, "Where it listens. Another one where a program has this.", lambda: PORT)
        self.body.addWidget(Text(ABOUT, role="muted"))
        self.body.addLayout(grid)
        self.body.addLayout(in_row(..., self.go))
        self.host.returnPressed.connect(self._press)
        self.host.textChanged.connect(lambda words: self.go.setEnabled(bool(words.strip())))
        self.go.setEnabled(False)

    def suggest(self, host: str, port: int = PORT) -> None:
        """Once, and where the person has typed no other address yet."""
        if self._suggested != (host, port) and not self.host.isModified():
            self._suggested = host, port
            self.host.setText(host)
            self.port.setValue(port)

    def _press(self) -> None:
        if self.go.isEnabled():
            self.wanted.emit(self.host.text().strip(), self.port.value())
