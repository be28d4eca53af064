"""Puts together what belongs to the window as a whole."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMainWindow

from ui.parts import Parts
from ui.window.at_work import AtWork
from ui.window.endings import Endings
from ui.window.menus import Menus
from ui.window.status_bar import StatusBar
from ui.window.workspaces import Workspaces
from ui.window_memory import WindowMemory

AWAKE, ENDINGS = "keep awake", "tell endings"
SWITCHES = (AWAKE, ENDINGS)  # entries of the Run menu that are on or off


class Shell:
    """Made once the window has its menus."""

    def __init__(self, window: QMainWindow, parts: Parts, menus: Menus, memory: WindowMemory) -> None:
        for switch in SWITCHES:
            menus.make_switch(switch, memory.is_on(switch))
        self.workspaces = Workspaces(window, parts)
        self.status = StatusBar(parts, self.workspaces.menu)
        window.setStatusBar(self.status)
        self.at_work = AtWork(window, parts, partial(memory.is_on, AWAKE))
        self.endings = Endings(window, parts, partial(memory.is_on, ENDINGS))

    def close(self) -> None:
        self.status.close_timer()
        self.at_work.close()
        self.endings.close()
