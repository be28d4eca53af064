"""Images handed in on Try it: the answers are those of the terminal, wherever the images come from."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.data.files.loose import Look
from engine.using import trial
from engine.using.answerer import Answerer
from main import main
from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.trying.conftest import BARS
from ui.pages.trying import TryingPage
from ui.trying.answer_book import AnswerBook, Said
from ui.trying.answer_order import AnswerPart, counts, differing
from ui.trying.answers_saved import saving
from ui.trying.draw_dialog import reads_light_ink
from ui.trying.triable import TriableRun
from ui.window.main_window import MainWindow

Open = Callable[..., TryingPage]


def tick(qtbot: QtBot, page: TryingPage, *run_ids: int) -> None:
    page.images.runs.tick(run_ids)
    qtbot.waitUntil(page.is_settled)


def hand_in(qtbot: QtBot, page: TryingPage, *paths: Path) -> None:
    page.images.add(tuple(str(path) for path in paths))
    qtbot.waitUntil(page.is_settled)


def said_in_terminal(
    root: Path, run: int | Path, photos: Path, capfd: pytest.CaptureFixture[str]
) -> dict[str, list[object]]:
    capfd.readouterr()
    assert main(["predict", str(run), str(photos), "--json", "--workspace", str(root)]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return {one["image"]: [(each["class"], each["probability"]) for each in one["answers"]] for one in lines}


def test_two_runs_answer_as_they_do_in_the_terminal(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    root, photos = learnt
    page = open_page()
    assert [row.id for row in page.images.runs.model.found] == [2, 1]
    hand_in(qtbot, page, photos)
    assert len(page.images.work.book) == 0  # nobody answers yet
    tick(qtbot, page, 1, 2)
    book = page.images.work.book
    assert [run.key for run in book.runs] == [1, 2]
    for run in book.runs:
        known = said_in_terminal(root, run.key, photos, capfd)
        assert {name: run.best(place) for place, name in enumerate(book.names)} == known
    assert page.images.table.answers.rowCount() == 36
    assert page.images.line.said.text() == "36 images"


def test_what_cannot_be_read_is_listed_with_its_reason(
    qtbot: QtBot, open_page: Open, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.png").write_bytes((photos / "down" / "0.png").read_bytes()[:90])
    (tmp_path / "words.txt").write_text("no image")
    page = open_page()
    tick(qtbot, page, 1)
    hand_in(qtbot, page, tmp_path / "empty")
    assert "holds no images" in page.images.problem.text.text()
    assert not page.images.work.book.runs  # nobody was asked
    assert page.images.shown.currentWidget() is page.images.invitation
    whole = photos / "slant" / "1.png"
    hand_in(qtbot, page, tmp_path / "empty", tmp_path / "torn.png", whole, tmp_path / "words.txt")
    pane = page.images
    assert pane.work.book.names == [str(tmp_path / "torn.png"), str(whole), str(tmp_path / "words.txt")]
    assert [bool(reason) for reason in pane.work.book.reasons] == [True, False, True]
    assert pane.table.answers.index(0, 1).data() == "not read: truncated image"
    assert "holds no images" in pane.problem.text.text()
    assert pane.line.said.text() == "3 images, 2 not read"
    assert pane.table.current() == 1  # the first that was read is looked at


def test_runs_without_weights_are_counted_and_not_listed(
    qtbot: QtBot, open_page: Open, own_workspace: Path, photos: Path
) -> None:
    at = ("--workspace", str(own_workspace))
    assert main(["run", "--data", str(photos), "--method", "linear_probe", "--set", "epochs=1", *at]) == 0
    workspace = Workspace(own_workspace).open()
    for file in workspace.runs.rglob("*.safetensors"):
        file.unlink()
    page = open_page(workspace)
    assert page.images.stack.currentWidget() is page.images.no_runs
    with RunStore(page.parts.workspace) as store:
        page.receive([store.run(1)])
    qtbot.waitUntil(lambda: any("cannot be tried" in one.label.text() for one in page.parts.toasts.shown()))


def test_cancelled_work_goes_on_where_it_was(qtbot: QtBot, open_page: Open, photos: Path) -> None:
    page = open_page()
    tick(qtbot, page, 1)
    pane = page.images
    pane.add((str(photos),) * 20)  # 720 images, some batches
    qtbot.waitUntil(lambda: len(pane.work.book) > 0)
    pane.work.cancel()
    seen = len(pane.work.book)
    assert pane.line.cancel.text() == "Go on" or seen == pane.work.total
    pane.work.go_on()
    qtbot.waitUntil(page.is_settled)
    assert len(pane.work.book) == pane.work.total == 720
    book, run = pane.work.book, pane.work.book.runs[0]
    firsts = [run.best(place) for place in range(36)]
    assert all(run.best(place) == firsts[place % 36] for place in range(len(book)))
    pane.deeds.actions["clear"].trigger()
    assert pane.table.answers.rowCount() == pane.work.total == 0


def test_a_run_is_tried_from_its_menu(qtbot: QtBot, learnt: tuple[Path, Path], qapp: QApplication) -> None:
    window = MainWindow(Workspace(learnt[0]).open())
    qtbot.addWidget(window)
    window.show()
    runs = window.show_page("runs")
    qtbot.waitUntil(lambda: bool(runs.model.rows()) and runs.deeds.actions["try"].isEnabled())
    (shown,) = runs.deeds.rows()
    runs.deeds.actions["try"].trigger()
    page = window.pages["trying"]
    assert window.stack.currentWidget() is page
    qtbot.waitUntil(lambda: page.images.runs.model.ticked == (shown.id,))
    window.close()
    window.parts.background.wait()


def test_lines_are_found_sorted_and_saved_as_the_terminal_does(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], tmp_path: Path
) -> None:
    root, photos = learnt
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    page = open_page()
    tick(qtbot, page, 1)
    hand_in(qtbot, page, photos, tmp_path / "torn.png")
    pane, answers, book = page.images, page.images.table.answers, page.images.work.book
    assert pane.filters.parts.itemText(0) == "All images (37)"
    pane.filters.words.setText("photos SLANT/1")
    assert [book.names[place] for place in answers.shown] == [f"{photos}/slant/{n}.png" for n in (1, 10, 11)]
    pane.filters.clear()
    pane.filters.parts.set_key(AnswerPart.UNREAD)
    assert answers.shown.tolist() == [36]
    assert (pane.table.current(), pane.detail.image) == (36, 36)  # what is looked at is in the list
    pane.filters.words.setText("nowhere")
    assert (pane.table.current(), pane.detail.image) == (None, None)
    pane.filters.words.clear()
    for name in BARS:
        if pane.filters.parts.set_key(name):
            assert {book.runs[0].best(place)[0][0] for place in answers.shown} == {name}
    pane.filters.clear()
    confidence = book.runs[0].confidence
    for order in (sorted(range(36), key=lambda n: confidence[n]), sorted(range(36), key=lambda n: -confidence[n])):
        pane.table.horizontalHeader().sectionClicked.emit(2)
        assert confidence[answers.shown[:36]].tolist() == confidence[order].tolist()
        assert answers.shown[-1] == 36
    pane.save_table(tmp_path / "window.csv")
    qtbot.waitUntil(lambda: (tmp_path / "window.csv").is_file())
    told = ("predict", "1", str(photos), str(tmp_path / "torn.png"), "--csv", str(tmp_path / "terminal.csv"))
    assert main([*told, "--workspace", str(root)]) == 0
    assert (tmp_path / "window.csv").read_bytes() == (tmp_path / "terminal.csv").read_bytes()


def test_an_image_is_seen_as_it_is_and_as_the_network_sees_it(qtbot: QtBot, open_page: Open, photos: Path) -> None:
    page = open_page()
    tick(qtbot, page, 1, 2)
    hand_in(qtbot, page, photos / "down" / "3.png")
    detail = page.images.detail
    qtbot.waitUntil(lambda: not detail.seen[0].picture.image.isNull())
    assert detail.name.text() == "3.png"
    assert detail.original.picture.image == QImage(str(photos / "down" / "3.png")).convertToFormat(
        detail.original.picture.image.format()
    )
    assert len([part for part in detail.seen if part.isVisibleTo(detail)]) == 1  # both runs see the same
    hand_in(qtbot, page, photos / "across" / "4.png")
    page.images.table.choose(1)
    small = QImage.fromData(page.images.work.book.small[1])
    assert detail.original.picture.image == small  # at once, and none of the image before
    assert detail.seen[0].picture.image.isNull()
    qtbot.waitUntil(lambda: not detail.seen[0].picture.image.isNull())
    page.images.runs.tick(())
    qtbot.waitUntil(page.is_settled)
    assert "answers what you have handed in" in page.images.invitation.words.text()
    assert page.images.filters.parts.itemText(0) == "All images (0)"


def test_files_and_images_are_pasted(qtbot: QtBot, open_page: Open, photos: Path) -> None:
    page = open_page()
    tick(qtbot, page, 1)
    pane, clipboard = page.images, QApplication.clipboard()
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(photos / "down" / "3.png"))])
    clipboard.setMimeData(files)
    pane.handing.paste()
    qtbot.waitUntil(lambda: len(pane.work.book) == 1)
    clipboard.setImage(QImage(str(photos / "down" / "3.png")))
    pane.handing.paste()
    qtbot.waitUntil(lambda: len(pane.work.book) == 2)
    run = pane.work.book.runs[0]
    assert run.best(0) == run.best(1)
    assert pane.work.book.names[1].startswith("pasted ")
    clipboard.setText("words")
    pane.handing.paste()
    qtbot.waitUntil(page.is_settled)
    assert "reads images and no texts" in pane.problem.text.text()
    other = QMimeData()
    other.setData("application/x-other", b"neither")
    clipboard.setMimeData(other)
    pane.handing.paste()
    assert "nothing to paste" in pane.problem.text.text()


def test_the_nearest_training_images_and_the_part_are_shown_once_asked_for(
    qtbot: QtBot, open_page: Open, photos: Path
) -> None:
    page = open_page()
    tick(qtbot, page, 1)
    hand_in(qtbot, page, photos)
    pane, view = page.images, page.images.detail.reasons
    assert not view.alike.isVisibleTo(pane.detail)
    view.fold.button.setChecked(True)
    qtbot.waitUntil(lambda: view.alike.isVisibleTo(pane.detail))
    assert "training image" in view.said.text()
    assert len(view.classes.text().split(", ")) == 5
    first = view.part.picture.image
    assert not first.isNull()
    pane.table.setCurrentIndex(pane.table.answers.index(20, 0))
    qtbot.waitUntil(lambda: view.part.picture.image != first)
    qtbot.waitUntil(lambda: view.alike.isVisibleTo(pane.detail))


def test_a_run_that_learnt_on_answers_with_its_new_weights(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], tmp_path: Path
) -> None:
    """It is the same run, whose folder holds other weights than when it answered first."""
    root = Path(shutil.copytree(learnt[0], tmp_path / "copied"))
    page = open_page(Workspace(root).open())
    tick(qtbot, page, 1)
    hand_in(qtbot, page, learnt[1])
    book = page.images.work.book
    before = [book.runs[0].best(place) for place in range(36)]
    with RunStore(Workspace(root)) as store:
        first, second = (store.directory(store.run(number)) for number in (1, 2))
    for file in ("best.safetensors", "last.safetensors"):
        if (second / file).is_file():
            shutil.copyfile(second / file, first / file)
    tick(qtbot, page)
    tick(qtbot, page, 1)
    book = page.images.work.book
    assert [book.runs[0].best(place) for place in range(36)] != before


def test_a_table_is_of_what_was_answered_when_it_was_asked_for(
    qtbot: QtBot, open_page: Open, photos: Path, tmp_path: Path
) -> None:
    page = open_page()
    tick(qtbot, page, 1)
    hand_in(qtbot, page, photos)
    book = page.images.work.book
    save = saving(book, tmp_path / "answers.csv")
    book.names.append("of a batch that arrives just now")
    save(lambda: False)
    book.names.pop()
    assert len((tmp_path / "answers.csv").read_text("utf-8-sig").splitlines()) == 37


def test_a_drawing_is_answered_as_a_file_of_it_is(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With real strokes; the ink is light where the network's own images are, and stays where a person says so."""
    root, _ = learnt
    page = open_page()
    tick(qtbot, page, 1)
    page.images.deeds.actions["draw"].trigger()
    dialog = page.images.pad
    qtbot.waitUntil(dialog.isVisible)
    assert not dialog.go.isEnabled()
    given = list[dict[str, bytes]]()
    dialog.given.connect(given.append)
    for light in (True, False):
        dialog.light.setChecked(light)
        qtbot.mousePress(dialog.pad, Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
        qtbot.mouseMove(dialog.pad, QPoint(120, 130))
        qtbot.mouseRelease(dialog.pad, Qt.MouseButton.LeftButton, pos=QPoint(120, 130))
        qtbot.keyClick(dialog.pad, Qt.Key.Key_Return)
        assert dialog.pad.is_empty
        qtbot.waitUntil(page.is_settled)
    book = page.images.work.book
    assert list(book.names) == ["Drawing 1.png", "Drawing 2.png"]
    for place, bodies in enumerate(given):
        ((name, body),) = bodies.items()
        file = tmp_path / name
        file.write_bytes(body)
        (known,) = said_in_terminal(root, 1, file, capfd).values()
        assert book.runs[0].best(place) == known
        corner = np.asarray(Image.open(file))[0, 0]
        assert corner == (0, 255)[place]


@pytest.mark.parametrize("inverted", [False, True])
def test_the_ink_is_as_the_files_that_the_network_learnt_from(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], tmp_path: Path, inverted: bool
) -> None:
    """What turns its own files from black on white turns a drawing too: it is black on white then."""
    with RunStore(Workspace(learnt[0])) as store:
        row = store.run(1)
    (tmp_path / "read_as.json").write_text(json.dumps({"scales": [], "inverted": inverted}))
    assert reads_light_ink(TriableRun(row, tmp_path))(lambda: False) is not inverted


