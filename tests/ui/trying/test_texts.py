"""Texts on Try it: typed, pasted and dropped; told why; labelled and trained on again; beside runs on images."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.backbones import catalog
from engine.data.sources import load
from engine.experiment import DatasetChoice, Experiment
from main import main
from storage.workspace import Workspace
from tests.engine.using.texts import table
from tests.texts import text_set
from tests.ui.trying.conftest import LEARN, bars
from ui.pages.trying import TryingPage
from ui.trying.answer_model import PICTURE
from ui.trying.answer_order import AnswerPart
from ui.trying.hand.sources import sources
from ui.trying.hand.type_side import TypeSide
from ui.trying.reasons import AlikeText
from ui.trying.text_shown import MOST, TextShown

Open = Callable[..., TryingPage]
TEXTS = ("--backbone", "text_transformer", "--weights", "random", "--method", "full_ft", "--set", "epochs=4")


def wait(qtbot: QtBot, so: Callable[[], bool]) -> None:
    """Also on a busy machine."""
    qtbot.waitUntil(so, timeout=60_000)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose run 1 learnt from texts, and run 2 from images."""
    root = tmp_path_factory.mktemp("texts")
    at = ("--workspace", str(root / "w"))
    assert main(["run", "--data", str(table(root / "topics.csv")), *TEXTS, *at]) == 0
    assert main(["run", "--data", str(bars(root / "bars")), *LEARN, *at]) == 0
    return root


@pytest.fixture
def page(qtbot: QtBot, open_page: Open, root: Path) -> TryingPage:
    found = open_page(Workspace(root / "w").open())
    tick(qtbot, found, 1)
    return found


def tick(qtbot: QtBot, page: TryingPage, *run_ids: int) -> None:
    page.images.runs.tick(run_ids)
    wait(qtbot, page.is_settled)


