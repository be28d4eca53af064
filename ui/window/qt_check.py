"""Can a window be opened here? Answered without importing Qt, because Qt aborts the program when it cannot."""

from __future__ import annotations

import builtins
import ctypes
import importlib.util
import os
import sys

# Shared library -> Debian and Ubuntu package.
_LOADED_BY_QT = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
_LOADED_BY_X11 = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libX11-xcb.so.1": "libx11-xcb1",
}
_WITHOUT_A_SCREEN = ("offscreen", "minimal", "vnc")


def qt_problem() -> str | None:
    """Why Qt itself cannot be loaded, in one sentence with what to do, or None. Needs no display."""
    if importlib.util.find_spec("PySide6") is None:
        return "The window needs PySide6, which is not installed. Install it with: pip install PySide6-Essentials"
    return _missing(_LOADED_BY_QT) if _is_linux() else None


def display_problem() -> str | None:
    """Why no window can be opened on this machine, in one sentence with what to do, or None."""
    if problem := qt_problem():
        return problem
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if not _is_linux() or platform in _WITHOUT_A_SCREEN:
        return None
    if platform == "wayland" or (not platform and os.environ.get("WAYLAND_DISPLAY")):
        return None
    if not os.environ.get("DISPLAY"):
        return (
            "No display was found, so no window can be opened. "
            "Start it from a desktop session, or use the terminal commands: python main.py --help"
        )
    return _missing(_LOADED_BY_X11) or _closed_display()


def import_plainly() -> None:
    """Called once Qt is imported: from then on PySide reads the source of every module that is imported, and Python
    keeps it (torch's, 40 MB of text), to learn which of them switch names of Qt's, which none does here."""
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)


def _is_linux() -> bool:
    return sys.platform.startswith("linux")


def _missing(libraries: dict[str, str]) -> str | None:
    packages = [package for library, package in libraries.items() if not _loads(library)]
    if not packages:
        return None
    plural = "libraries that are" if len(packages) > 1 else "a library that is"
    return (
        f"The window needs system {plural} not installed. "
        f"On Debian or Ubuntu install them with: sudo apt install {' '.join(packages)}"
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _closed_display() -> str | None:
    """Ask the X server itself: a DISPLAY that nobody answers makes Qt abort too."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return _missing({"libxcb.so.1": "libxcb1"})
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    if refused:
        name = os.environ.get("DISPLAY", "")
        return f"The display “{name}” cannot be opened. Check DISPLAY, or see: python main.py --help"
    return None
