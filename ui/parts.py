"""What every page is and is given: the parts of the program, and the few words pages say to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from engine.errors import StorageError
from engine.work.queue import RunQueue, new_run
from ui.background import Background
from ui.downloads.downloads import Downloads
from ui.elsewhere import Machines
from ui.library import Library
from ui.live import Live

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from storage.store import RunRow, RunStore
    from storage.workspace import Workspace
    from ui.widgets.toasts import Toasts


KNOWN_SECONDS = 12.0  # the word about an equal run stays longer than other news


class Navigator(QObject):
    """Pages never talk to each other; they ask here, and the window answers.

    opened(name, request): a page of `ui.pages.PAGES` is to be shown and told the request, None for nothing. told(name,
    request): it is told without being shown. explain() opens the page of help on meta-learning. current: what New
    experiment is set to, None before that page is built;
    raises `InvalidExperiment`.
    """

    opened = Signal(str, object)
    told = Signal(str, object)
    explain = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: Callable[[], Experiment] | None = None

    def open(self, page: str, request: object = None) -> None:
        """Show a page; what it can be asked for, its `receive` says."""
        self.opened.emit(page, request)

    def tell(self, page: str, request: object) -> None:
        """The same without showing it."""
        self.told.emit(page, request)


@dataclass
class Parts:
    """Built once at start-up and handed to each page. toasts.show(text, action_title=None, action=None)."""

    workspace: Workspace
    library: Library
    background: Background
    queue: RunQueue
    navigator: Navigator
    live: Live
    toasts: Toasts
    settings: QSettings
    downloads: Downloads
    machines: Machines

    def go_on(self, run_ids: Sequence[int]) -> None:
        """Let saved runs go on where they were cut off; those that cannot are told."""

        def take(store: RunStore) -> list[str]:
            refused: list[str] = []
            for run_id in run_ids:
                try:
                    self.queue.go_on(run_id, store)
                except StorageError as error:
                    refused.append(str(error))
            return refused

        def done(refused: list[str]) -> None:
            self.live.wake()
            if refused:
                more = f" The same holds for {len(refused) - 1} more." if len(refused) > 1 else ""
                self.toasts.show(refused[0] + more, level="warning", seconds=KNOWN_SECONDS)

        self.library.write(take, done, run_ids)

    def write_undoable(self, change: Callable[[RunStore], object], said: str, runs: Sequence[int] = ()) -> None:
        """Write, and say it in a toast that takes it back."""

        def undo() -> None:
            self.library.write(lambda store: store.undo())

        def say(_: object) -> None:
            self.toasts.offer_undo(said, undo)

        self.library.write(change, say, runs)

    def submit(
        self,
        experiments: Sequence[Experiment],
        name: str = "",
        plan: str = "",
        then: Callable[[list[RunRow]], None] | None = None,
    ) -> None:
        """Save these experiments as runs and put them in line; `then` gets their rows, in the window's thread. What was
        run before is said."""

        def save(store: RunStore) -> tuple[list[RunRow], str]:
            from engine.comparison.wording import known_words

            rows = [self.queue.submit(new_run(experiment, name, plan), store) for experiment in experiments]
            twins = [twin for row in rows if (twin := store.twin(row)) is not None]
            return rows, known_words([(twin.id, twin.state.value) for twin in twins])

        def done(saved: tuple[list[RunRow], str]) -> None:
            rows, known = saved
            self.live.wake()
            if known:
                self.toasts.show(known, seconds=KNOWN_SECONDS)
            if then is not None:
                then(rows)

        self.library.write(save, done)


class History(Protocol):
    """Steps that a page takes back by itself; `undo` and `redo` name the step, None where there is none."""

    def is_used(self) -> bool: ...
    def undo(self) -> str | None: ...
    def redo(self) -> str | None: ...


class Page(QWidget):
    """A page of the window. What is not overridden does nothing.

    history: its own steps, if it has any. does: what entries of the window's menus do here, by their keys.
    """

    history: History | None = None
    does: Mapping[str, Callable[[], object]] = {}

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts

    def receive(self, request: Any) -> None:
        """Another page, or the window, asks for something: a run to show, an experiment to fill in."""

    def find(self) -> None:  # type: ignore[override]
        """Ctrl+F."""

    def is_settled(self) -> bool:
        """Nothing is read or checked any more before it can be used."""
        return True

    def focus_list(self) -> None:
        """The page was asked for: where letters go."""

    def reset_layout(self) -> None:
        """The panes' sizes as at first."""

    def leave(self) -> None:
        """The window closes."""
