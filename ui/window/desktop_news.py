"""A notice of the desktop: through its tray where it has one, else by the message that Linux desktops understand."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from ui.background import Background

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
PATIENCE = 2.0  # seconds that the desktop has to answer


class DesktopNews(QObject):
    """clicked: called when the person clicks the notice, where the desktop tells that."""

    def __init__(self, parent: QObject, background: Background, clicked: Callable[[], None]) -> None:
        super().__init__(parent)
        self._background, self._clicked = background, clicked
        self._tray: QSystemTrayIcon | None = None

    def tell(self, title: str, words: str) -> None:
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._in_the_tray(title, words)
        elif sys.platform.startswith("linux"):
            self._background.run(lambda cancelled: by_message(title, words), lambda sent: None, key="desktop news")

    def _in_the_tray(self, title: str, words: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._tray.setToolTip(title)
            self._tray.messageClicked.connect(self._clicked)
            self._tray.activated.connect(lambda reason: self._clicked())
        self._tray.show()
        self._tray.showMessage(title, words)

    def withdraw(self) -> None:
        """The sign in the tray goes; who is back has no need of it."""
        if self._tray is not None:
            self._tray.hide()


def by_message(title: str, words: str) -> bool:
    """Ask the desktop over its message bus; False where there is none that listens."""
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    plain = words.replace("&", "&amp;").replace("<", "&lt;")  # its body is markup
    body: tuple[object, ...] = (title, 0, "", title, plain, [], {}, -1)
    call = new_method_call(DBusAddress(PATH, NAME, NAME), "Notify", "susssasa{sv}i", body)
    try:
        with open_dbus_connection() as connection:
            return connection.send_and_get_reply(call, timeout=PATIENCE).header.message_type.name == "method_return"
    except (OSError, KeyError, ValueError):  # TimeoutError is an OSError; no bus in the environment a KeyError
        return False
