"""Every test runs off-screen, on one thread of torch, in a workspace of its own, and leaves nothing behind.

A test fails when it leaves a thread or a running QTimer, or when something logs a warning (ask for the `caplog` fixture
where a warning is what the test is about).
"""

from __future__ import annotations

import gc
import itertools
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_variable] = "1"

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each program that a test starts compiles all modules anew
sys.dont_write_bytecode = False

if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup the program ignores it, and so would those it starts

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))


from ui.window.qt_check import import_plainly, qt_problem  # noqa: E402 - after the path and the platform are set

QT_PROBLEM = qt_problem()
if not QT_PROBLEM:
    import PySide6.QtCore  # noqa: F401

    import_plainly()
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def _stay_here(event: str, arguments: tuple[object, ...]) -> None:
    """No other machine is asked, whatever a test does: the program does so after a click or a command alone."""
    address = arguments[1] if event == "socket.connect" else None
    if isinstance(address, tuple) and address[0] not in THIS_MACHINE:
        raise RuntimeError(f"a test connects to {address[0]}")


sys.addaudithook(_stay_here)
pytest_plugins = [] if QT_PROBLEM else ["pytestqt.plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Keep pytest-qt's options known where its plugin is not loaded."""
    if QT_PROBLEM:
        for name in ("qt_api", "qt_log_level_fail"):
            parser.addini(name, "read by pytest-qt")
        parser.addini("qt_log_ignore", "read by pytest-qt", type="linelist")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Imports and the tests themselves stay until the end: the collector looks through them neither now nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


class WindowTestsWithoutQt(pytest.File):
    """Stands for the folder of window tests on a machine that cannot load Qt: skipped, with the reason."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        pytest.skip(f"The tests of the window are skipped. {QT_PROBLEM}", allow_module_level=True)


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if QT_PROBLEM and path == REPOSITORY / "tests" / "ui":
        return WindowTestsWithoutQt.from_parent(parent, path=path)
    return None


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new folder each time. pytest's own way looks through all that it made before: milliseconds after a thousand."""
    place = tmp_path_factory.mktemp("homes")
    return (place / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_workspace(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, settings and caches of the test's own; nothing of the person who runs the tests is touched."""
    home = next(homes)
    home.mkdir()
    for variable in ("WARMSTART_WORKSPACE", "WARMSTART_HOME"):
        monkeypatch.setenv(variable, str(home / "workspace"))
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    return home / "workspace"


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread() -> None:
    """Keep torch to one thread in this process, whenever it is imported."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


class WarningsKept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_logged_warning(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail on a logged warning unless the test reads the log itself."""
    kept = WarningsKept()
    logging.getLogger().addHandler(kept)
    yield
    logging.getLogger().removeHandler(kept)
    if kept.lines and "caplog" not in request.fixturenames:
        pytest.fail("logged while the test ran: " + "; ".join(kept.lines), pytrace=False)


def stray_threads(before: set[threading.Thread], patience: float = 20.0) -> list[str]:
    """Names of threads started since `before` that do not end within `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        alive = [t for t in threading.enumerate() if t not in before and not isinstance(t, threading._DummyThread)]
        if not alive or time.monotonic() > deadline:
            return [thread.name for thread in alive]
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def no_stray_thread() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    if names := stray_threads(before):
        pytest.fail(f"threads left running: {', '.join(names)}", pytrace=False)


def running_timers() -> list[str]:
    """The QTimers of this process that still tick, each by its parent's class and interval."""
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    timers = [item for item in gc.get_objects() if type(item) is QTimer and shiboken6.isValid(item)]
    return [f"{type(t.parent()).__name__} every {t.interval()} ms" for t in timers if t.isActive()]


@pytest.fixture(autouse=True)
def no_leftover_timer(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test with a window: no timer may still be running."""
    yield
    if "qapp" in request.fixturenames and (left := running_timers()):
        pytest.fail(f"timers left running: {', '.join(left)}", pytrace=False)
