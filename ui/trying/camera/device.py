"""The camera itself, by QtMultimedia, which is an extra: opened, told why not, and let go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Protocol

import PySide6
from PySide6.QtCore import QByteArray, QCameraPermission, QCoreApplication, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from engine.errors import ExperimentError
from engine.machine.extras import Extra
from ui.trying.camera.port import FramePort

MODULE = "PySide6.QtMultimedia"
CAMERA = Extra("The camera", {MODULE: f"PySide6-Addons=={PySide6.__version__}"})  # of the version that Qt here has
TALL, QUICK = 480, 15  # rows that are enough for any network here, and frames a second
NONE = "No camera is found. Connect one."
REFUSED = "The camera is refused to this program. Allow it in the system's settings."
PULLED = "The camera was pulled out. Connect it again."
STOPPED = "The camera gives no pictures: {}. Close other programs that use it."


class SeenFrame(Protocol):
    """QVideoFrame, as far as it is used; so are those below."""

    def toImage(self) -> QImage: ...


class VideoFormat(Protocol):
    def maxFrameRate(self) -> float: ...
    def resolution(self) -> QSize: ...


class VideoInput(Protocol):
    def id(self) -> QByteArray: ...
    def videoFormats(self) -> Sequence[VideoFormat]: ...


class StartedCamera(Protocol):
    def cameraDevice(self) -> VideoInput: ...
    def stop(self) -> None: ...
    def deleteLater(self) -> None: ...


def load(cancelled: Callable[[], bool]) -> ModuleType | None:
    """For the background: QtMultimedia, None where it is not installed. Raises `ExperimentError` where it does not
    load."""
    if CAMERA.missing():
        return None
    try:
        return import_module(MODULE)
    except ImportError as error:
        raise ExperimentError(
            f"QtMultimedia is installed and does not load: {error}.", "Install what is named by the system's packages."
        ) from error


class CameraDevice(QObject):
    """The system's first camera, whose frames go to the port. refused(sentence): there is none, or no longer."""

    refused = Signal(str)

    def __init__(self, multimedia: ModuleType, port: FramePort, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._multimedia, self._port = multimedia, port
        self._camera: StartedCamera | None = None
        self._wanted = False
        self.sink = multimedia.QVideoSink(self)
        self.sink.videoFrameChanged.connect(self._arrive)  # of this object: frames come in a thread of their own
        self._inputs = multimedia.QMediaDevices(self)
        self._inputs.videoInputsChanged.connect(self._look)
        self._session = multimedia.QMediaCaptureSession(self)
        self._session.setVideoSink(self.sink)

    def _arrive(self, frame: SeenFrame) -> None:
        self._port.offer(frame.toImage)

    def open(self) -> None:
        """Frames come soon, or it is said why not."""
        self._wanted = True
        app, asked = QCoreApplication.instance(), QCameraPermission()
        if app is not None and app.checkPermission(asked) == Qt.PermissionStatus.Undetermined:
            app.requestPermission(asked, self, lambda _: self._begin())
        else:
            self._begin()

    def _begin(self) -> None:
        if not self._wanted:
            return  # closed while the system was asking
        app, chosen = QCoreApplication.instance(), self._multimedia.QMediaDevices.defaultVideoInput()
        if app is not None and app.checkPermission(QCameraPermission()) != Qt.PermissionStatus.Granted:
            self.refused.emit(REFUSED)
        elif chosen.isNull():
            self.refused.emit(NONE)
        else:
            self._start(chosen)

    def _start(self, chosen: VideoInput) -> None:
        camera = self._multimedia.QCamera(chosen, self)
        formats = [one for one in chosen.videoFormats() if one.maxFrameRate() >= QUICK]
        if formats:
            camera.setCameraFormat(min(formats, key=lambda one: how_far(one.resolution().height())))
        camera.errorOccurred.connect(lambda _, words: self._fail(STOPPED.format(words.rstrip(".") or "no reason")))
        self._camera = camera
        self._session.setCamera(camera)
        camera.start()

    def close(self) -> None:
        """No frame comes any more, and the camera's light goes out."""
        self._wanted = False
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.stop()
            self._session.setCamera(None)
            camera.deleteLater()

    def _look(self) -> None:
        there = [one.id() for one in self._multimedia.QMediaDevices.videoInputs()]
        if self._camera is not None and self._camera.cameraDevice().id() not in there:
            self._fail(PULLED)

    def _fail(self, words: str) -> None:
        self.close()
        self.refused.emit(words)


def how_far(height: int) -> tuple[bool, int]:
    """From what is wanted: the smallest that is tall enough, else the tallest."""
    return height < TALL, abs(height - TALL)
