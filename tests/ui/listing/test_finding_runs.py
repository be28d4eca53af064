"""What finds a run again: letters that reach the list, tags, the archive, in the list of runs and in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from engine.events import RunState
from engine.experiment import Experiment, MethodChoice
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui import theme
from ui.listing.finding import known_tags, search
from ui.listing.marking import TagDialog
from ui.pages import PAGES
from ui.runs.run_delegate import RunDelegate, fitting
from ui.runs.run_now import run_now
from ui.window.main_window import MainWindow

Rows = dict[str, RunRow]


@pytest.fixture
def rows(workspace: Workspace) -> Rows:
    """Two plain runs, one in the archive, two of a study; "first" and "old" have tags."""
    with RunStore(workspace) as store:
        study = store.create_study("Question", "{}").id
        studies = {"first": None, "second": None, "old": None, "cell 1": study, "cell 2": study}
        scratch = Experiment(method=MethodChoice(name="scratch"))
        made = {name: store.create(new_run(scratch, name, study_id=of, cell=name)) for name, of in studies.items()}
        for run in made.values():
            store.set_state(run.id, RunState.STOPPED)
        store.tag([made["first"].id, made["old"].id], ["Paper"])
        store.tag([made["first"].id], ["odd"])
        store.archive([made["old"].id])
        return {name: store.run(run.id) for name, run in made.items()}


class Listed:
    """What either page lists, and its controls, under the same names."""

    def __init__(self, window: MainWindow, index: int) -> None:
        self.page = window.show_page(index)
        self.filter = self.page.filter if index == "runs" else self.page.bar.filter
        folds = self.page.column if index == "runs" else self.page.bar
        self.studies, self.archived = folds.studies, folds.archived
        self.view = self.page.list if index == "runs" else self.page.table
        self.model = self.page.order if index == "runs" else self.page.table.runs
        self.deeds = self.page.deeds if index == "runs" else self.page.actions_of_runs
        self.column = 0 if index == "runs" else 1

    def names(self) -> list[str]:
        places = range(self.model.rowCount())
        return sorted(self.model.index(place, self.column).data() for place in places)

    def choose(self, name: str) -> None:
        places = range(self.model.rowCount())
        found = next(p for p in places if self.model.index(p, self.column).data() == name)
        self.view.setCurrentIndex(self.model.index(found, self.column))


@pytest.fixture(params=["runs", "compare"])
def listed(request: pytest.FixtureRequest, qtbot: QtBot, rows: Rows, window: MainWindow) -> Listed:
    found = Listed(window, request.param)
    qtbot.waitUntil(lambda: found.page.is_settled() and bool(found.names()))
    return found


def soon(qtbot: QtBot, listed: Listed, *names: str) -> None:
    qtbot.waitUntil(lambda: listed.names() == sorted(names))


def test_what_is_typed_decides_within_what_the_ticks_show(qtbot: QtBot, listed: Listed) -> None:
    listed.choose("second")
    soon(qtbot, listed, "first", "second")
    for typed, found in (
        ("scratch", ("first", "second")), ("cell", ()), ("tag:paper", ("first",)), ("TAG:odd fir", ("first",)),
        ("tag:pap", ()), ("tag:", ("first",)), ("nowhere", ()),
    ):  # fmt: skip
        listed.filter.setText(typed)
        soon(qtbot, listed, *found)
    listed.archived.setChecked(True)
    listed.filter.setText("tag:paper")
    soon(qtbot, listed, "first", "old")
    listed.filter.setText("cell")
    listed.studies.setChecked(True)
    soon(qtbot, listed, "cell 1", "cell 2")


def test_letters_reach_the_list_and_not_the_filter(qtbot: QtBot, listed: Listed, window: MainWindow) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    listed.filter.setFocus()
    qtbot.keyClicks(listed.filter, "s")
    assert listed.filter.text() == "s"
    listed.filter.clear()
    soon(qtbot, listed, "first", "second")
    index = next(name for name, page in window.pages.items() if page is listed.page)
    window.menus.menus["&View"].actions()[[*PAGES].index(index)].trigger()
    assert window.focusWidget() is listed.view
    listed.choose("first")
    qtbot.keyClick(listed.view, Qt.Key.Key_S)
    assert listed.filter.text() == ""
    runs = listed.page.model if index == "runs" else listed.page.table.runs
    qtbot.waitUntil(lambda: next(row for row in runs.rows() if row.name == "first").starred)


def test_tags_are_typed_with_completion_and_taken_back(
    qtbot: QtBot, listed: Listed, rows: Rows, workspace: Workspace, window: MainWindow
) -> None:
    said: list[str] = []

    def answer() -> None:
        dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, TagDialog))
        dialog.field.completer().setCompletionPrefix("mine oD")  # a popup of its own would warn offscreen
        said.append(dialog.field.completer().currentCompletion())
        dialog.field.setText("mine, odd")
        dialog.accept()

    listed.choose("second")
    QTimer.singleShot(50, window, answer)
    listed.deeds.actions["tag"].trigger()
    assert said == ["mine odd"]

    def tags() -> tuple[str, ...]:
        with RunStore(workspace) as store:
            return store.run(rows["second"].id).tags

    qtbot.waitUntil(lambda: tags() == ("mine", "odd"))
    window.menus.actions["undo"].trigger()
    qtbot.waitUntil(lambda: tags() == ())


def test_archived_runs_leave_the_list_and_come_back(qtbot: QtBot, listed: Listed, window: MainWindow) -> None:
    listed.choose("first")
    assert listed.deeds.actions["archive"].text() == "Archive"
    listed.deeds.actions["archive"].trigger()
    soon(qtbot, listed, "second")
    window.menus.actions["undo"].trigger()
    soon(qtbot, listed, "first", "second")
    listed.archived.setChecked(True)
    soon(qtbot, listed, "first", "old", "second")
    listed.choose("old")
    assert listed.deeds.actions["archive"].text() == "Bring back"
    listed.deeds.actions["archive"].trigger()
    listed.archived.setChecked(False)
    soon(qtbot, listed, "first", "old", "second")


def test_a_line_ends_with_a_whole_part_where_no_word_of_the_next_has_room(qapp: QApplication) -> None:
    metrics, words = QFontMetrics(theme.font("small")), " · seed 3 · on lab-two · epoch 42 of 120"
    for width in range(metrics.horizontalAdvance(" · seed 3 · "), metrics.horizontalAdvance(words)):
        last = fitting(words, metrics, width).split(" · ")[-1]
        assert last in ("seed 3", "on lab-two") or len(last) > 5, last
    assert fitting(words, metrics, 2000) == words
    assert fitting("a" * 99, metrics, 60).endswith("…")


def test_no_name_state_or_tag_pushes_the_seed_out(qtbot: QtBot, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, int]] = []
    monkeypatch.setattr(
        RunDelegate, "_write", lambda self, painter, box, text, *more: written.append((text, box.width())) or 90
    )
    long = Experiment(method=MethodChoice(name="scratch"), seed=123)
    row = replace(rows["first"], name="x" * 200, experiment=long, tags=tuple("tag" * 5 + str(n) for n in range(9)),
                  state=RunState.INTERRUPTED)  # fmt: skip
    picture = QPixmap(220, 60)
    painter = QPainter(picture)
    RunDelegate()._paint_words(painter, QRect(8, 8, 204, 44), run_now(row, None))
    painter.end()
    (rest, width) = next(one for one in written if "seed" in one[0])
    metrics = QFontMetrics(theme.font("small", tabular=True))
    assert rest.startswith(" · seed 123")
    assert metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width).startswith(" · seed 123")


def test_only_what_is_shared_by_all_runs_is_typed_for_them(qtbot: QtBot, rows: Rows) -> None:
    dialog = TagDialog([rows["first"], rows["old"]], known_tags(rows.values()))
    qtbot.addWidget(dialog)
    field: QLineEdit = dialog.field
    assert field.text().split() == ["Paper"]
    field.setText("new ODD")
    assert dialog.wanted() == (["new", "ODD"], ["Paper"])


def test_a_search_means_words_and_tags(rows: Rows) -> None:
    finds: Callable[[str], list[str]] = lambda typed: [  # noqa: E731
        name for name, row in rows.items() if search(typed).finds(row, f"{row.name} {' '.join(row.tags)}".casefold())
    ]
    assert finds("") == list(rows)
    assert finds("PAPER") == ["first", "old"]
    assert finds("tag:paper tag:odd") == ["first"]
    assert finds("tag:odd second") == []