def type_in(qtbot: QtBot, page: TryingPage, text: str) -> None:
    page.images.typing.field.setPlainText(text)
    qtbot.keyClick(page.images.typing.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(qtbot, page.is_settled)


def first_column(page: TryingPage) -> list[str]:
    answers = page.images.table.answers
    return [answers.index(line, 0).data() for line in range(answers.rowCount())]


def test_typed_pasted_and_opened_texts_are_answered(qtbot: QtBot, page: TryingPage, root: Path) -> None:
    pane = page.images
    assert pane.typing.isVisible()
    type_in(qtbot, page, "rain and snow\n\n  a song  \n")
    assert pane.typing.field.toPlainText() == ""
    assert first_column(page) == ["rain and snow", "a song"]
    pane.typing.lines.setChecked(False)
    type_in(qtbot, page, "one text\nof two lines")
    held = QMimeData()
    held.setText("pasted\nand another")
    QApplication.clipboard().setMimeData(held)
    pane.handing.paste()
    wait(qtbot, page.is_settled)
    assert first_column(page)[2:] == ["one text of two lines", "pasted", "and another"]
    pane.add((str(root / "topics.csv"),))
    wait(qtbot, page.is_settled)
    assert first_column(page)[5:] == list(text_set().texts)
    answers = pane.table.answers
    assert answers.headerData(0, Qt.Orientation.Horizontal) == "Text"
    assert answers.index(0, 0).data(PICTURE) is None
    assert str(root / "topics.csv") in answers.index(7, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert pane.line.said.text() == f"{5 + len(text_set()):,} texts"
    pane.filters.words.setText("piano")
    assert all("piano" in text for text in first_column(page))
    assert pane.filters.parts.itemText(0).startswith("All texts")


def test_an_answer_says_what_it_rests_on(qtbot: QtBot, page: TryingPage) -> None:
    pane, text = page.images, " ".join(["rain", *["the"] * 30])
    type_in(qtbot, page, f"{text}\nsnow and storm 😀 rain")
    detail = pane.detail
    assert detail.text.field.toPlainText() == text
    assert not detail.text.cut.isVisible()  # 31 words are read whole
    assert "validation texts" in detail.rests.text()
    detail.reasons.fold.button.setChecked(True)
    wait(qtbot, lambda: bool(detail.reasons.how.isVisible()))
    assert "training texts" in detail.reasons.said.text()
    assert "leaving out one word" in detail.reasons.how.text()
    assert detail.reasons.texts.isVisible()
    assert not detail.reasons.part.isVisible()
    assert not detail.original.isVisible()


def test_odd_texts_are_shown_or_said(qtbot: QtBot, page: TryingPage, tmp_path: Path) -> None:
    long = "word " * 2000
    lists = tmp_path / "odd.jsonl"
    lists.write_text('{"text": ""}\n{"text": "مرحبا بالعالم"}\n{"text": "a\\u0000b 😀"}\n')
    (tmp_path / "latin.txt").write_bytes("café crème\n".encode("latin-1"))
    type_in(qtbot, page, long)
    page.images.add((str(lists), str(tmp_path / "latin.txt"), str(tmp_path / "gone.csv")))
    wait(qtbot, page.is_settled)
    book = page.images.work.book
    assert [book.text(place) for place in range(1, 5)] == ["", "مرحبا بالعالم", "ab 😀", "café crème"]
    assert book.reasons[1] == "no text"
    assert "odd.jsonl, row 1" in first_column(page)[1]
    assert "gone.csv" in page.images.problem.text.text()
    detail = page.images.detail
    page.images.table.choose(0)
    wait(qtbot, detail.text.cut.isVisible)
    assert "cut off" in detail.text.cut.text()
    assert len(first_column(page)[0]) <= 400


def test_runs_on_images_and_on_texts_take_turns(qtbot: QtBot, page: TryingPage, root: Path) -> None:
    pane = page.images
    type_in(qtbot, page, "rain and snow")
    tick(qtbot, page, 2)
    assert not pane.typing.isVisible()
    assert pane.work.total == 0
    pane.add((str(root / "bars" / "down" / "1.png"),))
    wait(qtbot, page.is_settled)
    assert first_column(page) == ["1.png"]
    tick(qtbot, page, 1)
    assert first_column(page) == ["rain and snow"]
    tick(qtbot, page, 1, 2)
    assert len(pane.work.chosen) == 1
    assert "do not answer side by side" in pane.problem.text.text()
    pane.add({"shot.png": b"no image"})
    wait(qtbot, page.is_settled)
    tick(qtbot, page, 2)
    pane.deeds.actions["clear"].trigger()
    tick(qtbot, page, 1)
    assert pane.work.total


def test_answers_are_saved_with_their_texts(qtbot: QtBot, page: TryingPage, tmp_path: Path) -> None:
    type_in(qtbot, page, "=rain and, snow\na song")
    page.images.save_table(tmp_path / "said.csv")
    wait(qtbot, (tmp_path / "said.csv").exists)
    rows = list(csv.DictReader((tmp_path / "said.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["text"], row["from"]) for row in rows] == [
        ("'=rain and, snow", "typed text 1"), ("a song", "typed text 2"),
    ]  # fmt: skip


def test_labelled_texts_become_data_sets(qtbot: QtBot, page: TryingPage, tmp_path: Path) -> None:
    pane, data = page.images, text_set()
    type_in(qtbot, page, f"the piano of a stranger\nsome bread, “quoted”\n{data.texts[0]}")
    for place, name in enumerate(("music", "food", "music")):
        pane.labels.say(place, name)
    pane.labels.write(tmp_path / "mine")
    wait(qtbot, lambda: not pane.labels._is_writing)
    written = load(DatasetChoice.model_validate({"name": "texts", "path": str(tmp_path / "mine")}))
    assert list(written.texts)[:2] == ["the piano of a stranger", "some bread, “quoted”"]  # type: ignore[attr-defined]
    assert set(written.class_names) == {"music", "food"}
    opened: list[object] = []
    page.parts.navigator.opened.connect(lambda page, request: opened.append(request))
    pane.labels.train_again()
    wait(qtbot, lambda: bool(opened))
    (given,) = opened
    assert isinstance(given, Experiment)
    assert (given.dataset.name, given.dataset.split) == ("texts", "given")
    joined = load(given.dataset)
    assert len(joined) in (len(data) + 2, len(data) + 3)
    assert joined.given_split is not None
    assert set(joined.given_split.tolist()) == {0, 1, 2}


def test_the_least_sure_texts_are_asked_for(qtbot: QtBot, page: TryingPage, root: Path) -> None:
    page.images.add((str(root / "topics.csv"),))
    wait(qtbot, page.is_settled)
    page.images.labels.pick()
    wait(qtbot, lambda: page.images.filters.part() is AnswerPart.PICKED)
    assert len(first_column(page)) == 20


def test_the_most_alike_are_texts(qtbot: QtBot, page: TryingPage) -> None:
    type_in(qtbot, page, text_set().texts[0])
    found: list[object] = []
    page.images.work.find_reasons(0, found.append, found.append)
    wait(qtbot, lambda: bool(found))
    assert all(isinstance(one, AlikeText) for one in found[0].alike)  # type: ignore[attr-defined]


def test_networks_of_texts_whose_weights_are_here_are_among_those_for_classes_by_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As those of images are; what has random weights alone, or reads what nobody hands in, is not."""
    known = catalog.weights
    monkeypatch.setattr(catalog, "weights", lambda name: tuple(replace(one, state="installed") for one in known(name)))
    offered = {one.answering.backbone.name for one in sources(()) if one.answering.backbone is not None}
    assert {"minilm", "resnet18"} <= offered
    assert not offered & {"text_transformer", "sine_mlp"}


def test_classes_are_made_by_hand_of_typed_texts(qtbot: QtBot, page: TryingPage, root: Path) -> None:
    page._show(page.by_hand)
    hand = page.by_hand
    wait(qtbot, hand.is_settled)
    run = next(one for one in hand.sources if one.row is not None and one.row.id == 1)
    hand.source.set_key(run.answering)
    wait(qtbot, hand.is_settled)
    side = hand.findChild(TypeSide)
    assert side.isVisible()
    assert not hand.pad.isVisible()
    few = table(root / "two.csv", each=3)
    hand.work.add_classes([str(few)])
    wait(qtbot, hand.is_settled)
    assert hand.work.state.bins.names == tuple(sorted(text_set().class_names))
    side.typing.field.setPlainText("the piano and the guitar\nsnow")
    side.typing.give()
    wait(qtbot, hand.is_settled)
    assert [one.text for one in hand.work.state.asked] == ["the piano and the guitar", "snow"]
    side.goes.set_key("music")
    side.typing.field.setPlainText("a drum")
    side.typing.give()
    wait(qtbot, hand.is_settled)
    assert hand.work.state.bins.bins[hand.work.state.bins.names.index("music")].images[-1].text == "a drum"
    assert hand.work.found.answers
    shown = hand.asked.asked.shown
    assert shown.index(0).data() == "the piano and the guitar"
    hand.grab()


def test_of_a_very_long_text_the_beginning_is_shown_and_said(qtbot: QtBot) -> None:
    """Marks of what is not shown, or of letters that Qt counts twice, are where they belong."""
    shown = TextShown()
    qtbot.addWidget(shown)
    shown.show_text("😀 word " * 100_000)
    shown.show_seen(350, 64)
    shown.show_weights([((2, 6), 1.0), ((MOST + 2, MOST + 6), 1.0)])
    assert len(shown.field.toPlainText()) == MOST
    assert "as 64 word pieces" in shown.cut.text()
    assert "first 20,000 of 700,000 letters" in shown.cut.text()
    first, faint = shown.field.extraSelections()
    assert first.cursor.selectedText() == "word"
    assert faint.cursor.selectionEnd() == shown.field.document().characterCount() - 1
    shown.show_text("short")
    assert shown.cut.isHidden()
