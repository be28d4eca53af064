"""Labels on Try it: by key and by word, the least sure first, and the set that is trained on again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.data.sources import load
from engine.data.splits import split_images
from engine.experiment import Experiment
from storage.store import RunStore
from storage.workspace import Workspace
from ui.pages.trying import TryingPage
from ui.trying.answer_book import AnswerBook, Said
from ui.trying.answer_order import AnswerColumn, AnswerOrder, AnswerPart, Subject, arranged, columns_of, counts
from ui.trying.label_work import own_labels

Open = Callable[..., TryingPage]


@pytest.fixture
def answered(qtbot: QtBot, open_page: Open, photos: Path) -> TryingPage:
    page = open_page()
    page.images.runs.tick((1,))
    qtbot.waitUntil(page.is_settled)
    page.images.add((str(photos),))
    qtbot.waitUntil(page.is_settled)
    return page


def test_keys_label_and_go_on(qtbot: QtBot, answered: TryingPage) -> None:
    pane, book = answered.images, answered.images.work.book
    table = pane.table
    table.setCurrentIndex(table.answers.index(0, 0))
    qtbot.keyClick(table, Qt.Key.Key_2)
    assert book.labels == {0: "down"}
    assert table.current() == 1
    assert table.answers.columns[-1].subject is Subject.LABEL
    qtbot.keyClick(table, Qt.Key.Key_9)  # there is no ninth class
    qtbot.keyClick(table, Qt.Key.Key_S)
    assert pane.detail.label.field.text() == "s"
    field = pane.detail.label.field
    assert (field.hasFocus(), field.hasSelectedText(), field.cursorPosition()) == (True, False, 1)  # typing goes on
    field.setText("SLANT")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: book.labels == {0: "down", 1: "slant"})  # as the class is written
    completer = field.completer()
    pane.labels.say(2, "round")
    assert pane.labels.classes() == ("across", "down", "slant", "round")
    assert field.completer() is completer  # its list may be open while a label is said
    assert completer.completionCount() == 4
    table.choose(0)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert book.labels == {1: "slant", 2: "round"}
    qtbot.waitUntil(answered.is_settled)
    assert pane.line.said.text() == "36 images, 2 labelled by you"


def test_labels_stay_while_other_runs_are_ticked(qtbot: QtBot, answered: TryingPage, tmp_path: Path) -> None:
    """They are of the images, whoever answers; they can be used as far as these are answered."""
    pane = answered.images
    for image, label in {0: "down", 35: "slant"}.items():
        pane.labels.say(image, label)
    for run_ids in ((1, 2), (), (2,)):
        pane.runs.tick(run_ids)
        qtbot.waitUntil(answered.is_settled)
        assert pane.work.book.labels == {0: "down", 35: "slant"}
        assert pane.deeds.actions["write"].isEnabled() == bool(run_ids)
    assert pane.table.answers.columns[-1].subject is Subject.LABEL
    assert pane.line.said.text() == "36 images, 2 labelled by you"
    pane.table.answers.arrange(AnswerOrder(by=pane.table.answers.columns[-1]))
    assert pane.table.answers.shown[:2].tolist() == [0, 35]
    pane.labels.write(tmp_path / "set")
    qtbot.waitUntil(lambda: (tmp_path / "set" / "slant").is_dir())
    qtbot.waitUntil(answered.is_settled)


def test_labels_of_images_that_are_not_answered_yet_wait(qtbot: QtBot, answered: TryingPage) -> None:
    book = answered.images.work.book
    book.labels.update({1: "down", 900: "slant"})
    assert book.labelled == {1: "down"}
    found = arranged(book, AnswerOrder(by=AnswerColumn(Subject.LABEL)))
    assert found[0] == 1
    assert len(own_labels(answered.images.work)) == 1


def test_the_least_sure_are_walked_through(qtbot: QtBot, answered: TryingPage) -> None:
    pane, book = answered.images, answered.images.work.book
    pane.labels.say(int(book.runs[0].confidence.argmin()), "down")
    pane.deeds.actions["least"].trigger()
    qtbot.waitUntil(lambda: pane.filters.part() is AnswerPart.PICKED)
    assert len(book.picked) == len(set(book.picked)) == 20
    assert not set(book.picked) & set(book.labels)
    run = book.runs[0]
    margins = {image: run.best(image)[0][1] - run.best(image)[1][1] for image in range(36) if image not in book.labels}
    assert book.picked[0] == min(margins, key=margins.__getitem__)
    assert pane.table.answers.shown.tolist() == book.picked
    assert pane.table.current() == book.picked[0]
    qtbot.keyClick(pane.table, Qt.Key.Key_1)
    assert pane.table.current() == book.picked[1]  # labelled ones stay in the list
    qtbot.waitUntil(answered.is_settled)


def test_corrected_images_are_learnt_beside_those_of_the_run_and_tested_as_before(
    qtbot: QtBot, answered: TryingPage, learnt: tuple[Path, Path]
) -> None:
    root, photos = learnt
    with RunStore(Workspace(root)) as store:
        before = store.run(1).experiment
    data = load(before.dataset)
    split = split_images(data, before.dataset, before.seed)
    names = {f"{photos}/{data.image_name(place)}": place for place in range(len(data))}
    pane = answered.images
    unused = set(range(len(data))) - {*split.train, *split.validation, *split.test}
    places = {names[name]: image for image, name in enumerate(pane.work.book.names)}
    new, tested = places[min(unused)], places[int(split.test[0])]
    pane.labels.say(new, "slant")
    pane.labels.say(tested, "slant")
    asked: list[object] = []
    answered.parts.navigator.opened.connect(lambda page, request: asked.append((page, request)))
    pane.deeds.actions["again"].trigger()
    qtbot.waitUntil(lambda: bool(asked))
    ((page, experiment),) = asked
    assert page == "new_experiment"
    assert isinstance(experiment, Experiment)
    assert experiment.method == before.method
    joined = load(experiment.dataset)
    divided = split_images(joined, experiment.dataset, experiment.seed)
    for part in ("validation", "test"):
        was, now = getattr(split, part), getattr(divided, part)
        assert sorted(data.contents[was].tolist()) == sorted(joined.contents[now].tolist())
    learnt_from = sorted([*data.contents[split.train].tolist(), data.contents[min(unused)]])
    assert sorted(joined.contents[divided.train].tolist()) == learnt_from  # and not what is tested on
    said = answered.parts.toasts.shown()[-1].label.text()
    assert "1 labelled image beside" in said
    assert "1 labelled image left out" in said
    assert photos.is_dir()


def test_labels_are_wanted_before_they_are_written(qtbot: QtBot, answered: TryingPage, tmp_path: Path) -> None:
    pane = answered.images
    pane.labels.write(tmp_path / "set")
    assert pane.problem.text.text().startswith("Label some first")
    pane.labels.say(0, "down")
    pane.labels.write(tmp_path / "set")
    qtbot.waitUntil(lambda: (tmp_path / "set" / "down").is_dir())
    qtbot.waitUntil(lambda: any("written to “set”" in toast.label.text() for toast in answered.parts.toasts.shown()))
    pane.labels.write(tmp_path / "set")
    qtbot.waitUntil(lambda: "is there already" in pane.problem.text.text())
    qtbot.waitUntil(answered.is_settled)


def test_a_book_whose_runs_are_open_and_have_not_answered_is_counted() -> None:
    book = AnswerBook([Said(1, "One", ("cat", "dog"), ""), Said(2, "Two", ("cat",), "")], labels={3: "cat"})
    assert counts(book) == {AnswerPart.ALL: 0}
    for by in columns_of(book):
        assert len(arranged(book, AnswerOrder(by=by))) == 0
    for part in (*AnswerPart, "cat"):
        assert len(arranged(book, AnswerOrder(part=part))) == 0


def test_least_sure_images_of_answers_that_are_gone_are_not_asked_for(qtbot: QtBot, answered: TryingPage) -> None:
    pane, free = answered.images, threading.Event()
    for _ in range(2):  # both threads are busy
        answered.parts.background.run(lambda cancelled: free.wait(60), lambda _: None)
    pane.deeds.actions["least"].trigger()
    assert pane.line.said.text().startswith("Looking for the images")
    pane.work.clear()
    assert pane.line.said.text() == ""
    free.set()
    pane.add((answered_photo(answered),))
    qtbot.waitUntil(answered.is_settled)
    assert not pane.work.book.picked


def answered_photo(page: TryingPage) -> str:
    return str(page.images.work.chosen[0].row.experiment.dataset.path)


def test_a_second_click_waits_for_what_is_written(qtbot: QtBot, answered: TryingPage, tmp_path: Path) -> None:
    pane, free = answered.images, threading.Event()
    pane.labels.say(0, "down")
    for _ in range(2):
        answered.parts.background.run(lambda cancelled: free.wait(60), lambda _: None)
    pane.labels.write(tmp_path / "first")
    pane.labels.write(tmp_path / "second")
    assert "Wait until they are" in pane.problem.text.text()
    pane.deeds.actions["least"].trigger()  # which takes nothing away either
    free.set()
    qtbot.waitUntil(lambda: pane.filters.part() is AnswerPart.PICKED)
    qtbot.waitUntil((tmp_path / "first").is_dir)
    qtbot.waitUntil(answered.is_settled)
    assert not (tmp_path / "second").exists()
    qtbot.waitUntil(lambda: not pane.line.said.text().startswith("Writing"))
    pane.labels.write(tmp_path / "second")
    qtbot.waitUntil((tmp_path / "second").is_dir)