class Asked:
    """Counts which network was asked of how many images."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images: Counter[int] = Counter()
        asked = trial.likeliest_of

        def counting(network: Answerer, found: Sequence[Look | str], number: int) -> trial.Likeliest:
            self.images[id(network.model)] += len(found)  # type: ignore[attr-defined]
            return asked(network, found, number)

        monkeypatch.setattr(trial, "likeliest_of", counting)

    def take(self) -> list[int]:
        found = sorted(self.images.values())
        self.images.clear()
        return found


def test_who_answered_before_is_not_asked_again(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever runs are ticked and unticked, in whichever order, the answers are those of asking them all at once."""
    page, photos = open_page(), learnt[1]
    work = page.images.work
    tick(qtbot, page, 1, 2)
    hand_in(qtbot, page, photos)
    at_once = {run.key: [run.best(image) for image in range(36)] for run in work.book.runs}
    names, small = list(work.book.names), list(work.book.small)
    work.clear()
    asked = Asked(monkeypatch)
    tick(qtbot, page, 1)
    hand_in(qtbot, page, photos / "down", photos / "across")
    assert asked.take() == [24]
    for ticked, new in (((1, 2), [24]), ((2,), []), ((2, 1), []), ((1,), [])):
        tick(qtbot, page, *ticked)
        assert asked.take() == new, ticked
        assert [run.key for run in work.book.runs] == list(ticked)
    hand_in(qtbot, page, photos / "slant")
    assert asked.take() == [12]
    tick(qtbot, page, 1, 2)
    assert asked.take() == [12]
    assert sorted(work.book.names) == sorted(names)
    for run in work.book.runs:
        assert {name: run.best(image) for image, name in enumerate(work.book.names)} == dict(
            zip(names, at_once[run.key], strict=True)
        )
    assert dict(zip(work.book.names, work.book.small, strict=True)) == dict(zip(names, small, strict=True))


