"""A camera that comes and goes: what stands for QtMultimedia here has real signals, and no camera behind them."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
from PySide6.QtCore import QByteArray, QObject, QSize, Qt, Signal
from pytestqt.qtbot import QtBot

from ui.trying.camera import device
from ui.trying.camera.device import CameraDevice, how_far
from ui.trying.camera.port import FramePort


class Format:
    def __init__(self, height: int, rate: float) -> None:
        self._height, self._rate = height, rate

    def maxFrameRate(self) -> float:
        return self._rate

    def resolution(self) -> QSize:
        return QSize(self._height * 4 // 3, self._height)


class Input:
    def isNull(self) -> bool:
        return False

    def id(self) -> QByteArray:
        return QByteArray(b"one")

    def videoFormats(self) -> list[Format]:
        return [Format(240, 30), Format(480, 5), Format(720, 30), Format(600, 30), Format(1080, 60)]


class Nothing(Input):
    def isNull(self) -> bool:
        return True


class Sink(QObject):
    videoFrameChanged = Signal(object)


class Devices(QObject):
    videoInputsChanged = Signal()
    inputs: list[Input] = []

    @classmethod
    def videoInputs(cls) -> list[Input]:
        return cls.inputs

    @classmethod
    def defaultVideoInput(cls) -> Input:
        return cls.inputs[0] if cls.inputs else Nothing()


class Camera(QObject):
    errorOccurred = Signal(object, str)
    made: list[Camera] = []

    def __init__(self, chosen: Input, parent: QObject) -> None:
        super().__init__(parent)
        self.chosen, self.said, self.format = chosen, list[str](), 0
        self.made.append(self)

    def cameraDevice(self) -> Input:
        return self.chosen

    def setCameraFormat(self, one: Format) -> None:
        self.format = one.resolution().height()

    def start(self) -> None:
        self.said.append("start")

    def stop(self) -> None:
        self.said.append("stop")


class Session(QObject):
    def setVideoSink(self, sink: Sink) -> None: ...
    def setCamera(self, camera: Camera | None) -> None: ...


@pytest.fixture
def camera(qtbot: QtBot) -> Iterator[CameraDevice]:
    stand_in = ModuleType("multimedia")
    named = {"QVideoSink": Sink, "QMediaDevices": Devices, "QCamera": Camera, "QMediaCaptureSession": Session}
    for name, one in named.items():
        setattr(stand_in, name, one)
    Devices.inputs = [Input()]
    yield CameraDevice(stand_in, FramePort())
    Camera.made.clear()


def refusals(camera: CameraDevice) -> list[str]:
    found = list[str]()
    camera.refused.connect(found.append)
    return found


def test_it_is_started_at_the_smallest_size_that_is_enough_and_let_go(camera: CameraDevice) -> None:
    said = refusals(camera)
    camera.open()
    (made,) = Camera.made
    assert made.format == 600
    camera.close()
    camera.close()
    assert made.said == ["start", "stop"]
    assert not said
    assert min((240, 360), key=how_far) == 360  # where none is enough


def test_where_there_is_none_or_it_is_pulled_out_it_is_said(camera: CameraDevice) -> None:
    said = refusals(camera)
    camera.open()
    camera._inputs.videoInputsChanged.emit()  # another one came
    assert not said
    Devices.inputs = []
    camera._inputs.videoInputsChanged.emit()
    assert said == [device.PULLED]
    assert Camera.made[0].said == ["start", "stop"]
    camera.open()
    assert said == [device.PULLED, device.NONE]


def test_a_camera_that_fails_is_let_go_in_its_own_words(camera: CameraDevice) -> None:
    said = refusals(camera)
    camera.open()
    Camera.made[0].errorOccurred.emit(1, "The device is in use.")
    assert said == ["The camera gives no pictures: The device is in use. Close other programs that use it."]
    assert Camera.made[0].said == ["start", "stop"]


def test_a_camera_that_is_refused_to_the_program_is_not_opened(
    camera: CameraDevice, qapp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qapp, "checkPermission", lambda asked: Qt.PermissionStatus.Denied)
    said = refusals(camera)
    camera.open()
    assert said == [device.REFUSED]
    assert not Camera.made
