"""The window's lowest line: the run at work and how long it still takes, the machine, the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QPaintEvent
from PySide6.QtWidgets import (
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStatusBar,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)  # fmt: skip

from engine.events import RunState
from ui import theme
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.layouts import in_row
from ui.widgets.menu_button import MenuButton
from ui.widgets.text import Text, plain
from ui.window.machine import Machine, Usage, gigabytes

if TYPE_CHECKING:
    from engine.downloads.entries import Download
    from storage.store import RunRow
    from ui.runs.run_now import RunNow

HEIGHT = 28
EVERY_MS, SELDOM_MS = 1000, 5000  # between two looks while a run is at work, and while none is
IDLE = "No run at work"
WIDEST = "100 % of the CPU · 999.9 GB"
WORKSPACE_WIDTH = 260  # pixels that a long name of a workspace gets at most


class StatusBar(QStatusBar):
    """run: a click shows it. It says what it knows once a second; nothing in it moves when its words change."""

    def __init__(self, parts: Parts, menu: QMenu) -> None:
        """menu: what can be done with workspaces."""
        super().__init__()
        self._parts = parts
        self._machine = Machine()
        self._rows: dict[int, RunRow] = {}
        self.setSizeGripEnabled(False)
        self.setFixedHeight(HEIGHT)
        self._build(menu)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(SELDOM_MS)
        parts.live.state.connect(lambda run_id, state: self.refresh())
        parts.library.changed.connect(self._forget)
        parts.downloads.changed.connect(self._say_downloads)
        self.refresh()
        self._say_downloads()

    def _build(self, menu: QMenu) -> None:
        self.run = Line()
        self.run.clicked.connect(self._show_run)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(120, 6)
        self.bar.setAccessibleName("Progress of the run at work")
        self.downloads = button("", "download", "Show what is fetched from elsewhere", self.show_downloads)
        self.downloads.setFlat(True)
        self.downloads.setFont(theme.font("small", tabular=True))
        self.usage = Text(size="small", role="muted", wrap=False)
        self.usage.setFixedWidth(self.usage.fontMetrics().horizontalAdvance(WIDEST) + 8)
        self.usage.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.workspace = self._workspace_button(menu)
        line = QWidget()
        in_row(
            (self.run, 1), self.bar, self.downloads, self.usage, self.workspace, owner=line, gap=2 * theme.GRID,
            edges=(theme.GRID, 0, theme.GRID, 0),
        )  # fmt: skip
        self.addPermanentWidget(line, 1)
        self.bar.setSizePolicy(_keeping_its_place(self.bar))

    def _workspace_button(self, menu: QMenu) -> MenuButton:
        root = self._parts.workspace.root
        metrics = QFontMetrics(theme.font("small"))
        cut = metrics.elidedText(root.name or str(root), Qt.TextElideMode.ElideMiddle, WORKSPACE_WIDTH)
        found = MenuButton(cut, plain(f"Runs are kept in {root}"), "", menu, f"Workspace {root}")
        found.setFont(theme.font("small"))
        found.setAutoRaise(True)
        return found

    # What it says

    def close_timer(self) -> None:
        self._timer.stop()

    def refresh(self) -> None:
        """Say how things are now."""
        active = self._parts.live.active()
        now = self._now(active)
        self.run.say(sentence(now, len(active), self._waiting(active)) if active else IDLE, bool(active))
        self.bar.setVisible(now is not None and now.progress is not None)
        self.bar.setValue(round(100 * (now.progress or 0.0)) if now is not None else 0)
        self._show_usage()
        self._timer.setInterval(EVERY_MS if active else SELDOM_MS)

    def _now(self, active: list[int]) -> RunNow | None:
        """The run at work; its row is asked for when it is first seen."""
        run_id = self._at_work(active)
        if run_id is None:
            return None
        if run_id not in self._rows:
            self._parts.library.read(lambda store: store.run(run_id), self._know, lambda error: None)
            return None
        from ui.runs.run_now import run_now

        return run_now(self._rows[run_id], self._parts.live.buffer(run_id))

    def _at_work(self, active: list[int]) -> int | None:
        buffers = ((run_id, self._parts.live.buffer(run_id)) for run_id in active)
        working = [run_id for run_id, run in buffers if run is not None and run.state is not RunState.QUEUED]
        return next(iter(working or active), None)

    def _waiting(self, active: list[int]) -> int:
        buffers = map(self._parts.live.buffer, active)
        return sum(run is not None and run.state is RunState.QUEUED for run in buffers)

    def _know(self, row: RunRow) -> None:
        self._rows[row.id] = row
        self.refresh()

    def _forget(self, run_ids: frozenset[int]) -> None:
        for run_id in run_ids or tuple(self._rows):
            self._rows.pop(run_id, None)

    def _show_usage(self) -> None:
        usage = self._machine.usage()
        self.usage.setText(f"{round(100 * usage.load)} % of the CPU · {gigabytes(usage.memory)}")
        self.usage.setToolTip(usage_tip(usage))

    def _say_downloads(self) -> None:
        downloads = self._parts.downloads
        parts = [downloads_in_words(entries)] if (entries := downloads.entries()) else []
        words = " · ".join(parts + ["offline"] * downloads.offline)
        self.downloads.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, WORKSPACE_WIDTH))
        self.downloads.setAccessibleName(f"Downloads: {words}")
        self.downloads.setVisible(bool(words))

    def show_downloads(self) -> None:
        """The panel with all of them."""
        from ui.downloads.panel import show_downloads

        show_downloads(self._parts.downloads, self.window())

    def _show_run(self) -> None:
        run_id = self._at_work(self._parts.live.active())
        if run_id is not None:
            self._parts.navigator.open("runs", run_id)


class Line(QPushButton):
    """Words at the left that a click acts on; what does not fit is cut, and whole for a screen reader."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlat(True)
        self.setFont(theme.font("small", tabular=True))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def say(self, words: str, acts: bool) -> None:
        self.setText(words.replace("&", "&&"))
        self.setAccessibleName(words)
        self.setAccessibleDescription("Show this run" if acts else "")
        self.setEnabled(acts)

    def sizeHint(self) -> QSize:
        return QSize(0, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        words, option.text = self.accessibleName(), ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        room = self.rect().adjusted(6, 0, -6, 0)
        shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, room.width())
        painter.setPen(theme.colour("text" if self.isEnabled() else "muted"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)


def sentence(now: RunNow | None, active: int, waiting: int) -> str:
    """ "Run 12 · LP-FT, digits, seed 2 · epoch 3 of 40 · 2 min 5 s left · 2 more at work · 3 waiting"."""
    others = active - waiting - 1
    more = f"{others} more at work" if others > 0 else ""
    after = waiting - (others < 0)  # one that waits itself is what is told of
    waits = f"{after} waiting" if after > 0 else ""
    if now is None:
        return " · ".join(part for part in ("A run is at work", more, waits) if part)
    state = "" if now.state is RunState.RUNNING else now.word
    doing = "" if now.state is RunState.QUEUED else now.activity or now.epoch_text()
    words = (f"Run {now.row.id}", now.row.name, now.device, state, doing, now.time_text(), more, waits)
    return " · ".join(part for part in words if part)


def downloads_in_words(entries: tuple[Download, ...]) -> str:
    from ui.downloads.words import summary

    return summary(entries)


def usage_tip(usage: Usage) -> str:
    return f"This program uses {gigabytes(usage.memory)} of the {gigabytes(usage.total)} that this machine has."


def _keeping_its_place(widget: QWidget) -> QSizePolicy:
    """What hides leaves its room, so that the words beside it stay where they are."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    return policy
