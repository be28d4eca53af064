"""A table of one's own texts on the page Data: shown, counted, its copies named, one of them looked at alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.ui.data.conftest import open_folder
from ui.data.known_sets import known_sets
from ui.data.large import show_large
from ui.pages.data import DataPage
from ui.widgets.text_tile import is_text, text_of
from ui.window.main_window import MainWindow
from ui.window_memory import WindowMemory


def test_a_table_of_texts_is_shown_counted_and_read_one_by_one(qtbot: QtBot, page: DataPage, tmp_path: Path) -> None:
    long = "a letter that goes on " * 500
    rows = [f"hello number {n},greeting" for n in range(6)] + [f"bye for now {n} days,parting" for n in range(5)]
    path = tmp_path / "talk.csv"
    path.write_text("\n".join(["text,label", *rows, f"{long},parting", rows[0], ",parting"]) + "\n")
    open_folder(qtbot, page, path)
    detail = page.detail
    assert detail.header.problem.isHidden()
    assert detail.header.facts.text().startswith("13 texts · 2 classes · about 3 words")
    assert "1 text left out" in detail.header.facts.text()
    assert {one.key: one.facts for one in known_sets((), ())}["clinc150"] == "22,500 texts, 150 classes"
    assert detail.balance.words.text() == "6 to 7 texts per class"
    assert "7.7% have more than 64 of MiniLM's word pieces" in detail.sizes.words.text()
    detail.show_tab("Copies")
    qtbot.waitUntil(detail.is_settled)
    assert detail.copies.words.text() == "2 texts in 1 group are the same byte for byte."
    data = detail.data
    assert data is not None
    detail.show_tab("Samples")
    qtbot.waitUntil(lambda: detail.grid.thumbnails.get(0) is not None)
    tile = detail.grid.thumbnails.get(0)
    assert tile is not None
    assert is_text(tile)
    assert text_of(tile) == data.texts[0]  # type: ignore[attr-defined]
    detail.grid.current = [data.texts[place] for place in detail.grid.order].index(long.strip())  # type: ignore[attr-defined]
    dialog = show_large(data, detail.grid, page.parts.background, page.window())
    qtbot.waitUntil(lambda: dialog.text.toPlainText() == long.strip())
    assert dialog.picture.isHidden()
    assert "row 13" in dialog.place.text()
    dialog.reject()


def test_a_table_is_picked_as_a_file_and_what_was_passed_over_beside_others_is_named(
    qtbot: QtBot, page: DataPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "text,label\n" + "".join(f"text {n} of some kind,{'ab'[n % 2]}\n" for n in range(8))
    for name in ("first", "second"):
        (tmp_path / f"{name}.csv").write_text(body)
    (tmp_path / "numbers.csv").write_text("id\n1\n2\n")
    (tmp_path / "wide.csv").write_text(body.replace("text,label", "id,text,label").replace("text ", "1,text "))
    open_folder(qtbot, page, tmp_path)
    said = page.detail.header.doubts.accessibleName()
    assert "2 tables were passed over" in said
    assert "“numbers.csv” (it has one column" in said
    assert "“wide.csv” (other columns)" in said
    assert page.detail.header.facts.text().startswith("16 texts")
    chosen = str(tmp_path / "wide.csv")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda parent, title, begin, kinds: (chosen, kinds))
    page.file.click()
    qtbot.waitUntil(lambda: page.is_settled() and page.detail.header.facts.text().startswith("8 texts"))
    assert page.detail.header.doubts.isHidden()


def test_what_is_dropped_on_the_page_is_shown_there(
    qtbot: QtBot, page: DataPage, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "dropped.csv"
    path.write_text("text,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(20)))
    window.drops.take([str(path)])
    qtbot.waitUntil(lambda: (now := page.list.current()) is not None and now.key == f"texts:{path}")
    qtbot.waitUntil(page.is_settled)
    assert page.isVisible()
    assert page.detail.data is not None
    assert len(page.detail.data) == 20


def test_what_the_form_came_to_know_is_in_the_list_when_the_page_is_shown_again(
    qtbot: QtBot, page: DataPage, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere.csv"
    path.write_text("text,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(20)))
    window.show_page("new_experiment")
    WindowMemory(window.parts.settings).remember_folder(f"texts:{path}")
    window.show_page("data")
    qtbot.waitUntil(page.is_settled)
    assert page.list.choose(f"texts:{path}")