def test_a_run_that_learnt_on_is_asked_anew(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, asked = open_page(), Asked(monkeypatch)
    tick(qtbot, page, 1)
    hand_in(qtbot, page, learnt[1])
    assert asked.take() == [36]
    tick(qtbot, page, 2)
    assert asked.take() == [36]
    stamp = (("best.safetensors", 1, 1),)
    monkeypatch.setattr(TriableRun, "stamp", property(lambda run: stamp if run.key == 1 else ()))
    tick(qtbot, page, 1)
    assert asked.take() == [36]


def test_what_was_cleared_comes_back_with_its_labels(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, photos = open_page(), learnt[1]
    pane, work = page.images, page.images.work
    tick(qtbot, page, 1)
    hand_in(qtbot, page, photos / "down", photos / "across")
    pane.labels.say(3, "down")
    pane.labels.say(20, "else")
    names, answers = list(work.book.names), [work.book.runs[0].best(image) for image in range(24)]
    pane.deeds.actions["clear"].trigger()
    assert (work.total, len(work.book), work.book.labels) == (0, 0, {})
    (toast,) = page.parts.toasts.shown()
    assert toast.label.text() == "24 images taken away, 2 labels of yours with them."
    hand_in(qtbot, page, photos / "slant")
    pane.labels.say(5, "slant")
    asked = Asked(monkeypatch)
    toast.button.click()
    qtbot.waitUntil(page.is_settled)
    assert work.book.names[:24] == names
    assert [work.book.runs[0].best(image) for image in range(24)] == answers
    assert work.book.labels == {3: "down", 20: "else", 29: "slant"}
    assert asked.take() == [12]
    assert pane.table.answers.rowCount() == 36
    bring_back = work.clear()
    work.clear()
    bring_back()
    assert work.total == 0  # others were taken away since


def test_runs_differ_where_one_says_none_of_these(learnt: tuple[Path, Path]) -> None:
    """By hand: classes a and b; the same, another class, none of one, none of both, unread."""
    book = AnswerBook([Said(key, "", ("a", "b"), "") for key in (1, 2)], labels={})
    firsts = ([0, 0, 1, 0, -1], [0, 1, 1, 1, -1])
    none = ([False, False, True, True, False], [False, False, False, True, False])
    small, reasons = (b"",) * 5, ("",) * 4 + ("broken",)
    likeliest = tuple(
        trial.Likeliest(np.array(given, np.int32)[:, None], np.full((5, 1), 0.5, np.float32), np.zeros(5), np.array(no))
        for given, no in zip(firsts, none, strict=True)
    )
    book.append(trial.AnsweredBatch(tuple("vwxyz"), small, reasons, likeliest))
    assert differing(book).tolist() == [False, True, True, False, False]
    assert [book.differ_on(image) for image in range(4)] == [False, True, True, False]
    assert counts(book)[AnswerPart.DIFFER] == 2
