"""The chosen run's head: name, state, epoch, times, device, settings in a line, note, buttons, progress."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolButton, QWidget

from engine.backbones.catalog import RUN
from engine.comparison.wording import count, duration, to_go
from engine.data.shifts import short
from engine.events import RunState
from engine.experiment import Experiment
from engine.families import named
from engine.naming import data_title, method_title, network_title, weights_title, without_network
from storage.rows import RunRow
from ui import icons, theme
from ui.comparison.cell_notes import title
from ui.listing.card_list import ProgressLine
from ui.listing.chips import TagLine
from ui.runs.deeds import ENDED_DEEDS, LIVE_DEEDS, RunDeeds
from ui.runs.run_now import LOOKS, LOST, RunNow
from ui.widgets.layouts import in_column, in_row
from ui.widgets.menu_button import MenuButton
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Elided, Text, plain

IN_MENU = ("begin", "figure", "tag", "archive", "rename", "command", "folder")


class NameField(QLineEdit):
    """A name that is edited where it stands: Enter or leaving keeps, Esc gives up. committed(new name)."""

    committed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.setFrame(False)
        self.setMaxLength(200)
        self.setFont(theme.font("heading", bold=True))
        self.setAccessibleName("Name of the run")
        self.setTextMargins(0, 2, 4, 2)
        self._ground()
        self.returnPressed.connect(self.clearFocus)

    def set_name(self, name: str) -> None:
        """Show a name, unless the person is typing one."""
        self._name = name
        self.setToolTip(plain(f"{name}\nClick or press F2 to rename"))
        if not self.hasFocus() and self.text() != name:
            self.setText(name)
            self.setCursorPosition(0)

    def _ground(self) -> None:
        """On the page's colour while it is only read."""
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, theme.colour("card" if self.hasFocus() else "page"))
        if palette != self.palette():
            self.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._ground()

    def paintEvent(self, event: QPaintEvent) -> None:
        """What does not fit ends in an ellipsis while the name is only read."""
        super().paintEvent(event)
        if self.hasFocus() or self.fontMetrics().horizontalAdvance(self.text()) <= self.width() - 6:
            return
        end = self.rect()
        end.setLeft(end.right() - self.fontMetrics().horizontalAdvance("…") - 2)
        painter = QPainter(self)
        painter.fillRect(end, self.palette().color(QPalette.ColorRole.Base))
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        painter.drawText(end, int(Qt.AlignmentFlag.AlignCenter), "…")

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.setFrame(True)
        self._ground()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setFrame(False)
        self._ground()
        wanted = self.text().strip()
        if wanted and wanted != self._name:
            self.committed.emit(wanted)
        elif not wanted:
            self.setText(self._name)
        self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._name)
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class ActionButton(QToolButton):
    """A button that is its action: text, icon, tooltip and whether it is on."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setDefaultAction(action)


def more_button(actions: Sequence[QAction]) -> MenuButton:
    """A button that opens a menu of what is done less often."""
    result = MenuButton("More", "Tags, archive, name, command and folder of this run", name="More deeds")
    result.menu().setToolTipsVisible(True)
    result.menu().addActions(list(actions))
    return result


class Header(QWidget):
    """`show_now` fills it; `renamed` is a new name for the shown run."""

    renamed = Signal(str)

    def __init__(self, deeds: RunDeeds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self._run_id = -1
        self.name, self.state = NameField(), Text("", bold=True, wrap=False)
        self.mark = Text(wrap=False)
        self.facts = Elided("", role="text")
        self.settings = Text("", "small", "muted")
        self.note, self.tags = Text("", "small", "text"), TagLine()
        self.progress = ProgressLine("Progress")
        self.star = QToolButton()
        self.buttons = {key: ActionButton(deeds.actions[key]) for key in (*LIVE_DEEDS, *ENDED_DEEDS, "note")}
        self.more = more_button([deeds.actions[key] for key in IN_MENU])
        self._lay_out()
        self.name.committed.connect(self.renamed)

    def _lay_out(self) -> None:
        self.star.setAutoRaise(True)
        self.star.clicked.connect(self._deeds.actions["star"].trigger)
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.name.setMinimumWidth(120)
        first = in_row(self.star, (self.name, 1), gap=8)
        second = in_row(self.mark, self.state, (self.facts, 1), gap=6)
        third = FlowLayout(*self.buttons.values(), self.more)
        in_column(first, second, self.settings, self.note, self.tags, third, self.progress, owner=self, gap=6)

    def show_now(self, now: RunNow) -> None:
        if now.row.id != self._run_id:
            self._run_id = now.row.id
            self.name.clearFocus()
        _, icon, role = LOOKS[now.state]
        self.name.set_name(now.row.name)
        icons.dress(self.mark, icon, role, 16)
        self.state.setText(now.word)
        self.state.set_role(role)
        self.facts.setText(facts(now))
        self.settings.setText(settings_line(now.row.experiment))
        noted = notes(now.row)
        self.note.setText(noted)
        self.note.setVisible(bool(noted))
        self.tags.show_tags(now.row.tags)
        done = "" if now.progress is None else f"{now.progress:.0%}"
        self.progress.show_share(now.progress or 0.0, LOOKS[now.state][2], done, now.is_live)
        self._show_star(now.row.starred)
        for key, one in self.buttons.items():
            fits = (key in LIVE_DEEDS) == now.is_live and (key != "resume" or now.may_go_on)
            if key in ("begin", "worth"):  # what is learnt without labels is for others; else they are in the menu
                fits = fits and named(now.row.family).pictured
            one.setVisible(key == "note" or fits)
        self.setAccessibleDescription(now.spoken())

    def _show_star(self, starred: bool) -> None:
        icons.dress(self.star, "star-filled" if starred else "star", "warning" if starred else "muted", 18)
        name = "Take the star away (S)" if starred else "Star this run (S)"
        self.star.setToolTip(name)
        self.star.setAccessibleName(name)

    def edit_name(self) -> None:
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.name.selectAll()


def notes(row: RunRow) -> str:
    """The run's note, and those on its figures and cells, a line each."""
    return "\n".join([*filter(None, [row.note]), *(f"{title(at)}: {one.text}" for at, one in row.cell_notes.items())])


