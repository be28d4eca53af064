"""Texts in New experiment: chosen, dropped, with columns of one's own names; shown as texts, and as tasks of texts."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.data.sets.texts import TextsChoice
from engine.experiment import DatasetChoice
from tests.ui.conftest import wait_until_checked
from ui import theme
from ui.new_experiment.data_left import DataLeft
from ui.new_experiment.data_section import DataSection
from ui.pages.new_experiment import NewExperimentPage
from ui.widgets.fields import Choice
from ui.widgets.images import draw_tile, to_image
from ui.widgets.text_rows import TextRow, TextRows
from ui.widgets.text_tile import draw_text, is_text, text_of
from ui.window_memory import WindowMemory

LEFT = Qt.MouseButton.LeftButton
ODD = ["", "👋🏽 emoji " * 200, "مرحبا بالعالم " * 40, "a" * 10_000, "tab\tand\nline", "<b>no page</b>"]


def test_clinc150_is_shown_by_its_texts(qtbot: QtBot, page: NewExperimentPage) -> None:
    qtbot.mouseClick(page.data.cards["clinc150"], LEFT)
    wait_until_checked(qtbot, page)
    shown = page.data.preview
    assert (shown.fault, shown.sentence.text()) == ("", "22,500 texts, 150 classes")
    assert shown.texts.isVisibleTo(page)
    assert not shown.strip.isVisibleTo(page)
    assert len(shown.texts.accessibleDescription().splitlines()) == 16
    assert "texts" in shown.balance_words.text()
    assert "texts to learn from" in page.data.settings.split_words.text()
    qtbot.mouseClick(page.method.families["meta"], LEFT)
    wait_until_checked(qtbot, page)
    tasks = shown.tasks
    qtbot.waitUntil(lambda: tasks.texts[0].isVisibleTo(page))
    assert not tasks.pictures[0].isVisibleTo(page)
    assert "Support" in tasks.texts[0].accessibleDescription()


def test_a_table_with_columns_of_ones_own_names_is_read_and_set_right(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    path = tmp_path / "anfragen.csv"
    rows = [
        f"{n};Eine Frage zu {name}, Nummer {n};{name};{'AB'[n % 2]}" for name in ("Karte", "Konto") for n in range(9)
    ]
    path.write_text("\n".join(["Nr;Kundenfrage;Thema;Gruppe", *rows]) + "\n", "utf-8")
    page.receive(path)
    qtbot.waitUntil(lambda: page.data.choice().path == str(path))
    wait_until_checked(qtbot, page)
    shown = page.data.preview
    assert shown.sentence.text() == "18 texts, 2 classes"
    own = page.data.settings.own["texts"]
    own.fill({"label_column": "Thema", "text_column": "Nr"})
    own.changed.emit()
    qtbot.waitUntil(lambda: shown.found is not None and "“Nr”" in shown.found.layout)
    assert "“Thema”" in shown.layout_words.text()


def painted(text: str, width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    draw_text(painter, text, QRect(20, 20, width - 40, height - 40), theme.font("small"))
    painter.end()
    return image


def test_any_text_stays_within_its_place_and_stands_on_its_side(qtbot: QtBot) -> None:
    for text in ODD:
        image = painted(text, 160, 100)
        outside = [image.pixel(x, y) for x in range(160) for y in (*range(17), *range(84, 100))]
        assert set(outside) == {0xFFFFFFFF}, text[:20]
    left, right = painted("hello", 300, 60), painted("مرحبا", 300, 60)
    ink = [[x for x in range(300) if any(one.pixel(x, y) != 0xFFFFFFFF for y in range(60))] for one in (left, right)]
    assert max(ink[0]) < 150 < min(ink[1])


def test_a_text_travels_among_images_and_is_drawn_as_text(qtbot: QtBot) -> None:
    for text in ODD:
        image = to_image(text)
        assert is_text(image)
        assert text_of(image) == text
        for side in (28, 96):
            picture = QImage(side, side, QImage.Format.Format_RGB32)
            painter = QPainter(picture)
            draw_tile(painter, image, QRect(0, 0, side, side))
            painter.end()


def test_rows_say_the_whole_text_where_one_points(qtbot: QtBot) -> None:
    rows = TextRows("Samples")
    qtbot.addWidget(rows)
    rows.resize(120, 80)
    rows.show_rows([TextRow("greetings", heading=True), TextRow("a very long greeting " * 20, "Support")])
    rows.show()
    assert rows.words_at(QPointF(5, rows.sizeHint().height() - 2)).startswith("a very long greeting")
    assert rows.words_at(QPointF(5, 1_000)) == ""


def test_columns_are_chosen_from_those_that_are_there(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    path = tmp_path / "anfragen.csv"
    rows = [f"{n};Eine Frage Nummer {n};{'AB'[n % 2]};Thema {n % 4}" for n in range(40)]
    path.write_text("\n".join(["Nr;Kundenfrage;Filiale;Thema", *rows]) + "\n", "utf-8")
    page.receive(path)
    qtbot.waitUntil(lambda: page.data.choice().path == str(path))
    field = page.data.settings.own["texts"].rows["label_column"].input
    assert isinstance(field, Choice)
    qtbot.waitUntil(lambda: field.count() == 5)
    assert [field.itemText(place) for place in range(5)] == ["As found", "Nr", "Kundenfrage", "Filiale", "Thema"]
    wait_until_checked(qtbot, page)
    assert "Classes may also stand in “Thema”" in page.data.preview.warnings.text.text()
    field.setCurrentIndex(4)
    shown = page.data.preview
    qtbot.waitUntil(lambda: shown.found is not None and "“Thema”" in shown.found.layout)
    assert shown.sentence.text() == "40 texts, 4 classes"
    assert "may also stand" not in shown.warnings.text.text()
    assert page.experiment().dataset.label_column == "Thema"  # type: ignore[attr-defined]


def test_columns_of_a_table_that_cannot_be_read_so_are_offered_too(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    path = tmp_path / "each its own.csv"
    path.write_text("text,label,kind\n" + "".join(f"text {n},id {n},{'ab'[n % 2]}\n" for n in range(20)))
    page.receive(path)
    qtbot.waitUntil(lambda: "hardly a column of classes" in page.data.preview.fault)
    field = page.data.settings.own["texts"].rows["label_column"].input
    qtbot.waitUntil(lambda: field.count() == 4)
    field.set_key("kind")
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: page.data.preview.sentence.text() == "20 texts, 2 classes")


def test_a_card_says_whether_it_is_a_file_a_zip_or_a_folder(page: NewExperimentPage) -> None:
    for name, words in (("a.csv", "file"), ("b.JSONL", "file"), ("c.zip", "zip"), ("d", "folder"), ("e.txt", "file")):
        key = page.data.list.add_folder(DatasetChoice(name="texts", path=f"/nowhere/{name}"))
        assert page.data.list.folder(key).facts == f"your {words}"


def test_columns_of_other_files_are_not_offered_for_those_that_cannot_be_read(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    path = tmp_path / "there.csv"
    path.write_text("text,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(20)))
    field = page.data.settings.own["texts"].rows["label_column"].input
    assert isinstance(field, Choice)
    for name, options in (("there.csv", 3), ("gone.csv", 1)):
        page.data.columns.look(TextsChoice(name="texts", path=str(tmp_path / name)))
        qtbot.waitUntil(lambda options=options: field.count() == options)


def test_a_column_that_was_chosen_is_of_its_own_texts_alone(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path
) -> None:
    rows = [f"eine Frage {n},{'ab'[n % 2]},{'xyz'[n % 3]}" for n in range(30)]
    for name, columns in (("one.csv", "text,label,mood"), ("two.csv", "text,label,shade")):
        (tmp_path / name).write_text("\n".join([columns, *rows]) + "\n")
        page.receive(tmp_path / name)
        qtbot.waitUntil(lambda name=name: page.data.choice().path == str(tmp_path / name))
    wait_until_checked(qtbot, page)
    one, two = (page.data.cards[f"texts:{tmp_path / name}"] for name in ("one.csv", "two.csv"))
    qtbot.mouseClick(one, LEFT)
    own = page.data.settings.own["texts"]
    own.rows["label_column"].set_value("mood")
    own.changed.emit()
    for card, said in ((two, "30 texts, 2 classes"), (one, "30 texts, 3 classes")):
        qtbot.mouseClick(card, LEFT)
        wait_until_checked(qtbot, page)
        assert (page.data.preview.fault, page.data.preview.sentence.text()) == ("", said)
    again = DataSection(page.parts)  # as after a restart: what was left last is known by the form itself
    qtbot.addWidget(again)
    qtbot.mouseClick(page.data.cards["clinc150"], LEFT)
    for card, column in ((one, "mood"), (two, ""), (one, "mood")):
        again._choose(card.key)
        assert again.settings.own["texts"].values()["label_column"] == column


def test_what_another_version_remembers_of_a_persons_texts_is_passed_over(page: NewExperimentPage) -> None:
    memory, key = WindowMemory(page.parts.settings), "texts:/there/one.csv"
    left = DataLeft(page.data.settings, memory)
    for text in ("", "[", '{"name": "texts", "path": "/there/one.csv", "labels_per_class": -2}', "null"):
        memory.keep_data_left(key, text)
        assert left.of(key) is None
    for number in range(30):
        memory.keep_data_left(str(number), "x")
    assert (memory.data_left("0"), memory.data_left("29")) == ("", "x")
    page.parts.settings.setValue("data/left", "[1")
    assert memory.data_left("29") == ""
