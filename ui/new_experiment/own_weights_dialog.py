"""Weights of one's own: a file is picked or dropped, read in the background, its match shown before it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QVBoxLayout, QWidget

from engine.backbones import catalog
from engine.experiment import BackboneChoice
from ui.new_experiment.match_table import MatchTable
from ui.parts import Parts
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.saving import documents
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.backbones.kept import Kept
    from engine.backbones.own.bringing import Bringing

KEY, PLACE = "own weights", "own weights/folder"
FILES = "Weights (*.safetensors *.pt *.pth *.th *.bin *.ckpt);;All files (*)"
IDEA = (
    "Choose a file of weights, or drop it here: .safetensors, .pt, .pth or .bin; of a text encoder, or of what was "
    "exported, its folder. Nothing in it is run, and it stays as it is."
)
BEST = "The one that fits best"


def open_own_weights(
    parts: Parts, backbone_name: str, then: Callable[[BackboneChoice], object], parent: QWidget | None = None
) -> OwnWeightsDialog:
    """`then` gets the choice once a person has seen the match and uses it. backbone_name: offered as the network."""
    dialog = OwnWeightsDialog(parts, backbone_name, parent)
    dialog.used.connect(then)
    dialog.open()
    return dialog


class OwnWeightsDialog(QDialog):
    """used(choice): the weights are kept and can be started from."""

    used = Signal(object)

    def __init__(self, parts: Parts, backbone_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Your own weights")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self.setAcceptDrops(True)
        self._parts, self._path = parts, ""
        self._found: Bringing | None = None
        self.network, self.table, self.problem = self._networks(backbone_name), MatchTable(), Problem()
        self.words = Text("No file is chosen yet.", role="muted")
        self.insist = QCheckBox("Use them all the same: what is missing stays random")
        self.use = PrimaryButton("Use these weights")
        self._lay_out()
        self.network.currentIndexChanged.connect(lambda _: self.read(self._path))
        self.insist.toggled.connect(lambda _: self._allow())
        self.use.clicked.connect(self._keep)
        self.finished.connect(lambda _: parts.background.cancel(KEY))

    def _networks(self, backbone_name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName("Network")
        box.addItem(BEST, "")
        for name in dict.fromkeys((backbone_name, *(info.name for info in catalog.backbones()))):
            if catalog.is_known(name):
                box.addItem(catalog.backbone(name).title, name)
        return box

    def _lay_out(self) -> None:
        self.pick = button("Choose file…", "folder", "A file of weights", self.choose_file)
        self.folder = button(
            "Folder…", "", "A folder of an image model or a text encoder with config.json", self.choose_folder
        )
        self.folder.setAccessibleName("Choose a folder of an image model or a text encoder…")
        self.cancel = button("Cancel", clicked=self.reject)
        for one in (self.pick, self.folder, self.cancel):
            one.setAutoDefault(False)
        self.insist.hide()
        self.use.setEnabled(False)
        chosen = in_row(self.pick, self.folder, ..., Text("Network", wrap=False), self.network, gap=8)
        column = in_column(
            Text(IDEA, role="muted"), chosen, self.words, self.problem, (self.table, 1), self.insist,
            in_row(..., self.cancel, self.use, gap=8), owner=self, gap=12, edges=16,
        )  # fmt: skip
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(480, 380)
        fit(self, 760, 560)

    # The file

    def choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "File of weights", self._place(), FILES)
        self.read(path)

    def choose_folder(self) -> None:
        self.read(QFileDialog.getExistingDirectory(self, "Folder of an image model or a text encoder", self._place()))

    def _place(self) -> str:
        return str(self._parts.settings.value(PLACE, "")) or documents()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(event.mimeData().urls()) == 1 and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.read(event.mimeData().urls()[0].toLocalFile())

    def read(self, path: str) -> None:
        """Look at a file or folder, for the network that is chosen; nothing for no path."""
        if not path:
            return
        self._path, network = path, str(self.network.currentData())
        self._parts.settings.setValue(PLACE, str(Path(path).parent))
        self._forget(f"Reading {Path(path).name}…")

        def work(cancelled: Callable[[], bool]) -> Bringing:
            from engine.backbones.own.bringing import look

            return look(Path(path), network, cancelled)

        self._parts.background.run(work, self._show, self._failing("The file could not be read."), key=KEY)

    def _forget(self, words: str) -> None:
        self._found = None
        self.words.setText(words)
        self.problem.say("")
        self.table.show_rows(())
        self.insist.setChecked(False)
        self.insist.hide()
        self._allow()

    def _show(self, found: Bringing) -> None:
        self._found = found
        around = f", from “{found.around}” in the file" if found.around else ""
        words = f"{found.title} as {found.network.info.title}{around}: {found.match.words}. {found.also}"
        self.words.setText(words.strip())
        self._offer((found.network.info.name, *found.others))
        self.table.show_rows(found.match.rows)
        self.problem.say(found.refusal)
        self.insist.setVisible(bool(found.refusal and found.match.values))
        self._allow()

    def _offer(self, names: Sequence[str]) -> None:
        """Networks that the file may be of can be chosen, too."""
        for name in names:
            if self.network.findData(name) < 0:
                self.network.addItem(catalog.backbone(name).title, name)

    def _allow(self) -> None:
        found = self._found
        self.use.setEnabled(found is not None and (not found.refusal or self.insist.isChecked()))
        self.use.setDefault(self.use.isEnabled())

    def _failing(self, bug: str) -> Callable[[Exception], None]:
        def say(reason: str) -> None:
            self._forget(f"{Path(self._path).name} is not used.")
            self.problem.say(reason)

        return self._parts.background.saying(say, bug)

    # Using it

    def _keep(self) -> None:
        found, insist = self._found, self.insist.isChecked()
        if found is None:
            return
        self.use.setEnabled(False)

        def work(cancelled: Callable[[], bool]) -> Kept:
            from engine.backbones.own.bringing import keep

            return keep(found, insist)

        self._parts.background.run(work, self._finish, self._failing("The weights could not be kept."), key=KEY)

    def _finish(self, kept: Kept) -> None:
        self.used.emit(catalog.as_pretrained(BackboneChoice(name=kept.backbone, weights=kept.name)))
        self.accept()
