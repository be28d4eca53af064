"""One file per page of the window. `PAGES` lists them as they stand in the rail."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from engine.machine.warm import load_pydantic
from engine.modules import hold_all
from ui.parts import Page, Parts


@dataclass(frozen=True)
class PagePlace:
    """A page's place in the rail and in the menus. kind: its class in the file that is called as the page."""

    title: str
    shortcut: str
    icon: str
    kind: str


PAGES = {
    "new_experiment": PagePlace("New experiment", "Ctrl+1", "new", "NewExperimentPage"),
    "runs": PagePlace("Runs", "Ctrl+2", "runs", "RunsPage"),
    "compare": PagePlace("Compare", "Ctrl+3", "compare", "ComparePage"),
    "data": PagePlace("Data", "Ctrl+4", "data", "DataPage"),
    "trying": PagePlace("Try it", "Ctrl+5", "trying", "TryingPage"),
    "studies": PagePlace("Studies", "Ctrl+6", "studies", "StudiesPage"),
}


def build_page(name: str, parts: Parts) -> Page:
    """Imported only now: the window is there before its pages are. Raises `ValueError` where `PAGES` and the files
    here are not the same."""
    hold_all(__name__, PAGES)
    load_pydantic()  # which the storage thread may need at the same time
    page: Page = getattr(importlib.import_module(f"{__name__}.{name}"), PAGES[name].kind)(parts)
    return page
