"""The menu bar: every action of the window with its shortcut. What an action does is given by the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from ui.pages import PagePlace

# Menu -> (key, text, shortcut, tip); None is a line. The key is what the window says it does.
MENUS: dict[str, tuple[tuple[str, str, str, str] | None, ...]] = {
    "&File": (
        ("new", "&New experiment", "Ctrl+N", "Set up an experiment"),
        ("open folder", "&Open folder…", "Ctrl+O", "Use a folder with one folder per class as the data"),
        (
            "open zip",
            "Open &zip or texts…",
            "Ctrl+Shift+O",
            "Use a zip of class folders or a table of texts",
        ),
        None,
        ("open workspace", "Open &workspace…", "Ctrl+Shift+W", "Another folder of runs, in place of this one"),
        ("show workspace", "Show workspace &folder", "", "In the system's file manager"),
        None,
        ("downloads", "&Downloads…", "Ctrl+J", "What is fetched from elsewhere, and what waits for it"),
        ("offline", "Work &offline", "", "Nothing is asked of any network; what would be is greyed"),
        None,
        ("quit", "&Quit", "Ctrl+Q", "Close the program; active runs are asked about"),
    ),
    "&Edit": (
        ("undo", "&Undo", "Ctrl+Z", "Undo the last change of the form, or of the saved runs"),
        ("redo", "&Redo", "Ctrl+Shift+Z", "Do again what was undone"),
        None,
        ("find", "&Find", "Ctrl+F", "Search on this page"),
    ),
    "&Run": (
        ("start", "&Start", "Ctrl+R", "Start the experiment that is set up and watch it"),
        ("queue", "&Add to queue", "Ctrl+Shift+R", "Put the experiment in line and stay here"),
        None,
        ("example", "Run the one-minute &example", "", "Three methods, two labels per class"),
    ),
    "&Settings": (
        ("machines", "&Machines…", "", "Other machines that work your runs: who is there, and how another one joins"),
        None,
        ("keep awake", "&Keep the computer awake", "", "While a run works, the computer does not sleep by itself"),
        ("tell endings", "&Notify when a long run ends", "", "While another window is in front"),
        ("apart", "&Train in a process of its own", "", "From the next run on; a crash there leaves the window open"),
    ),
}


class Menus:
    """Builds the menu bar. `actions` by key; `pages` the actions that switch pages."""

    def __init__(
        self,
        window: QMainWindow,
        does: Mapping[str, Callable[[], object]],
        pages: Mapping[str, PagePlace],
        show_page: Callable[[str], object],
        page_actions: Callable[[], Sequence[QAction]],
    ) -> None:
        self._window, self._does = window, does
        self.actions: dict[str, QAction] = {}
        self._page_actions = page_actions
        bar = window.menuBar()
        self.menus = {title: self._menu(bar.addMenu(title), entries) for title, entries in MENUS.items()}
        self.menus["&View"] = bar.addMenu("&View")
        self._add_pages(pages, show_page)
        self._add_schemes()
        self._more = bar.addMenu("&Page")
        self._more.aboutToShow.connect(self._fill_page_menu)
        self._fill_page_menu()
        self.menus["&Help"] = bar.addMenu("&Help")
        self._add(self.menus["&Help"], "shortcuts", "&Keyboard shortcuts", "F1", "All shortcuts")
        tip = "A graphical model and a network that reads a data set, beside each other"
        self._add(self.menus["&Help"], "meta-learning", "How &meta-learning is seen", "Shift+F1", tip)
        tip = "What a course asks, beside the study or experiment that answers it"
        self._add(self.menus["&Help"], "lectures", "&Questions of the lectures", "Ctrl+F1", tip)
        tip = "How other machines work your runs, and what happens when one is lost"
        self._add(self.menus["&Help"], "several machines", "&Several machines", "", tip)
        self._add(self.menus["&Help"], "about", "&About Warmstart", "", "Version and where the runs are kept")

    def _menu(self, menu: QMenu, entries: Sequence[tuple[str, str, str, str] | None]) -> QMenu:
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            else:
                self._add(menu, *entry)
        return menu

    def _add(self, menu: QMenu, key: str, text: str, shortcut: str, tip: str) -> QAction:
        action = QAction(text, self._window)
        action.setShortcut(QKeySequence(shortcut))
        action.setToolTip(tip)
        action.setStatusTip("")
        action.triggered.connect(lambda: self._does[key]())
        menu.addAction(action)
        self.actions[key] = action
        return action

    def _add_pages(self, pages: Mapping[str, PagePlace], show_page: Callable[[str], object]) -> None:
        for name, page in pages.items():
            action = QAction(page.title, self._window)
            action.setShortcut(QKeySequence(page.shortcut))
            action.triggered.connect(lambda _=False, name=name: show_page(name))
            self.menus["&View"].addAction(action)
        self.menus["&View"].addSeparator()

    def _add_schemes(self) -> None:
        group = QActionGroup(self._window)
        for scheme in ("light", "dark", "system"):
            action = self._add(self.menus["&View"], scheme, f"&{scheme.capitalize()}", "", "")
            action.setCheckable(True)
            group.addAction(action)
        self.menus["&View"].addSeparator()
        self._add(self.menus["&View"], "reset layout", "&Reset layout", "", "Sizes of the panes as at first")

    def _fill_page_menu(self) -> None:
        """The page that is shown brings its own actions (QWidget.actions)."""
        self._more.clear()
        self._more.addActions(list(self._page_actions()))
        if self._more.isEmpty():
            self._more.addAction("Nothing more on this page").setEnabled(False)

    def make_switch(self, key: str, on: bool) -> QAction:
        """An entry that is on or off."""
        action = self.actions[key]
        action.setCheckable(True)
        action.setChecked(on)
        return action

    def check_scheme(self, scheme: str) -> None:
        self.actions[scheme].setChecked(True)

    def listed(self) -> list[tuple[str, list[QAction]]]:
        """Menu title and actions, for the page of shortcuts."""
        own = [(title.replace("&", ""), menu.actions()) for title, menu in self.menus.items()]
        return [*own, ("This page", list(self._page_actions()))]