def _queue_words(now: RunNow) -> str:
    return "Resume lets it begin or go on" if now.row.waits else "waits for its turn"


def _how_far(now: RunNow) -> str:
    if now.state is RunState.QUEUED:
        return "" if now.activity else _queue_words(now)
    return (not now.is_live and now.row.ending) or now.epoch_text()


def facts(now: RunNow) -> str:
    """ "· epoch 3 of 30 · about 1 min 40 s left · 12 s elapsed · CPU"."""
    parts = [LOST if now.lost else "", now.activity, _how_far(now)]
    if now.is_live and now.left:
        parts.append(f"about {to_go(now.left)} left")
    if now.is_live:
        parts.append(now.waiting)
    if now.elapsed:
        parts.append(f"{duration(now.elapsed)} elapsed" if now.is_live else f"took {duration(now.elapsed)}")
    parts.append(now.device)
    return "· " + " · ".join(part for part in parts if part)


def settings_line(experiment: Experiment) -> str:
    """The settings a reader asks for first: method, backbone and weights, data, labels, seed."""
    data, backbone = experiment.dataset, experiment.backbone
    title = method_title(experiment.method.name)
    came = "weights of a saved run" if backbone.weights.startswith(RUN) else f"{weights_title(backbone)} weights"
    start = network_title(experiment) + ("" if without_network(experiment.method) else f", {came}")
    parts = [title, start, data_title(experiment)]
    if data.classes:
        parts.append(count(data.classes, "classes").replace("1 classe", "1 class"))
    if data.labels_per_class:
        parts.append(f"{count(data.labels_per_class, 'labels')} per class")
    parts += [words for words in (data.part, short(data.shift) if data.shift else None) if words]
    return " · ".join([*parts, f"seed {experiment.seed}"])
