"""The camera on Try it: frames pushed through its port, on real runs; the camera itself where QtMultimedia is here."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QThread
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.machine.extras import Extra
from tests.ui.trying.test_answers import tick
from ui.background import Background
from ui.pages.trying import TryingPage
from ui.trying.camera import device, dialog, live, port
from ui.trying.camera.dialog import CameraDialog
from ui.trying.camera.live import LiveAnswer, LiveAnswers
from ui.trying.camera.port import FramePort

Open = Callable[..., TryingPage]
Cancelled = Callable[[], bool]


@pytest.fixture
def none_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No camera of this machine is opened, and no frame comes too soon: a test gives them all."""
    gone = Extra("The camera", {"a_module_of_cameras": "a-module-of-cameras>=1"})
    for module in (device, dialog):
        monkeypatch.setattr(module, "CAMERA", gone)
    for module, name in ((port, "SOONEST"), (live, "PAUSE")):
        monkeypatch.setattr(module, name, 0.0)


@pytest.fixture
def pane(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()
    made.wait()


def plain(red: int) -> QImage:
    image = QImage(40, 30, QImage.Format.Format_RGB888)
    image.fill(QColor(red, 0, 0))
    return image


def push(shown: CameraDialog, image: QImage) -> None:
    shown.port.offer(lambda: image)


def red_of(body: Mapping[str, bytes]) -> int:
    (file,) = body.values()
    return QImage.fromData(file).pixelColor(0, 0).red()


class Slow:
    """Answers with the red of an image, once it is let go."""

    def __init__(self) -> None:
        self.begun, self.gate = list[int](), threading.Event()

    def __call__(self, body: Mapping[str, bytes], cancelled: Cancelled) -> LiveAnswer:
        red = red_of(body)
        self.begun.append(red)
        self.gate.wait(30)
        return LiveAnswer((("red", (("red", red / 255),)),))


def opened(qtbot: QtBot, pane: QWidget, background: Background, answer: live.Answering | str) -> CameraDialog:
    shown = CameraDialog(background, pane, lambda: answer)
    shown.open_camera()
    qtbot.waitUntil(shown.problem.isVisible)
    return shown


def test_a_frame_that_comes_too_soon_is_not_even_made_an_image(qtbot: QtBot) -> None:
    found, made = list[QImage](), list[int]()
    frames = FramePort()
    frames.came.connect(found.append)
    for number in range(20):

        def image(number: int = number) -> QImage:
            made.append(number)
            return plain(number)

        frames.offer(image)
    assert made[0] == 0
    assert len(found) == len(made) < 20
    FramePort().offer(QImage)  # of a frame that is none


@pytest.mark.usefixtures("none_installed")
def test_frames_that_come_while_one_is_answered_are_dropped(qtbot: QtBot, background: Background) -> None:
    slow, told = Slow(), list[LiveAnswer]()
    answers = LiveAnswers(background)
    answers.answered.connect(told.append)
    answers.offer(plain(10), slow)
    qtbot.waitUntil(lambda: slow.begun == [10])
    for red in range(20, 30):
        answers.offer(plain(red), slow)
    slow.gate.set()
    qtbot.waitUntil(lambda: len(told) == 1)
    answers.offer(plain(99), slow)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert slow.begun == [10, 99]


@pytest.mark.usefixtures("none_installed")
def test_the_answer_of_a_frozen_picture_is_its_own(qtbot: QtBot, pane: QWidget, background: Background) -> None:
    slow = Slow()
    shown = opened(qtbot, pane, background, slow)
    push(shown, plain(10))
    assert shown.problem.isHidden()
    qtbot.waitUntil(lambda: slow.begun == [10])
    assert "moment" in shown.rests.text()
    push(shown, plain(51))  # seen, and not answered
    qtbot.mouseClick(shown.freeze, Qt.MouseButton.LeftButton)
    push(shown, plain(200))
    slow.gate.set()
    qtbot.waitUntil(lambda: bool(shown.bars.bars) and bool(shown.bars.bars[0].lines))
    assert shown.picture.image.pixelColor(0, 0).red() == 51
    assert shown.bars.bars[0].lines == (("red", 0.2),)
    assert slow.begun == [10, 51]
    qtbot.mouseClick(shown.freeze, Qt.MouseButton.LeftButton)
    push(shown, plain(255))
    qtbot.waitUntil(lambda: shown.bars.bars[0].lines == (("red", 1.0),))


@pytest.mark.usefixtures("none_installed")
def test_where_nobody_answers_it_is_said_and_seen_all_the_same(
    qtbot: QtBot, pane: QWidget, background: Background
) -> None:
    shown = opened(qtbot, pane, background, "Nobody is here.")
    assert not shown.add.isEnabled()
    push(shown, plain(10))
    assert shown.rests.text() == "Nobody is here."
    assert shown.add.isEnabled()
    shown.freeze.click()
    assert not shown.live.is_busy
    shown.close()
    assert shown.picture.image.isNull()
    assert not shown.freeze.isChecked()
    push(shown, plain(10))  # one that was on its way
    assert shown.picture.image.isNull()


@pytest.mark.usefixtures("none_installed")
def test_an_answer_that_fails_is_told(qtbot: QtBot, pane: QWidget, background: Background) -> None:
    """What a person can mend in its own words; frames go on."""
    from engine.errors import DataError

    def answer(body: Mapping[str, bytes], cancelled: Cancelled) -> LiveAnswer:
        raise DataError("The weights are gone.", "Choose another run.")

    shown = opened(qtbot, pane, background, answer)
    push(shown, plain(10))
    qtbot.waitUntil(lambda: "The weights are gone." in shown.rests.text())
    assert not shown.live.is_busy


def test_what_is_missing_is_installed_by_a_click(
    qtbot: QtBot,
    pane: QWidget,
    background: Background,
    none_installed: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """pip is stood for by a program that makes the package, which is no QtMultimedia."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = f"import pathlib; pathlib.Path({str(tmp_path / 'a_module_of_cameras.py')!r}).write_text('import nowhere')"
    words = {"now": "print('no such host')"}
    monkeypatch.setattr(Extra, "command", lambda self: [sys.executable, "-c", words["now"]])
    monkeypatch.setattr(device, "MODULE", "a_module_of_cameras")
    shown = opened(qtbot, pane, background, "Nobody.")
    assert shown.problem.text.text().startswith("The camera needs QtMultimedia, which is not installed here.")
    assert shown.install.go.text() == "Install PySide6-Addons"
    qtbot.mouseClick(shown.install.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "no such host" in shown.problem.text.text())
    words["now"] = made
    qtbot.mouseClick(shown.install.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "does not load: No module named 'nowhere'" in shown.problem.text.text())
    assert shown.install.isHidden()
    assert shown.again.isVisible()


def test_it_asks_for_the_addons_of_the_qt_that_is_here() -> None:
    from PySide6 import __version__

    assert device.CAMERA.command()[0] == sys.executable
    assert device.CAMERA.command()[-1] == f"PySide6-Addons=={__version__}"


@pytest.mark.usefixtures("none_installed")
def test_a_run_answers_what_is_seen_as_it_answers_a_file(qtbot: QtBot, open_page: Open, photos: Path) -> None:
    page, file = open_page(), photos / "down" / "3.png"
    shown = page.images.camera
    page.images.deeds.actions["camera"].trigger()
    qtbot.waitUntil(shown.problem.isVisible)
    push(shown, QImage(str(file)))
    assert "Tick a run" in shown.rests.text()
    tick(qtbot, page, 1, 2)
    push(shown, QImage(str(file)))
    qtbot.waitUntil(lambda: len(shown.bars.bars) == 2 and not shown.live.is_busy)
    qtbot.mouseClick(shown.add, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.images.work.book) == 1 and page.is_settled())
    book = page.images.work.book
    assert book.names[0].startswith("camera ")
    assert [one.lines for one in shown.bars.bars] == [tuple(run.best(0)) for run in book.runs]
    qtbot.waitUntil(lambda: page.images.detail.image == 0)
    page._show(page.by_hand)
    assert not shown.isVisible()
    assert shown.picture.image.isNull()
    qtbot.waitUntil(page.by_hand.is_settled)


@pytest.mark.usefixtures("none_installed")
def test_what_is_seen_becomes_an_example_of_a_class(qtbot: QtBot, open_page: Open, photos: Path) -> None:
    page = open_page()
    page._show(page.by_hand)
    pane = page.by_hand
    qtbot.waitUntil(lambda: pane.work.by is not None and pane.is_settled())
    shown = pane.camera
    shown.open_camera()
    qtbot.waitUntil(shown.problem.isVisible)
    for number, name in enumerate(("down", "slant"), 1):
        push(shown, QImage(str(photos / name / "0.png")))
        if number > 1:  # the class that was made is chosen for what follows
            assert shown.among.key() == "Class 1"
            shown.among.set_key("")
        assert shown.among.currentText() == "A new class"
        qtbot.mouseClick(shown.add, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda number=number: pane.work.state.bins.count == number and pane.is_settled())
    assert pane.work.state.bins.names == ("Class 1", "Class 2")
    shown.freeze.click()
    qtbot.waitUntil(lambda: bool(shown.bars.bars) and bool(shown.bars.bars[0].lines))
    assert shown.bars.bars[0].lines[0][0] == "Class 2"  # its own example
    pane.classes.renamed.emit(1, "slant")
    qtbot.waitUntil(lambda: shown.bars.bars[0].lines[0][0] == "slant")
    shown.among.set_key("slant")
    qtbot.mouseClick(shown.add, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pane.work.state.bins.count == 3 and pane.is_settled())
    first, second = pane.work.state.bins.bins[1].images
    assert np.array_equal(first.pixels, second.pixels)
    assert second.truth == "slant"
    pane.window().hide()  # as closing does
    assert not shown.isVisible()


@pytest.mark.qt_log_level_fail("CRITICAL")  # it says which codecs of the system it does without
def test_frames_of_a_real_sink_come_in_the_window_s_thread(qtbot: QtBot) -> None:
    multimedia = pytest.importorskip("PySide6.QtMultimedia", reason="QtMultimedia is an extra", exc_type=ImportError)
    frames, seen = FramePort(), list[tuple[int, bool]]()
    at_home = QThread.currentThread()
    frames.came.connect(lambda image: seen.append((image.pixelColor(0, 0).red(), QThread.currentThread() is at_home)))
    camera = device.CameraDevice(multimedia, frames)
    image = plain(77).convertToFormat(QImage.Format.Format_RGB32)
    giver = threading.Thread(target=lambda: camera.sink.setVideoFrame(multimedia.QVideoFrame(image)))
    giver.start()
    giver.join()
    qtbot.waitUntil(lambda: seen == [(77, True)])
    if not multimedia.QMediaDevices.videoInputs():
        with qtbot.waitSignal(camera.refused) as told:
            camera.open()
        assert told.args == [device.NONE]
    camera.close()
