"""Puts together what belongs to the window as a whole."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMainWindow

from engine.work.worker import Here
from ui.downloads.downloads import OFFLINE
from ui.parts import Parts
from ui.window.at_work import AtWork
from ui.window.endings import Endings
from ui.window.menus import Menus
from ui.window.status_bar import StatusBar
from ui.window.workspaces import Workspaces
from ui.window_memory import WindowMemory

AWAKE, ENDINGS, APART = "keep awake", "tell endings", "apart"
SWITCHES = {AWAKE: True, ENDINGS: True, APART: False, OFFLINE: False}  # entries of menus, and whether on at first


class Shell:
    """Made once the window has its menus."""

    def __init__(self, window: QMainWindow, parts: Parts, menus: Menus, memory: WindowMemory) -> None:
        self._window, self._parts, self._memory = window, parts, memory
        for switch, at_first in SWITCHES.items():
            menus.make_switch(switch, memory.is_on(switch, at_first))
        self._choose_worker()
        self.workspaces = Workspaces(window, parts)
        self.status = StatusBar(parts, self.workspaces.menu)
        window.setStatusBar(self.status)
        self.at_work = AtWork(window, parts, partial(memory.is_on, AWAKE))
        self.endings = Endings(window, parts, partial(memory.is_on, ENDINGS))

    def switch(self, name: str, on: bool) -> None:
        """An entry of the menu was turned on or off."""
        self._memory.set_on(name, on)
        if name == OFFLINE:
            self._parts.downloads.offline = on
        self._choose_worker()

    def show_machines(self, explained: bool = False) -> None:
        """Who works for this workspace besides this machine."""
        from ui.machines.dialog import show_machines

        show_machines(self._parts, self._window, explained)

    def _choose_worker(self) -> None:
        """Of the runs that are put in line from now on."""
        if self._memory.is_on(APART, False):
            from engine.work.process import Process

            self._parts.queue.worker = Process
        else:
            self._parts.queue.worker = Here

    def close(self) -> None:
        self.status.close_timer()
        self.at_work.close()
        self.endings.close()
