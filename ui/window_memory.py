"""What the window remembers: geometry, page, colours, panes and recent folders, in one ini file in the workspace."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget

from engine.given import decode

RECENT = 6
MOST_LEFT = 24  # of a person's own data whose settings are kept


def open_settings(root: Path) -> QSettings:
    return QSettings(str(root / "window.ini"), QSettings.Format.IniFormat)


class WindowMemory:
    """Reads and writes the settings by meaning, so that no other place knows their keys."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def studies_at_work(self) -> list[int]:
        """Those that were going on when the window closed or died."""
        return [int(word) for word in str(self._settings.value("studies/at work", "")).split() if word.isdecimal()]

    def set_studies_at_work(self, study_ids: Iterable[int]) -> None:
        self._settings.setValue("studies/at work", " ".join(map(str, study_ids)))
        self._settings.sync()

    def save_window(self, window: QMainWindow, page: str) -> None:
        self._settings.setValue("window/geometry", window.saveGeometry())
        self._settings.setValue("window/page", page)
        self.save_splitters(window)

    def restore_window(self, window: QMainWindow) -> bool:
        geometry = self._settings.value("window/geometry")
        return isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)

    def page(self) -> str:
        """The page that was shown last; "" where that is not known."""
        kept = str(self._settings.value("window/page", ""))
        return {"1": "runs", "2": "compare", "3": "studies"}.get(kept, kept)  # a number in 0.5 and before

    def save_splitters(self, widget: QWidget) -> None:
        """Every splitter that has an object name."""
        for splitter in widget.findChildren(QSplitter):
            if splitter.objectName():
                self._settings.setValue(f"splitters/{splitter.objectName()}", splitter.saveState())

    def restore_splitters(self, widget: QWidget) -> None:
        for splitter in widget.findChildren(QSplitter):
            state = self._settings.value(f"splitters/{splitter.objectName()}") if splitter.objectName() else None
            if isinstance(state, QByteArray):
                splitter.restoreState(state)

    def forget_layout(self) -> None:
        self._settings.remove("splitters")

    def scheme(self) -> str:
        return str(self._settings.value("window/scheme", "system"))

    def set_scheme(self, scheme: str) -> None:
        self._settings.setValue("window/scheme", scheme)

    def is_on(self, switch: str, at_first: bool = True) -> bool:
        """What a switch of the menus was left at."""
        return str(self._settings.value(f"switches/{switch}", at_first)).lower() == "true"

    def set_on(self, switch: str, on: bool) -> None:
        self._settings.setValue(f"switches/{switch}", "true" if on else "false")

    def form(self) -> str:
        """What New experiment was set to, as it was given; "" where nothing is known."""
        return str(self._settings.value("new experiment/form", ""))

    def set_form(self, text: str) -> None:
        self._settings.setValue("new experiment/form", text)

    def data_left(self, key: str) -> str:
        """How a person's own data were set when they were left, as it was given; "" where nothing is known."""
        return str(self._kept_data().get(key, ""))

    def keep_data_left(self, key: str, text: str) -> None:
        """The last so many."""
        others = {one: said for one, said in self._kept_data().items() if one != key}
        kept = dict([*others.items(), (key, text)][-MOST_LEFT:])
        self._settings.setValue("data/left", json.dumps(kept))

    def _kept_data(self) -> dict[str, object]:
        try:
            found = decode(str(self._settings.value("data/left", "{}")))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def recent_folders(self) -> list[str]:
        found = self._settings.value("data/recent", [])
        return [str(path) for path in found] if isinstance(found, list) else [str(found)] if found else []

    def remember_folder(self, path: str) -> None:
        """Put it first, once, and keep the last few."""
        others = [other for other in self.recent_folders() if other != path]
        self._settings.setValue("data/recent", [path, *others][:RECENT])

    def exported_folders(self) -> list[str]:
        """Those that were opened on Try it, the last one first."""
        found = self._settings.value("trying/exported", [])
        return [str(path) for path in found] if isinstance(found, list) else [str(found)] if found else []

    def remember_exported(self, path: str) -> None:
        """Put it first, once, and keep the last few."""
        others = [other for other in self.exported_folders() if other != path]
        self._settings.setValue("trying/exported", [path, *others][:RECENT])

    def fetched_sets(self) -> list[str]:
        """Names of the data sets that were on this machine when last looked."""
        return str(self._settings.value("data/fetched", "")).split()

    def set_fetched_sets(self, names: Iterable[str]) -> None:
        self._settings.setValue("data/fetched", " ".join(names))

    def forget_folder(self, path: str) -> None:
        self._settings.setValue("data/recent", [other for other in self.recent_folders() if other != path])

    def favourites(self, shelf: str) -> frozenset[str]:
        """Keys of what was starred in a long list."""
        return frozenset(str(self._settings.value(f"favourites/{shelf}", "")).split("\n")) - {""}

    def set_favourites(self, shelf: str, keys: Iterable[str]) -> None:
        self._settings.setValue(f"favourites/{shelf}", "\n".join(sorted(keys)))
