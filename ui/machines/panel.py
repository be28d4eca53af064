"""The machines that work for this workspace: who is there, how another one joins, how all of it begins and ends."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.comparison.wording import count
from engine.errors import ExperimentError
from ui.background import Background
from ui.elsewhere import Machines
from ui.figures.plain_table import PlainTable
from ui.machines.adding import AddingCard
from ui.machines.beginning import PORT, BeginningCard
from ui.machines.hosts import HEADS, Host, hosts, kept, rows, summary
from ui.machines.installing import InstallingCard
from ui.widgets.buttons import button
from ui.widgets.fold import Fold
from ui.widgets.folders import show_folder
from ui.widgets.layouts import in_column, in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Elided, Text

EDGE = 8  # pixels beside the bar that scrolls
COLUMN, LEAST_NAME = 300, 120  # pixels of the widest; of the names, which give way where not all fit
ROOM = 10  # pixels beside the words of a column
NONE = "This workspace has no cluster: its runs are worked by this machine alone."
ENDED = "The cluster has ended. Its machines, and runs that were given to it, wait until it begins again here:"
ASKING = "Asking the cluster…"
END = "End the cluster…"
FORGET = "Forget it"
EXPLAINED = (
    "Choose Cluster as the device of an experiment or a study: a run stands in line until a place is free. What it "
    "needs is sent once to each machine; its curve is seen here, and its files come here when it ends.\n\n"
    "Warmstart is closed, or this machine sleeps: runs go on, and the next start says what became of them.\n\n"
    "A machine is lost: its run goes on on another one, from the last place that was kept where both share a folder "
    "(--shared), else from its beginning. One that loses three machines at the same place fails and says so.\n\n"
    "This machine is switched off: begin the cluster again here. Its key stays, and the machines come back.\n\n"
    "A study is paused or stopped: what waits is taken back; stopped, what is at work is ended too.\n\n"
    "A machine with several GPUs works a run on each. For one run on all of them choose All GPUs together as the "
    "device at that machine: each batch of fine-tuning, or of pretraining with images, is shared out.\n\n"
    "A machine with another version of Warmstart, or a stranger without the key, is refused. One whose firewall lets "
    "nobody in says so where it was started, and waits: let Python in, or open ports and name the first by --port."
)


class MachinesPanel(QWidget):
    """Follows `machines`, and has it look at the cluster, for as long as it is shown."""

    def __init__(self, machines: Machines, background: Background) -> None:
        super().__init__()
        self._machines, self._background = machines, background
        self._hosts: dict[str, Host] = {}
        self.state, self.address = Text("", bold=True), Elided("", "small", "muted")
        self.table, self.problem = PlainTable("Machines of the cluster"), Problem()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of machines often differ at their ends
        self.beginning, self.adding = BeginningCard(), AddingCard()
        self.installing, self.explained = InstallingCard(background), Fold("What happens when")
        self.explained.body.addWidget(Text(EXPLAINED, role="muted"))
        self._lay_out()
        self.beginning.wanted.connect(self._begin)
        self.installing.done.connect(machines.look)
        machines.changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        self.add = button("Add a machine", "new", "What to do at the other machine", self._toggle_adding)
        self.add.setCheckable(True)
        self.folder = button("Certificates", "folder", "The folder with the key of this cluster", self._show_folder)
        self.again = button("Begin it again", "reset", "With the same key, at the same address", self._begin_again)
        self.end = button(END, "stop", "Machines wait until it begins again", self._end)
        self.deeds = QWidget()
        in_row(self.add, self.again, ..., self.folder, self.end, owner=self.deeds, gap=8)
        in_column(
            in_column(self.state, self.address, gap=2), self.table, self.problem, self.installing, self.beginning,
            self.deeds, self.adding, self.explained, ..., owner=self, gap=12, edges=(0, 0, EDGE, 0),
        )  # fmt: skip
        self.adding.hide()

    def minimumSizeHint(self) -> QSize:
        """As high as its words are at this width, not as if each word had a line of its own."""
        column = self.layout()
        return super().minimumSizeHint() if column is None else QSize(1, column.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
            self._fit_columns()

    # What it shows

    def refresh(self) -> None:
        """As it is now."""
        now = self._machines.now
        self._set_busy(False)
        if now.places is not None:
            self._hosts = kept(self._hosts, hosts(now.places, now.wrong), time.time())
        self.state.setText(self._words())
        here = f" · Warmstart {now.version or 'from a folder'} here" if now.places is not None else ""
        self.address.setText(f"{now.address}{here}")
        self.address.setVisible(bool(now.address))
        self.problem.say(now.fault)
        self.installing.show_lacking(now.lacking)
        self._show_table()
        known, up = self._machines.is_known, now.places is not None
        self.beginning.setVisible(not known and not now.lacking)
        self.beginning.suggest(now.here, now.port or PORT)
        self.deeds.setVisible(known and not now.lacking)
        asked = not up and not now.fault  # what can be done is shown by then, so that it is in its place
        self.again.setVisible(bool(now.fault) and not up)
        self.end.setText(END if up or asked else FORGET)
        self.add.setVisible(up or asked)
        for one in (self.add, self.end):
            one.setEnabled(not asked)
        self.adding.setVisible(up and self.add.isChecked())
        self.adding.show_cluster(now.address, self._machines.folder / "cluster.key")

    def _words(self) -> str:
        now = self._machines.now
        if now.lacking:
            return "Other machines can work your runs, once this is installed here:"
        if not now.address:
            return ENDED if now.has_ended else NONE
        if now.fault and now.places is None:
            return "The cluster does not answer."
        return ASKING if now.places is None or now.is_late else summary(self._hosts)

    def _show_table(self) -> None:
        now = self._machines.now
        told = rows(self._hosts, time.time(), is_silent=now.places is None or now.is_late)
        self.table.setVisible(bool(told) and self._machines.is_known)
        if [[cell.words for cell in line] for line in told] != self.table.cells.texts():
            self.table.show_cells(HEADS, told)
            self._fit_columns()

    def _fit_columns(self) -> None:
        self.table.fit_columns(COLUMN, ROOM)
        over = self.table.content_width() - (self.width() - EDGE)
        if over > 0:
            self.table.setColumnWidth(0, max(LEAST_NAME, self.table.columnWidth(0) - over))

    # What it does

    def _begin(self, host: str, port: int) -> None:
        self._set_busy(True)
        self.problem.say("")
        self.state.setText("Beginning a cluster…")
        self.add.setChecked(True)
        self._machines.begin(host, port, self._refused)

    def _begin_again(self) -> None:
        at = urlsplit(self._machines.now.address)
        self._begin(at.hostname or "", at.port or PORT)

    def _refused(self, error: Exception) -> None:
        self.refresh()
        if isinstance(error, ExperimentError):
            self.problem.say(str(error))
        else:
            self._background.crashed.emit(error)

    def _set_busy(self, busy: bool) -> None:
        for one in (self.beginning, self.deeds):
            one.setEnabled(not busy)

    def _end(self) -> None:
        if self._machines.now.places is not None and not self._is_sure():
            return
        self._set_busy(True)
        self.add.setChecked(False)
        self._hosts = {}
        self._machines.end(self._refused)

    def _is_sure(self) -> bool:
        at_work = sum(len(one.runs) for one in self._hosts.values())
        box = QMessageBox(self, icon=QMessageBox.Icon.Question)
        box.setWindowTitle("End the cluster")
        box.setText("End the cluster?")
        begin = f"{count(at_work, 'runs')} at work there begin{'s' * (at_work == 1)} again when a cluster answers. "
        lost = begin * (at_work > 0)
        box.setInformativeText(f"{lost}Its machines wait for it to begin again; its key stays.")
        stay = box.addButton("Keep it", QMessageBox.ButtonRole.RejectRole)
        end = box.addButton("End it", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is end

    def _toggle_adding(self) -> None:
        self.adding.setVisible(self.add.isChecked())

    def _show_folder(self) -> None:
        show_folder(self._machines.folder)
