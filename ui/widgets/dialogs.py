"""Dialogs: a mistake in the program with its details, the shortcuts, and what to do with runs when closing."""

from __future__ import annotations

import platform
import traceback
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, qVersion
from PySide6.QtGui import QAction, QFontDatabase, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QMessageBox,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from ui import icons
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.place import fit
from ui.widgets.text import Text

LOOK_MS = 200  # between two looks whether what is asked about has ended
OVER = -1  # how a question ends that nobody answers any more


def details_of(error: BaseException) -> str:
    """Traceback and versions, as somebody needs them to find the mistake."""
    system = f"Python {platform.python_version()}, Qt {qVersion()}, {platform.system()} {platform.machine()}"
    return "".join(traceback.format_exception(error)) + f"\n{system}\n"


def copy_text(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


class DetailsDialog(QDialog):
    """What went wrong, what to do, and the details to copy."""

    def __init__(self, title: str, message: str, advice: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fit(self, 640, 360)
        in_column(
            self._heading(message, advice), (self._details(details), 1), self._buttons(details), owner=self, gap=12,
            edges=16,
        )  # fmt: skip

    def _heading(self, message: str, advice: str) -> QHBoxLayout:
        mark = Text(wrap=False)
        icons.dress(mark, "error", "bad", 28)
        words = in_column(Text(message, "heading", bold=True), Text(advice, role="muted"))
        row = in_row((mark, 0, Qt.AlignmentFlag.AlignTop), (words, 1))
        return row

    def _details(self, details: str) -> QPlainTextEdit:
        box = QPlainTextEdit(details, readOnly=True)
        box.setAccessibleName("Details")
        box.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        return box

    def _buttons(self, details: str) -> QDialogButtonBox:
        box = QDialogButtonBox()
        copy = button("Copy details", "copy", clicked=lambda: copy_text(details))
        box.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        box.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        box.rejected.connect(self.reject)
        return box


class ShortcutsDialog(QDialog):
    """Every action that has a shortcut, by menu."""

    def __init__(self, menus: Sequence[tuple[str, Sequence[QAction]]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(4)
        for title, actions in menus:
            self._add_menu(grid, title, actions)
        inner = QWidget()
        inner.setLayout(grid)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        box = QDialogButtonBox()
        box.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        box.rejected.connect(self.reject)
        in_column((area, 1), box, owner=self, edges=16)
        fit(self, 420, 520)

    def _add_menu(self, grid: QGridLayout, title: str, actions: Sequence[QAction]) -> None:
        shown = [action for action in actions if not action.shortcut().isEmpty()]
        if shown:
            grid.addWidget(Text(title, "heading", bold=True, wrap=False), grid.rowCount(), 0, 1, 2)
        for action in shown:
            row = grid.rowCount()
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            grid.addWidget(Text(action.text().replace("&", "").rstrip("…"), wrap=False), row, 0)
            grid.addWidget(Text(keys, role="muted", wrap=False), row, 1)
        grid.setColumnStretch(0, 1)


def ask_about_runs(active: int, here: int, is_busy: Callable[[], bool], parent: QWidget) -> str:
    """What to do with the active runs when the window closes: "keep", "stop" or "later"; "over" where they end before
    there is an answer. here: of them, those that this machine works and not the cluster."""
    box = QMessageBox(parent, icon=QMessageBox.Icon.Question)
    one = active == 1
    box.setWindowTitle("A run is still training" if one else "Runs are still training")
    box.setText("A run is still training." if one else f"{active} runs are training or waiting.")
    box.setInformativeText(f"{later_words(active, here)} Stop and save ends what trains, tests the best weights so far "
                           "and keeps them.")  # fmt: skip
    keep = box.addButton("Keep training", QMessageBox.ButtonRole.RejectRole)
    stop = box.addButton("Stop and save", QMessageBox.ButtonRole.AcceptRole)
    later = box.addButton("Quit and resume later", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(later)
    box.setEscapeButton(keep)
    look = QTimer(box, interval=LOOK_MS)
    look.timeout.connect(lambda: None if is_busy() else box.done(OVER))
    look.start()
    ended = box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    if ended == OVER and clicked is None:
        return "over"
    return "stop" if clicked is stop else "later" if clicked is later else "keep"


def later_words(active: int, here: int) -> str:
    """What quitting for now means for runs here, for runs on the cluster, and for both."""
    one = active == 1
    if not here:
        they = "it go on there; the next start shows what became of it" if one else (
            "them go on there; the next start shows what became of them"
        )  # fmt: skip
        return f"{'It is' if one else 'They are'} on the cluster. Quit and resume later lets {they}."
    kept = f"Quit and resume later keeps where {'it is' if one else 'they are'}; the next start asks whether to go on."
    away = active - here
    there = "The one on the cluster goes" if away == 1 else f"The {away} on the cluster go"
    return f"{kept} {there} on meanwhile." if away else kept


def heading(text: str) -> Text:
    """The title of a column."""
    return Text(text, "heading", bold=True, wrap=False)
