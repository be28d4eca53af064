"""What scrolls words up and down is as tall as they are at the width that they have, no more and no less."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.using.bins import Bins
from ui.pages.studies import StudiesPage
from ui.shelf.list_line import Told
from ui.shelf.side_panel import SidePanel
from ui.trying.answer_detail import AnswerDetail
from ui.trying.hand.class_side import ClassSide
from ui.widgets.card import ChoiceCard
from ui.widgets.frame import Pages, WordsArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Text
from ui.window.main_window import MainWindow

LONG = "In one basin the loss between two networks stays as low as at its ends, wherever between them one looks. " * 3
WIDTHS = (180, 333, 620, 1400)


def column(*parts: QWidget) -> QWidget:
    content = QWidget()
    in_column(*parts, owner=content, gap=8, edges=12)
    return content


def beside() -> QWidget:
    content = QWidget()
    in_row((Text(LONG), 2), (column(Text(LONG, "small"), Text("A word")), 1), owner=content, gap=8)
    return content


def problem() -> Problem:
    said = Problem()
    said.say(LONG, "Do this. " * 12)
    return said


def side_panel() -> SidePanel:
    panel = SidePanel()
    panel.tell(Told("A network of many words", (("Idea", LONG), ("Paper", LONG)), "a link"), LONG)
    return panel


def answer_detail() -> AnswerDetail:
    detail = AnswerDetail()
    for said in (detail.rests, detail.reason):
        said.setText(LONG)
        said.show()
    return detail


def class_side() -> ClassSide:
    side = ClassSide(lambda *_: None)
    side.show_bins(Bins(), None)
    return side


MADE: dict[str, Callable[[], QWidget]] = {
    "column": lambda: WordsArea(column(Text(LONG), Text("A word"), Text(LONG, "small"))),
    "beside each other": lambda: WordsArea(beside()),
    "cards": lambda: WordsArea(column(*(ChoiceCard(str(n), "Title", "facts", LONG) for n in range(3)))),
    "problem": lambda: WordsArea(column(problem(), Text(LONG))),
    "side panel": side_panel,
    "detail of an answer": answer_detail,
    "classes by hand": class_side,
}


def unfit(shown: QWidget) -> list[str]:
    """Contents that are taller than they ask for and than is seen of them, and words without room for their lines."""
    areas = [shown] if isinstance(shown, WordsArea) else shown.findChildren(WordsArea)
    tall = [area for area in areas if area.isVisible() and content_of(area).height() > asked_for(area)]
    words = [one for area in areas for one in area.findChildren(Text) if one.wordWrap() and one.isVisible()]
    cut = [one.text() for one in words if one.height() < one.heightForWidth(one.width())]
    return [f"{content_of(area).size()} for {asked_for(area)}" for area in tall] + cut


def content_of(area: WordsArea) -> QWidget:
    content = area.widget()
    assert content is not None
    return content


def asked_for(area: WordsArea) -> int:
    """Pixels of height that its content needs at its width, at least what is seen of it."""
    content = content_of(area)
    layout = content.layout()
    assert layout is not None
    return max(area.viewport().height(), layout.totalHeightForWidth(content.width()))


def resized(qtbot: QtBot, shown: QWidget, size: QSize) -> None:
    shown.resize(size)
    shown.show()
    for _ in range(3):  # a change of width may bring another of the height, and this one a scroll bar
        QApplication.processEvents()


@pytest.mark.parametrize("name", MADE)
def test_it_is_as_tall_as_its_words_at_every_width(qtbot: QtBot, qapp: QApplication, name: str) -> None:
    shown = MADE[name]()
    qtbot.addWidget(shown)
    for width in (*WIDTHS, *reversed(WIDTHS)):
        resized(qtbot, shown, QSize(width, 120))
        assert not unfit(shown), f"at {width} pixels"


def test_a_page_among_several_asks_for_the_lines_of_its_words(qtbot: QtBot, qapp: QApplication) -> None:
    pages, owner = Pages(), QWidget()
    words = Text(LONG)
    pages.addWidget(column(words))
    pages.addWidget(QWidget())
    box: QVBoxLayout = in_column(pages, owner=owner)
    qtbot.addWidget(owner)
    for width in WIDTHS:
        resized(qtbot, owner, QSize(width, box.minimumHeightForWidth(width)))
        assert words.height() == words.heightForWidth(words.width())


def test_words_ask_for_no_more_than_a_line_and_may_be_narrow(qtbot: QtBot, qapp: QApplication) -> None:
    for said in (Text(LONG), Text("A word"), Text(LONG, "small")):
        qtbot.addWidget(said)
        line = said.fontMetrics().lineSpacing()
        assert said.minimumSizeHint().width() == 1
        assert said.sizeHint().height() == said.minimumSizeHint().height() < 2 * line


@pytest.mark.parametrize("size", [QSize(1024, 600), QSize(1440, 900)])
def test_studies_and_their_builder_fit(qtbot: QtBot, window: MainWindow, size: QSize) -> None:
    resized(qtbot, window, size)
    page = window.show_page("studies")
    assert isinstance(page, StudiesPage)
    qtbot.waitUntil(page.is_settled)
    page.deeds.actions["new"].trigger()
    assert page.builder is not None
    qtbot.waitUntil(lambda: not unfit(page.builder))  # type: ignore[arg-type]
    assert page.builder.findChildren(WordsArea)
    page.builder.reject()
    qtbot.waitUntil(lambda: not unfit(window))


def test_a_hand_page_fits(qtbot: QtBot, window: MainWindow) -> None:
    page = window.show_page("trying")
    for width in (1024, 1440):
        resized(qtbot, window, QSize(width, 600))
        assert page.findChildren(WordsArea)
        qtbot.waitUntil(lambda: not unfit(page))
